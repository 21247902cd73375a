"""Unleash's client specification as rule files: every feature that is no rollout decides as it says.

Each feature becomes an action, each of its strategies a requirement's alternative. The data are
https://github.com/Unleash/client-specification; `MAITRED_UNLEASH_SPECIFICATION` names a copy of its folder
`specifications`. Without it there is nothing to run.
"""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maitred.bootstrap.rules import load_policy
from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.decisions import Question
from maitred.core.rules.faults import RulesetInvalid
from maitred.core.rules.ruleset import Location

FOLDER = os.environ.get("MAITRED_UNLEASH_SPECIFICATION", "")
NOW = datetime(2026, 12, 1, tzinfo=UTC)
PLAIN_STRATEGIES = frozenset(("default", "userWithId", "remoteAddress"))
MIN_CASES = 160
DIFFERENT = {
    "F8.invalidSemverWithLeadingV": "`v1.2.2`, as tags are written, is the version 1.2.2",
}
"""Features that decide otherwise, and why."""

REFUSED = {
    "invalid-regex-defaults-to-false": "is not a regular expression",
    "R90.reject_lookahead": "is not a regular expression",
    "R91.reject_backreference": "is not a regular expression",
}
"""Features that are faults, and what is said."""
SIGNS = {"EQ": "==", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<="}
NUMBERS = {f"NUM_{name}": sign for name, sign in SIGNS.items()}
VERSIONS = {f"SEMVER_{name}": sign for name, sign in SIGNS.items()}
VERSIONS = {
    f"SEMVER_{sign}": text
    for sign, text in (("EQ", "=="), ("GT", ">"), ("GTE", ">="), ("LT", "<"), ("LTE", "<="))
}
TEXTS = {"STR_STARTS_WITH": "startsWith", "STR_ENDS_WITH": "endsWith", "STR_CONTAINS": "contains"}
DATES = {"DATE_AFTER": ">", "DATE_BEFORE": "<"}


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


class Translation:
    """One feature: the condition, and the attributes it reads with the context field of each."""

    def __init__(self):
        self.attributes, self.fields = {}, {}

    def attribute(self, field, type_, *, folds=False):
        slug = re.sub(r"\W", "_", field)
        name = f"ctx.{slug}_{type_}{'_folded' * folds}"
        self.attributes[name] = {"type": type_, **({"letter_case": "ignore"} if folds else {})}
        self.fields[name] = field
        return name

    def feature(self, feature, segments):
        if not feature["enabled"]:
            return "false"
        strategies = [self.strategy(strategy, segments) for strategy in feature.get("strategies", ())]
        return " || ".join(strategies) or "true"

    def strategy(self, strategy, segments):
        constraints = [*strategy.get("constraints", ())]
        for number in strategy.get("segments", ()):
            if number not in segments:
                return "false"
            constraints += segments[number]
        terms = [*map(self.constraint, constraints), self.by_name(strategy)]
        return f"({' && '.join(terms)})"

    def by_name(self, strategy):
        parameters = strategy.get("parameters", {})
        if strategy["name"] == "userWithId":
            ids = [part.strip() for part in parameters.get("userIds", "").split(",")]
            return f"{self.attribute('userId', 'string')} in {quoted(ids)}"
        if strategy["name"] == "remoteAddress":
            return self.networks([part.strip() for part in parameters.get("IPs", "").split(",")])
        return "true"

    def networks(self, texts, field="remoteAddress"):
        name = self.attribute(field, "ip")
        tests = [
            f"{name}.inNetwork({quoted(text)})"
            for text in texts
            if re.fullmatch(r"[0-9a-fA-F:.]+(/\d+)?", text)
        ]
        return f"({' || '.join(tests) or 'false'})"

    def constraint(self, constraint):
        operator, field = constraint["operator"], constraint["contextName"]
        name, positive = self.positive(operator, field, constraint)
        inverted = bool(constraint.get("inverted")) is not (operator == "NOT_IN")
        return f"(!has({name}) || !({positive}))" if inverted else f"({positive})"

    def positive(self, operator, field, constraint):
        value, values = constraint.get("value", ""), constraint.get("values", [])
        if operator in TEXTS:
            name = self.attribute(field, "string", folds=bool(constraint.get("caseInsensitive")))
            return name, " || ".join(
                f"{name}.{TEXTS[operator]}({quoted(text)})" for text in values
            ) or "false"
        if operator in NUMBERS:
            name = self.attribute(field, "double")
            return name, f"{name} {NUMBERS[operator]} {float(value)!r}"
        if operator in VERSIONS:
            name = self.attribute(field, "version")
            return name, f"{name} {VERSIONS[operator]} {quoted(value)}"
        if operator in DATES:
            name = self.attribute(field, "timestamp")
            return name, f"{name} {DATES[operator]} timestamp({quoted(value)})"
        if operator == "IN_CIDR":
            return self.attribute(field, "ip"), self.networks(values, field)
        name = self.attribute(field, "string")
        if operator == "REGEX":
            flags = "(?i)" if constraint.get("caseInsensitive") else ""
            return name, f"{name}.matches({quoted(flags + value)})"
        if operator in {"IN", "NOT_IN"}:
            return name, f"{name} in {quoted(values)}" if values else "false"
        return name, "false"

    def sent(self, context):
        """The context as these attributes are sent: Unleash's numbers are texts."""
        known = {**context, **context.get("properties", {})}
        known.setdefault("currentTime", NOW.isoformat())
        fields = {}
        for name, field in self.fields.items():
            value = known.get(field)
            if self.attributes[name]["type"] == "double" and isinstance(value, str):
                value = float(value) if re.fullmatch(r"-?[\d.]+", value) else value
            if self.attributes[name]["type"] == "string" and value is not None:
                value = str(value)
            fields[name.removeprefix("ctx.")] = value
        return {"ctx": fields}


def rules_of(translation, condition):
    needs = [{"require": condition}]
    documents: list[dict[str, object]] = [
        {"kind": "Ruleset", "name": "unleash", "version": "1"},
        {
            "kind": "Action",
            "name": "it",
            "title": "it",
            "type": "offer",
            "eligibility": needs,
        },
    ]
    if translation.attributes:
        documents.append({"kind": "Context", "name": "ctx", "attributes": translation.attributes})
    texts = (
        json.dumps({"apiVersion": "maitred/v1", **document}, ensure_ascii=False) for document in documents
    )
    return {"rules.yaml": "\n---\n".join(texts).encode()}


def specifications():
    for path in sorted(Path(FOLDER).glob("*.json")) if FOLDER else ():
        content = json.loads(path.read_text())
        if isinstance(content, dict) and "features" in content.get("state", {}):
            yield path.stem, content


def segments_of(state):
    return {segment["id"]: segment["constraints"] for segment in state.get("segments", ())}


def is_plain(feature):
    return not feature.get("dependencies") and all(
        strategy["name"] in PLAIN_STRATEGIES for strategy in feature.get("strategies", ())
    )


def features():
    for name, content in specifications():
        segments = segments_of(content["state"])
        by_name = {feature["name"]: feature for feature in content["state"]["features"]}
        tests = [test for test in content.get("tests", ()) if test["toggleName"] in by_name]
        for toggle, feature in by_name.items():
            of_feature = [test for test in tests if test["toggleName"] == toggle]
            if of_feature and is_plain(feature):
                yield pytest.param(feature, segments, of_feature, id=f"{name}:{toggle}")


def proposed(policy, translation, context):
    facts = policy.facts(
        translation.sent(context), channel="web", customer_id="c", location=Location("", "UTC", {}), now=NOW
    )
    return bool(decide_from(policy, Question("web", facts, NOW, 1)).proposals)


@pytest.mark.skipif(not FOLDER, reason="MAITRED_UNLEASH_SPECIFICATION names no copy of the specification")
@pytest.mark.parametrize(("feature", "segments", "tests"), list(features()))
def test_a_feature_decides_as_specified(feature, segments, tests):
    translation = Translation()
    condition = translation.feature(feature, segments)
    if feature["name"] in REFUSED:
        # What Unleash takes for never true, a rule file may not say at all.
        with pytest.raises(RulesetInvalid, match=REFUSED[feature["name"]]):
            load_policy(rules_of(translation, condition), "")
        assert not any(test["expectedResult"] for test in tests)
        return
    policy = load_policy(rules_of(translation, condition), "")
    results = {test["description"]: proposed(policy, translation, test["context"]) for test in tests}
    wanted = {test["description"]: test["expectedResult"] for test in tests}
    if feature["name"] in DIFFERENT:
        assert results != wanted
    else:
        assert results == wanted


@pytest.mark.skipif(not FOLDER, reason="MAITRED_UNLEASH_SPECIFICATION names no copy of the specification")
def test_most_of_the_specification_was_tried():
    assert sum(len(param.values[2]) for param in features()) >= MIN_CASES

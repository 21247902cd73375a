"""Who reads what: every action with the attributes it reads, as text whose lines change with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import orjson

from maitred.core.privacy.purposes import Basis, PrivacyRules
from maitred.core.rules.reads import SituationReads, Way, attributes_read, way_to
from maitred.core.rules.ruleset import Action, Ruleset

from .console import plain

NAMES_SHOWN = 20
"""Of actions that read the same; more, say the rows of a table, are told by what their names begin with."""
_NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Reading:
    """An attribute that is read, and the shortest way to it."""

    attribute: str
    purpose: str
    category: str
    way: Way


@dataclass(frozen=True, slots=True)
class AlikeActions:
    """Actions that read the same in the same way, by name."""

    readings: tuple[Reading, ...]
    consent: tuple[str, ...]
    actions: tuple[str, ...] = ()


def readers_of(ruleset: Ruleset) -> list[AlikeActions]:
    """Returns all actions, those that read the same together; in order of their first names."""
    situations = SituationReads.of(ruleset.situations)
    groups: dict[tuple[tuple[Reading, ...], tuple[str, ...]], list[str]] = {}
    for action in sorted(ruleset.actions, key=lambda action: action.name):
        readings = tuple(_readings(ruleset, situations, action))
        groups.setdefault((readings, action.consent), []).append(action.name)
    return [AlikeActions(readings, consent, tuple(names)) for (readings, consent), names in groups.items()]


def _readings(ruleset: Ruleset, situations: SituationReads, action: Action) -> Iterator[Reading]:
    for name in sorted(attributes_read(action, situations)):
        declared = ruleset.attributes.get(name)
        purpose, category = (declared.purpose, declared.sensitive) if declared else ("", "")
        yield Reading(name, purpose or "", category or "", way_to(action, situations, name))


def as_text(ruleset: Ruleset) -> str:
    """Markdown: purposes with their bases, then the actions with a line for each attribute."""
    lines = ["# Who reads what", ""]
    if ruleset.privacy:
        lines += [*_purposes(ruleset.privacy), *_read_before(ruleset.privacy), ""]
    for readers in readers_of(ruleset):
        lines += [*_section(readers, ruleset.privacy), ""]
    return "\n".join(map(plain, lines)).rstrip("\n")


def _purposes(rules: PrivacyRules) -> Iterator[str]:
    yield "## Purposes"
    yield ""
    names = sorted(rules.jurisdictions)
    yield _row("purpose", *(f"{name} (default)" if name == rules.default.name else name for name in names))
    yield _row(*["---"] * (len(names) + 1))
    for purpose in sorted(rules.purposes):
        yield _row(purpose, *(_basis(rules, name, purpose) for name in names))
    if rules.sensitive:
        yield ""
    for category, purpose in sorted(rules.sensitive.items()):
        yield f"Sensitive category {category}: explicit consent to {purpose}."


def _read_before(rules: PrivacyRules) -> Iterator[str]:
    for what, name in (("jurisdiction", rules.by), ("age", rules.age)):
        if name:
            yield ""
            yield f"The {what} is read from {name}, for every action."


def _basis(rules: PrivacyRules, jurisdiction: str, purpose: str) -> str:
    rule = rules.jurisdictions[jurisdiction]
    basis = rule.bases.get(purpose, Basis.NEVER).value
    if rule.minors and purpose in rule.minors.barred:
        return f"{basis}, never below {rule.minors.below}"
    return basis


def _bases(rules: PrivacyRules | None, purpose: str) -> str:
    """One word where all jurisdictions agree."""
    if rules is None or not purpose:
        return _NOTHING
    bases = {name: _basis(rules, name, purpose) for name in sorted(rules.jurisdictions)}
    if len(set(bases.values())) == 1:
        return next(iter(bases.values()))
    return "; ".join(f"{name}: {basis}" for name, basis in bases.items())


def _section(readers: AlikeActions, rules: PrivacyRules | None) -> Iterator[str]:
    yield f"## {_title(readers.actions)}"
    yield ""
    for purpose in readers.consent:
        yield f"- needs {purpose}: {_bases(rules, purpose)}"
    for category in sorted({reading.category for reading in readers.readings if reading.category}):
        yield f"- reads sensitive category {category}"
    if readers.consent or any(reading.category for reading in readers.readings):
        yield ""
    if not readers.readings:
        yield "Reads nothing."
        return
    yield _row("attribute", "purpose", "basis", "sensitive", "by")
    yield _row(*["---"] * 5)
    for reading in readers.readings:
        basis, way = _bases(rules, reading.purpose), " -> ".join(reading.way)
        yield _row(reading.attribute, reading.purpose or _NOTHING, basis, reading.category or _NOTHING, way)


def _title(names: Sequence[str]) -> str:
    """Without a number: a new row of a table that reads nothing new changes no line."""
    if len(names) <= NAMES_SHOWN:
        return ", ".join(names)
    first, last = min(names), max(names)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    common = "".join(character for character, _ in same)
    return f"{common}…" if common else f"{names[0]} and more"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def as_json(ruleset: Ruleset) -> str:
    """Returns the same as one object, every action by name."""
    content = {
        "purposes": _purposes_json(ruleset.privacy) if ruleset.privacy else {},
        "default": ruleset.privacy.default.name if ruleset.privacy else None,
        "sensitive": dict(sorted(ruleset.privacy.sensitive.items())) if ruleset.privacy else {},
        "actions": {
            name: _action_json(readers) for readers in readers_of(ruleset) for name in readers.actions
        },
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()


def _purposes_json(rules: PrivacyRules) -> Mapping[str, Any]:
    return {
        purpose: {name: _basis_json(rules, name, purpose) for name in rules.jurisdictions}
        for purpose in rules.purposes
    }


def _basis_json(rules: PrivacyRules, jurisdiction: str, purpose: str) -> Mapping[str, Any]:
    rule = rules.jurisdictions[jurisdiction]
    barred = rule.minors is not None and purpose in rule.minors.barred
    return {
        "basis": rule.bases.get(purpose, Basis.NEVER).value,
        "barred_below": rule.minors.below if barred and rule.minors else None,
    }


def _action_json(readers: AlikeActions) -> Mapping[str, Any]:
    return {
        "consent": list(readers.consent),
        "sensitive": sorted({reading.category for reading in readers.readings if reading.category}),
        "reads": {
            reading.attribute: {
                "purpose": reading.purpose or None,
                "sensitive": reading.category or None,
                "by": list(reading.way),
            }
            for reading in readers.readings
        },
    }

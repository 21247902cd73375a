"""Typical mistakes of rule authors, each answered with its remedy: the table is `mistakes.yaml`."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from maitred import cel, rulefiles, situations
from maitred.core.rules.faults import RulesetInvalid, Severity

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TABLE = yaml.safe_load((Path(__file__).parent / "mistakes.yaml").read_text())

RULESET = """\
apiVersion: maitred/v1
kind: Ruleset
name: grocery
version: "1"
channels: [pos, mobile]
---
apiVersion: maitred/v1
kind: Context
name: shopping
attributes:
  customer.age: int
  customer.member: bool
  customer.sick: bool
  customer.name: string
  customer.tier: {type: string, values: [basic, gold]}
  customer.joined: timestamp
  basket.value: double
  basket.products: list<string>
  basket.lines:
    {type: list<object>, item: line, fields: {sku: string, quantity: int, price: decimal(2), on_sale: bool}}
  customer.born: date
  session.address: ip
  app.version: version
---
apiVersion: maitred/v1
kind: List
name: vips
values: [Ann]
---
apiVersion: maitred/v1
kind: Situation
name: at_risk
all: [customer.age > 99]
"""
ACTION = {"name": "winter-offer", "title": "Winter offer", "type": "offer"}
CAP = {
    "name": "cap",
    "applies_to": "{all: true}",
    "per": "[customer]",
    "limit": "1",
    "window": "{rolling: 7d}",
}

# Of the libraries beneath, and of grammars: none of it is the author's.
NEVER = [
    *("null_type", "overload", "pydantic", "libyaml", "token", "NoneType", "dict", "Traceback", "mismatched"),
    *(
        "extraneous",
        "no viable",
        "expecting",
        "undeclared",
        "input should",
        "valid string",
        "scalar",
        "scanning",
    ),
    *("mapping values", "expected key", "block", "flow", "type.googleapis", "dyn", "wrapper", "recognition"),
]


def text_of(mistake):
    """The file of the table's mistake."""
    if "file" in mistake:
        return mistake["file"]
    if "document" in mistake:
        return action_text("") + f"---\napiVersion: maitred/v1\n{mistake['document']}\n"
    if "cap" in mistake:
        field = mistake["cap"].partition(":")[0]
        lines = [f"{key}: {value}" for key, value in CAP.items() if key != field]
        kind = "---\napiVersion: maitred/v1\nkind: FrequencyCap\n"
        return action_text("") + kind + "\n".join([*lines, mistake["cap"]]) + "\n"
    if "condition" in mistake:
        return action_text(f"eligibility:\n  - require: {mistake['condition']}\n")
    return action_text(mistake["action"], mistake.get("replaces"))


def action_text(more, replaced=None):
    lines = [f"{key}: {value}\n" for key, value in ACTION.items() if key != replaced]
    return "apiVersion: maitred/v1\nkind: Action\n" + "".join(lines) + more.rstrip("\n") + "\n"


def line_of(mistake, text):
    at = mistake.get("at", "require:" if "condition" in mistake else None)
    start = text.rindex(mistake.get("cap", mistake.get("action", mistake.get("document", at))).split("\n")[0])
    start = text.index(at, start) if at in text[start:] else text.index(at)
    return text.count("\n", 0, start) + 1


def faults_of(text):
    sources = {"ruleset.yaml": RULESET, "mistake.yaml": text}
    try:
        loaded = rulefiles.load(
            {name: text.encode() for name, text in sources.items()}, cel.compiler, situations.deriver, now=NOW
        )
    except RulesetInvalid as invalid:
        return invalid.faults
    return loaded.warnings


def text_and_faults(mistake):
    text = text_of(mistake)
    faults = [fault for fault in faults_of(text) if "is not used" not in fault.message]
    return text, faults


@pytest.mark.parametrize("mistake", TABLE, ids=lambda mistake: next(iter(mistake.values())).strip()[:60])
def test_a_mistake_is_answered_with_its_remedy(mistake):
    text, faults = text_and_faults(mistake)
    if mistake.get("sound"):
        assert not faults
        return
    severity = Severity.WARNING if mistake.get("warning") else Severity.ERROR
    line = line_of(mistake, text)
    there = [fault for fault in faults if fault.file == "mistake.yaml" and fault.line == line]
    assert there, faults
    fault = there[0]
    assert fault.severity is severity, fault
    for words in mistake["has"]:
        assert any(word in fault.message for word in words.split("|")), fault.message
    for word in mistake.get("lacks", ()):
        assert word not in fault.message
    if mistake.get("only"):
        assert len(faults) == 1, faults


@pytest.mark.parametrize("mistake", TABLE, ids=lambda mistake: next(iter(mistake.values())).strip()[:60])
def test_no_library_s_words_are_shown(mistake):
    _, faults = text_and_faults(mistake)
    shown = " ".join(fault.message.lower() for fault in faults)
    assert not [word for word in NEVER if word.lower() in shown], shown


# As long as is looked at, and as hard to look through as it can be, of each sort.
@pytest.mark.parametrize(
    "unit",
    ["a", "a.", "1", "1.", "1,", "a ", "a == ", "'a' ", "(", "[", "a(", "€1", "a < ", "$", "{a", "not ", "`"],
)
def test_hostile_expressions_are_looked_through_soon(unit):
    started = time.process_time()
    faults_of(action_text(f"eligibility:\n  - require: {json.dumps(unit * (990 // len(unit)))}\n"))
    assert time.process_time() - started < 1

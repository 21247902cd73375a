"""The cases of the CEL specification, wherever a compiled form takes cel-cpp's place.

A case is a text without variables. To make it a condition on attributes, its literals are
taken out one at a time and handed over as a fact of the same value: ``1 == 1`` becomes
``fact.int == 1`` with ``fact.int`` 1, and then ``1 == fact.int``. What has a value of another
type than bool is compared with a fact of the wanted value: ``fact.string == ('a' + 'b')``.
"""

import functools
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cel_expr_python import cel as google

from maitred.cel import compiler
from maitred.core.conditions.model import All, Any, Literal, negate
from maitred.core.conditions.scan import truth
from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.types import Attribute, AttributeType, Kind

CASES = Path(__file__).resolve().parents[2] / "../shared/data/cel/cel_cases.json"
# Conditions that became literals alone, per file: fewer, and the test has stopped testing.
LEAST = {"comparisons": 326, "logic": 50, "string": 46, "lists": 30, "timestamps": 99}

TEXT = r"""[rR]?"(?:\\.|[^"\\])*"|[rR]?'(?:\\.|[^'\\])*'"""
SCALAR = TEXT + r"|\btrue\b|\bfalse\b|(?<![\w.])-?\d[\w.]*(?:(?<=[eE])[+-]\d+)?"
LITERAL = re.compile(
    rf"""\b(?:timestamp|duration)\((?:{SCALAR})\)|(?<![\w\])"'])\[(?:(?:{SCALAR})(?:,\s*(?:{SCALAR}))*)?\]|{SCALAR}"""
)
KIND_OF = {
    "BOOL": Kind.BOOL,
    "INT": Kind.INT,
    "DOUBLE": Kind.DOUBLE,
    "STRING": Kind.STRING,
    "TIMESTAMP": Kind.TIMESTAMP,
    "DURATION": Kind.DURATION,
}
WANTED = {"int": (Kind.INT, int), "double": (Kind.DOUBLE, float), "string": (Kind.STRING, str)}
NAMES = {
    AttributeType(kind, is_list): f"fact.{kind.value}{'s' if is_list else ''}"
    for kind in KIND_OF.values()
    for is_list in (False, True)
}


@functools.cache
def cel():
    return compiler({name: Attribute(name, type_) for type_, name in NAMES.items()}, {})


@functools.cache
def plain():
    return google.NewEnv(variables={"datetime": google.Type.TIMESTAMP, "timedelta": google.Type.DURATION})


@functools.cache
def typed():
    types = {kind: getattr(google.Type, name) for name, kind in KIND_OF.items()}
    variables = {
        name: google.Type.List(types[type_.kind]) if type_.is_list else types[type_.kind]
        for type_, name in NAMES.items()
    }
    return google.NewEnv(variables=variables)


def checks(text):
    """Whether cel-cpp takes a text for true or false."""
    try:
        return typed().compile(text).return_type() == google.Type.BOOL
    except RuntimeError:
        return False


def cases(file):
    if not CASES.exists():
        pytest.skip("the cases of the CEL specification are not beside this checkout")
    return [case for case in json.loads(CASES.read_text()) if case["id"].startswith(f"{file}/")]


def fact_of(literal):
    """The attribute type and value of a literal; ``None`` where no attribute can have it."""
    try:
        value = plain().compile(literal).eval()
    except RuntimeError:
        return None
    if value.type().name().startswith("LIST"):
        items = [(KIND_OF.get(item.type().name()), item.value()) for item in value.value()]
        kinds = {kind for kind, _ in items} or {Kind.STRING}
        if len(kinds) > 1 or None in kinds:
            return None
        return AttributeType(kinds.pop(), is_list=True), tuple(item for _, item in items)
    kind = KIND_OF.get(value.type().name())
    return (AttributeType(kind), value.value()) if kind and is_exact(literal, value.value()) else None


def is_exact(literal, value):
    """Whether a fact can be it: no nanoseconds, and no NUL, which cannot be handed to cel-cpp."""
    if isinstance(value, datetime | timedelta):
        name = type(value).__name__
        return plain().compile(f"{literal} == {name}").eval(data={name: value}).value() is True
    return not isinstance(value, str) or "\0" not in value


def variants(case):
    """Texts with the facts that make them mean the same, and the truth they must have."""
    text = case["expr"]
    if "want" in case:
        shape, want = next(iter(case["want"].items()))
        if shape in WANTED:
            kind, read = WANTED[shape]
            yield f"{NAMES[AttributeType(kind)]} == ({text})", {NAMES[AttributeType(kind)]: read(want)}, True
        if shape != "bool":
            return
        yield f"fact.bool == ({text})", {"fact.bool": want}, True
    else:
        want = None
    for name, var in case.get("vars", {}).items():
        shape, value = next(iter(var.items()))
        if shape in {"int", "double", "string", "bool"} and case["types"][name] == shape:
            value = int(value) if shape == "int" else value
            yield re.sub(rf"\b{name}\b", f"fact.{shape}", text), {f"fact.{shape}": value}, want
    for match in LITERAL.finditer(text):
        fact = fact_of(match[0])
        if fact:
            name = NAMES[fact[0]]
            yield text[: match.start()] + name + text[match.end() :], {name: fact[1]}, want


def forms(condition):
    if isinstance(condition, All | Any):
        return Counter(form for term in condition.terms for form in forms(term).elements())
    return Counter([type(condition.test).__name__ if isinstance(condition, Literal) else "Residual"])


def answer(condition, facts):
    result = truth(condition, facts, {})
    return result if isinstance(result, bool) else None


def is_never_allowed(text):
    """Whether a text makes messages, holds NUL or has a pattern that is no constant, which no rule may."""
    return "\0" in text or re.search(r"google\.protobuf\.\w+\{|matches\((?![rR]?['\"])", text)


@pytest.mark.parametrize("file", LEAST)
def test_compiled_forms_agree(file):
    met: Counter[str] = Counter()
    for case in cases(file):
        if case.get("container") or is_never_allowed(case["expr"]):
            continue
        for text, facts, want in variants(case):
            try:
                condition = cel().condition(text).bind({})
            except ExpressionError:
                # What always fails is refused when it is loaded, and what does not type-check.
                allowed = checks(text) and not is_never_allowed(text)
                assert "want_error" in case or not allowed, (case["id"], text)
                met["refused"] += 1
                continue
            assert answer(condition, facts) is want, (case["id"], text)
            assert answer(negate(condition), facts) is (None if want is None else not want), (
                case["id"],
                text,
            )
            used = forms(condition)
            met["residual" if used["Residual"] else "compiled"] += 1
            met.update(used)
    assert met["compiled"] >= LEAST[file], met

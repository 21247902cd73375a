"""Everything the room says to rule authors, and why an expression has no value."""

# ruff: noqa: D103 -- a message says itself what it is about

from collections.abc import Sequence
from difflib import get_close_matches

MAX_LISTED = 8
"""Values named in a message; a tier has a handful, a product list thousands."""

_OPERATORS = {
    "_&&_": "&&",
    "_||_": "||",
    "!_": "!",
    "_==_": "==",
    "_!=_": "!=",
    "_<_": "<",
    "_<=_": "<=",
    "_>_": ">",
    "_>=_": ">=",
    "@in": "in",
    "_+_": "+",
    "_-_": "-",
    "_*_": "*",
    "_/_": "/",
    "_%_": "%",
    "-_": "-",
    "_[_]": "[]",
}
_LOGIC = {"_&&_", "_||_", "!_"}
_NUMBERS = {"int", "uint", "double"}

_FAILURES = (
    ("divide by zero", "divides by zero"),
    ("modulus by zero", "divides by zero"),
    ("Iteration budget", "takes too many steps"),
    ("overflow", "gives a number or time out of range"),
    ("out of int64 range", "gives a number out of range"),
    ("out of range", "gives a number or time out of range"),
    ("allowed timestamp", "reads a time out of range"),
    ("allowed duration", "reads a duration out of range"),
    ("Timestamp conversion", "reads text that is not a time"),
    ("Duration conversion", "reads text that is not a duration"),
    ("Index error", "reads past the end of a list"),
    ("Key not found", "reads a key that is not there"),
    ("duplicate key", "makes a map with the same key twice"),
    ("regular expression", "uses text that is not a regular expression"),
    ("timezone", "uses text that is not a time zone"),
    ("convert", "reads text that cannot be converted"),
    ("conversion error", "reads text that cannot be converted"),
    ("No matching overload", "mixes types that do not go together"),
    ("No value with name", "reads a value that is not there"),
)
_FAILED = "cannot be evaluated"


def failure(report: str) -> str:
    """What cel-cpp reports of an evaluation, in plain words and without any value."""
    return next((words for part, words in _FAILURES if part in report), _FAILED)


NOT_TRUE_OR_FALSE = "is neither true nor false"
NOT_FINITE = "is not a finite number"
NOT_A_NUMBER = "is not a number"
HOLDS_NUL = "holds the character NUL"

EMPTY = "the expression is empty"
NUL_IN_TEXT = "the character NUL is not allowed in an expression"
SURROGATE_IN_TEXT = "the expression is not valid unicode"
TOO_DEEP = "the expression is nested too deeply: use fewer parentheses, or split it"
ENDS_EARLY = "the expression ends too early"
NO_MESSAGES = "an expression cannot build protobuf messages"


def too_long(length: int, most: int) -> str:
    return f"the expression has {length} characters, at most {most} are allowed: put long lists into a `List`"


def macros_too_deep(most: int) -> str:
    return f"macros like `exists` may stand at most {most} levels inside one another"


def shadows(name: str) -> str:
    return f"`{name}` is part of an attribute's name: call the variable of the macro something else"


def undeclared(name: str, known: Sequence[str]) -> str:
    same = [full for full in known if full.partition(".")[2] == name]
    close = same or get_close_matches(name, known, n=1)
    return f"`{name}` is not declared" + (f": did you mean `{close[0]}`?" if close else "")


def wrong_count(function: str) -> str:
    return f"`{function}` is not called with that many arguments"


def presence_of_what(name: str) -> str:
    shown = f", `{name}` is none" if name else ""
    return f"`has()` takes the name of a declared attribute{shown}"


def wrong_operands(function: str, operands: Sequence[str]) -> str:
    """No overload of the function or operator takes operands of these types."""
    types = " and ".join(operands)
    if function == "_?_:_":
        return _ternary(operands)
    if function not in _OPERATORS:
        return f"`{function}` does not take ({', '.join(operands)})"
    sign = _OPERATORS[function]
    if function in _LOGIC:
        return f"`{sign}` needs true or false on every side, not {types}"
    if len(operands) == 1:
        return f"`{sign}` cannot be put before {types}"
    return f"`{sign}` does not go between {types}{_advice(operands)}"


def _ternary(operands: Sequence[str]) -> str:
    condition, *branches = operands
    if condition != "bool":
        return f"`? :` needs true or false before the `?`, not {condition}"
    return f"`? :` needs one type on both sides of the `:`, not {' and '.join(branches)}"


def _advice(operands: Sequence[str]) -> str:
    if set(operands) == {"int", "double"}:
        return ": write whole numbers as `2.0`, or convert with `double(...)`"
    if len(set(operands)) > 1 and "timestamp" in operands and "string" in operands:
        return ': write `timestamp("2026-12-01T00:00:00Z")`'
    if len(set(operands)) > 1 and "duration" in operands and "string" in operands:
        return ': write `duration("36h")`'
    if _NUMBERS.intersection(operands) and "string" in operands:
        return ": numbers stand without quotes"
    return ""


def cannot_select(type_: str) -> str:
    return f"a value of type {type_} has no fields"


def not_a_list(type_: str) -> str:
    return f"macros like `exists` need a list, not {type_}"


_OTHER_LANGUAGES = {
    "=": "did you mean `==`?",
    "and": "did you mean `&&`?",
    "or": "did you mean `||`?",
    "not": "did you mean `!`?",
    "&": "did you mean `&&`?",
    "|": "did you mean `||`?",
    "contains": "write `value in list` or `text.contains(part)`",
    **dict.fromkeys("\u2018\u2019\u201a\u201c\u201d\u201e", "text stands in straight quotes"),
}
"""What people write who know SQL, Python or a word processor."""


def unexpected(token: str) -> str:
    token = token.strip() or token
    hint = _OTHER_LANGUAGES.get(token.lower())
    return f"`{token}` is not expected here" + (f": {hint}" if hint else "")


def unclosed_text() -> str:
    return "text is not closed, or has an escape that does not exist"


def missing_token(token: str) -> str:
    return f"`{token}` is missing here"


def not_a_condition(type_: str) -> str:
    return f"a condition must be true or false, this is of type {type_}"


def not_a_score(type_: str) -> str:
    return f"a score must be a double or an int, this is of type {type_}"


def not_a_value(value: object, attribute: str, allowed: Sequence[object]) -> str:
    return f"`{value}` is not a value of {attribute}: values are {_listed(allowed)}"


def _listed(allowed: Sequence[object]) -> str:
    listed = ", ".join(f"`{item}`" for item in allowed[:MAX_LISTED])
    more = f" and {len(allowed) - MAX_LISTED} more" if len(allowed) > MAX_LISTED else ""
    return f"{listed}{more}"


def no_order(attribute: str, allowed: Sequence[object]) -> str:
    """The values of text are compared by their letters."""
    return (
        f"the values of {attribute} have no order but that of their letters: "
        f"name those you mean, `{attribute} in [...]`, of {_listed(allowed)}"
    )


def not_a_time(function: str, text: str) -> str:
    """``function`` is ``timestamp`` or ``duration``."""
    like = "`2026-12-01T00:00:00Z`" if function == "timestamp" else "`36h`, `90m` or `1.5s`"
    return f"`{text}` is not a {function}: write it like {like}"


def not_a_regex(pattern: str, why: str) -> str:
    return f"`{pattern}` is not a regular expression: {why}"


def always_fails(words: str) -> str:
    return f"the expression never has a value: it {words}"


def score_not_finite() -> str:
    return "a score must be a finite number"


def row_value_missing(name: str) -> str:
    return f"`{name}` has no value in this row"


def row_value_of_wrong_type(name: str, type_: object) -> str:
    return f"the value of `{name}` is not of type {type_}"


def constant_of_mixed_types(name: str) -> str:
    return f"`{name}` holds values of different types, or values no attribute can have"

"""What a plain scalar means: the core schema of YAML 1.2.

https://yaml.org/spec/1.2.2/#103-core-schema. ``no`` is a string, ``010`` is 10, ``1e3``
a float. Values that no rule can use (NaN, infinities, integers beyond 64 bits) are faults.
"""

import math
import re

from maitred.rulefiles.messages import file_messages
from maitred.rulefiles.reading import bounds

PlainScalar = str | int | float | bool | None

MAY_RESOLVE = frozenset("-+.0123456789~nNtTfF")
"""First characters of everything that is not a string."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
# Longer digits than int64 has, whatever their value; int() itself refuses 4,300.
_INT_CHARACTERS = 64


def resolve(text: str) -> PlainScalar:
    """The value of a plain scalar. Raises ``ValueError`` with the message for the author."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return _integer(text, 10)
    if _PREFIXED.fullmatch(text):
        return _integer(text, 0)
    if _FLOAT.fullmatch(text):
        return _finite(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(file_messages.not_finite(text))
    return text


def _integer(text: str, base: int) -> int:
    if len(text) <= _INT_CHARACTERS:
        value = int(text, base)
        if bounds.INT64_MIN <= value <= bounds.INT64_MAX:
            return value
    raise ValueError(file_messages.integer_too_large(text))


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(file_messages.not_finite(text))
    return value

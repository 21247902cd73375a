"""Values in plain words: for who reads why, and for customers."""

from datetime import date, datetime, timedelta
from heapq import nsmallest

from .types import Fact, Invalid, Item, Scalar

MAX_LISTED = 5
"""Values told of a list or a set; a coupon may name 14,000 products."""
MAX_TEXT_CHARACTERS = 80
DOUBLE_DIGITS = 15
"""What a double holds of a decimal number: amounts come out as they were sent."""


def value_words(value: Fact) -> str:
    """Returns a value as a person would write it."""
    match value:
        case Invalid():
            return value.why
        case bool():
            return "true" if value else "false"
        case float():
            return _number_words(value)
        case str():
            return f'"{value}"' if len(value) <= MAX_TEXT_CHARACTERS else f'"{value[:MAX_TEXT_CHARACTERS]}…"'
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case timedelta():
            return f"{_number_words(value.total_seconds())}s"
        case tuple():
            return _tuple_words(value)
        case _:
            return str(value)


def _number_words(number: float) -> str:
    return f"{number:.{DOUBLE_DIGITS}g}"


def shown_words(value: Fact) -> str:
    """Returns a value as a customer reads it: whole, however long."""
    if isinstance(value, tuple):
        return ", ".join(shown_words(item) for item in value if isinstance(item, Scalar))
    return value if isinstance(value, str) else value_words(value)


def set_words(values: tuple[Scalar, ...] | frozenset[Scalar]) -> str:
    """``["a", "b"]``; sorted where the order means nothing, cut short where long."""
    listed = nsmallest(MAX_LISTED, values) if isinstance(values, frozenset) else values[:MAX_LISTED]
    more = [f"… {len(values) - MAX_LISTED} more"] if len(values) > MAX_LISTED else []
    return f"[{', '.join([*map(value_words, listed), *more])}]"


def _tuple_words(values: tuple[Scalar, ...] | tuple[Item, ...]) -> str:
    """Of objects how many there are; what is in them is told where a rule reads it."""
    scalars = tuple(value for value in values if isinstance(value, Scalar))
    if len(scalars) == len(values):
        return set_words(scalars)
    return "1 item" if len(values) == 1 else f"{len(values)} items"

"""From the context as sent to the facts that conditions read.

Only declared attributes become facts; the rest of the context is not looked at. ``null`` is
absent. A value of another type than declared, or outside the declared values, is ``Invalid``.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from maitred.core.values.spelling import composed, has_blank_ends

from .types import Attribute, Fact, Facts, Invalid, Kind, Scalar

MAX_INT = 2**63 - 1
MIN_INT = -(2**63)

MAX_DURATION = timedelta(seconds=315_576_000_000)
"""CEL's own limit, 10,000 years: what is left to CEL could not read a longer one."""

_DURATION = re.compile(r"(?P<sign>-?)(?P<parts>(\d+(\.\d+)?(h|ms|us|ns|m|s))+)")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)")
_UNIT_MICROSECONDS = {"h": 3.6e9, "m": 6e7, "s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}

Coerce = Callable[[Any], Scalar | None]
"""Gives ``None`` for a value that is not of the type."""


def _bool(value: Any) -> bool | None:
    return value if value.__class__ is bool else None


def _int(value: Any) -> int | None:
    if value.__class__ is float and value.is_integer():
        value = int(value)
    return value if value.__class__ is int and MIN_INT <= value <= MAX_INT else None


def _double(value: Any) -> float | None:
    if value.__class__ is float:
        return value
    return float(value) if value.__class__ is int and MIN_INT <= value <= MAX_INT else None


def _string(value: Any) -> str | None:
    return composed(value) if value.__class__ is str else None


def _timestamp(value: Any) -> datetime | None:
    if value.__class__ is not str:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _duration(value: Any) -> timedelta | None:
    found = _DURATION.fullmatch(value) if value.__class__ is str else None
    if not found:
        return None
    parts = _DURATION_PART.findall(found["parts"])
    microseconds = sum(float(count) * _UNIT_MICROSECONDS[unit] for count, unit in parts)
    try:
        duration = timedelta(microseconds=microseconds)
    except OverflowError:
        return None
    if duration > MAX_DURATION:
        return None
    return -duration if found["sign"] else duration


_COERCE: Mapping[Kind, Coerce] = {
    Kind.BOOL: _bool,
    Kind.INT: _int,
    Kind.DOUBLE: _double,
    Kind.STRING: _string,
    Kind.TIMESTAMP: _timestamp,
    Kind.DURATION: _duration,
}


Read = Callable[[Any], Fact]
"""From a JSON value other than ``null`` to a fact."""


def reader_of(attribute: Attribute) -> Read:
    """What reads an attribute's values."""
    coerce = _COERCE[attribute.type.kind]
    article = "an" if attribute.type.kind is Kind.INT and not attribute.type.is_list else "a"
    misfit = Invalid(f"is not {article} {attribute.type}")
    if attribute.type.is_list:
        return _list_reader(coerce, misfit, frozenset(attribute.allowed))
    return _scalar_reader(coerce, misfit, frozenset(attribute.allowed))


def _scalar_reader(coerce: Coerce, misfit: Invalid, allowed: frozenset[Scalar]) -> Read:
    def read(value: Any) -> Fact:
        fact = coerce(value)
        if fact is None:
            return misfit
        return fact if not allowed or fact in allowed else _NOT_DECLARED

    return read


def _list_reader(coerce: Coerce, misfit: Invalid, allowed: frozenset[Scalar]) -> Read:
    def read(value: Any) -> Fact:
        if value.__class__ is not list and value.__class__ is not tuple:
            return misfit
        if coerce is not _string or set(map(type, value)) != _ONLY_STRINGS or not "".join(value).isascii():
            value = tuple(map(coerce, value))
            if None in value:
                return misfit
        return tuple(value) if not allowed or allowed.issuperset(value) else _HOLDS_UNDECLARED

    return read


def _id_reader(read: Read) -> Read:
    def read_id(value: Any) -> Fact:
        fact = read(value)
        texts = fact if fact.__class__ is tuple else (fact,)
        blank = any(text.__class__ is str and has_blank_ends(text) for text in texts)
        return _BLANK_ENDS if blank else fact

    return read_id


_ONLY_STRINGS = {str}
_BLANK_ENDS = Invalid("begins or ends with white space")
"""A scanner or a form has added it: an id with a blank would be somebody else."""
_NOT_DECLARED = Invalid("is not one of its declared values")
_HOLDS_UNDECLARED = Invalid("holds a value that is not declared")
_PLAIN: Mapping[Kind, type[bool | float | str]] = {Kind.BOOL: bool, Kind.DOUBLE: float, Kind.STRING: str}
"""Classes whose every value is a fact of the kind as it stands, where no values are declared."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """``plain`` is the class of values that are facts as they stand; a class of no value if none.

    Texts beyond ASCII are read all the same: they are composed.
    """

    key: str
    name: str
    plain: type[bool | float | str | Invalid]
    read: Read

    @classmethod
    def of(cls, key: str, attribute: Attribute, *, is_id: bool) -> "_Slot":
        unchecked = not (attribute.type.is_list or attribute.allowed or is_id)
        plain = _PLAIN.get(attribute.type.kind, Invalid) if unchecked else Invalid
        read = reader_of(attribute)
        return cls(key, attribute.name, plain, _id_reader(read) if is_id else read)


@dataclass(frozen=True, slots=True)
class FactReader:
    """Reads the attributes it was made for; built by ``of``."""

    roots: tuple[tuple[tuple[str, ...], tuple[_Slot, ...]], ...]

    @classmethod
    def of(cls, attributes: Iterable[Attribute], ids: Collection[str] = ()) -> "FactReader":
        """``customer.age`` is read from ``context["customer"]["age"]``, and so on for any depth.

        ``ids`` are the names of those that name people and things: white space around them is an error.
        """
        grouped: dict[tuple[str, ...], list[_Slot]] = {}
        for attribute in attributes:
            *path, key = attribute.name.split(".")
            grouped.setdefault(tuple(path), []).append(_Slot.of(key, attribute, is_id=attribute.name in ids))
        return cls(tuple((path, tuple(slots)) for path, slots in grouped.items()))

    def names(self) -> frozenset[str]:
        """The attributes it reads."""
        return frozenset(slot.name for _, slots in self.roots for slot in slots)

    def read(self, context: Mapping[str, Any]) -> Facts:
        """The facts of one context."""
        facts: Facts = {}
        for path, slots in self.roots:
            holder: Any = context
            for name in path:
                holder = holder.get(name) if holder.__class__ is dict else None
            if holder.__class__ is not dict:
                _mark(facts, slots, holder)
                continue
            get = holder.get
            for slot in slots:
                value = get(slot.key)
                if value.__class__ is slot.plain and (value.__class__ is not str or value.isascii()):
                    facts[slot.name] = value
                elif value is not None:
                    facts[slot.name] = slot.read(value)
        return facts


def _mark(facts: Facts, slots: tuple[_Slot, ...], holder: Any) -> None:
    """Something stands where an object should: everything in it is invalid, not absent."""
    if holder is not None:
        facts.update({slot.name: Invalid("is not inside an object") for slot in slots})

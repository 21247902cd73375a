"""One row for each kind of value: how it is read, kept, written and compared.

Whatever depends on the kind of an attribute is a column here. A kind without a row, or a row without
a column, fails the tests of this table.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from .instants import MICROSECOND
from .scalars import (
    MAX_DECIMAL_DIGITS,
    Address,
    Version,
    address_of,
    decimal_of_number,
    decimal_of_text,
    usual_decimal,
    version_of,
)
from .texts import composed
from .types import Attribute, AttributeType, Item, Kind, Scalar

MAX_INT = 2**63 - 1
MIN_INT = -(2**63)

MAX_DURATION = timedelta(seconds=315_576_000_000)
"""CEL's own limit, 10,000 years: what is left to CEL could not read a longer one."""

_UNIT = r"(?:w|d|h|ms|us|ns|m|s)"
_DURATION = re.compile(rf"(?P<sign>-?)(?P<parts>(\d+(\.\d+)?{_UNIT})+)", re.ASCII)
_DURATION_PART = re.compile(rf"(\d+(?:\.\d+)?)({_UNIT})", re.ASCII)
_UNIT_MICROSECONDS = {
    "w": 6.048e11,
    "d": 8.64e10,
    "h": 3.6e9,
    "m": 6e7,
    "s": 1e6,
    "ms": 1e3,
    "us": 1.0,
    "ns": 1e-3,
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INT_CELL = re.compile(r"[-+]?[0-9]{1,19}")
_DOUBLE_CELL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BOOL_CELLS = {"true": True, "false": False}

Coerce = Callable[[Any], Scalar | None]
"""From JSON to a value; ``None`` for what is not of the type."""


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


def duration_of(text: str) -> timedelta | None:
    """Reads ``1h30m``, ``30d`` or ``-0.5s``; ``None`` for what is no duration."""
    match = _DURATION.fullmatch(text)
    if not match:
        return None
    parts = _DURATION_PART.findall(match["parts"])
    microseconds = sum(float(count) * _UNIT_MICROSECONDS[unit] for count, unit in parts)
    try:
        duration = timedelta(microseconds=microseconds)
    except OverflowError:
        return None
    if duration > MAX_DURATION:
        return None
    return -duration if match["sign"] else duration


def _duration(value: Any) -> timedelta | None:
    return duration_of(value) if value.__class__ is str else None


def _date(value: Any) -> date | None:
    if value.__class__ is not str or not _DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _version(value: Any) -> Version | None:
    return version_of(value) if value.__class__ is str else None


def _address(value: Any) -> Address | None:
    return address_of(value) if value.__class__ is str else None


def _decimal(digits: int) -> Coerce:
    is_usual = usual_decimal(digits)

    def read(value: Any) -> Decimal | None:
        if value.__class__ is str:
            return Decimal(value) if is_usual(value) else decimal_of_text(value, digits)
        if value.__class__ is int or value.__class__ is float:
            return decimal_of_number(value, digits)
        return None

    return read


def _text_cell(cell: str) -> str:
    return cell


def _int_cell(cell: str) -> int | None:
    return int(cell) if _INT_CELL.fullmatch(cell) else None


def _double_cell(cell: str) -> float | None:
    number = float(cell) if _DOUBLE_CELL.fullmatch(cell) else None
    return number if number is not None and number - number == 0 else None


@dataclass(frozen=True, slots=True)
class KindRow:
    """Everything there is to say about one kind.

    ``python`` is the class of its values, and ``is_plain`` whether every value of that class is one
    as it stands. ``reads`` makes from a type what reads JSON. ``json`` are the classes its values
    have in the JSON of a record, ``write`` and ``load`` lead there and back. ``cell`` reads the text
    of a CSV cell as JSON. ``cel`` is the name CEL's checker knows it by; dotted ones are messages
    without fields, and ``runs_as`` is the type of CEL that their values have when an expression runs,
    empty for the same. ``example`` is a value as it is sent, and ``schema`` says what JSON may be sent.

    ``is_ordered``: ``<`` goes between two of them. ``is_countable``: units may be counted by it.
    """

    python: type
    reads: Callable[[AttributeType], Coerce]
    json: frozenset[type]
    cel: str
    cell: Callable[[str], Any]
    example: Any
    schema: str
    runs_as: str = ""
    write: Callable[[Any], Any] | None = None
    load: Callable[[Any], Any] | None = None
    is_plain: bool = False
    is_ordered: bool = True
    is_countable: bool = False


def _always(read: Coerce) -> Callable[[AttributeType], Coerce]:
    return lambda _: read


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _no_cell(cell: str) -> None:
    del cell


def _never(value: Any) -> None:
    del value


_TEXT = frozenset({str})

KINDS: Mapping[Kind, KindRow] = {
    Kind.BOOL: KindRow(
        bool,
        _always(_bool),
        frozenset({bool}),
        "bool",
        _BOOL_CELLS.get,
        True,
        "true or false",
        is_plain=True,
        is_countable=True,
    ),
    Kind.INT: KindRow(
        int, _always(_int), frozenset({int}), "int", _int_cell, 3, "a whole number", is_countable=True
    ),
    Kind.DOUBLE: KindRow(
        float,
        _always(_double),
        frozenset({int, float}),
        "double",
        _double_cell,
        2.5,
        "a number",
        load=float,
        is_plain=True,
    ),
    Kind.STRING: KindRow(
        str, _always(_string), _TEXT, "string", _text_cell, "gold", "text", is_plain=True, is_countable=True
    ),
    Kind.TIMESTAMP: KindRow(
        datetime,
        _always(_timestamp),
        _TEXT,
        "timestamp",
        _text_cell,
        "2026-12-01T11:00:00Z",
        "text, a date and time with a zone",
        load=_moment,
    ),
    Kind.DURATION: KindRow(
        timedelta,
        _always(_duration),
        frozenset({int}),
        "duration",
        _text_cell,
        "1h30m",
        "text, such as `30d` or `1h30m`",
        write=lambda duration: duration // MICROSECOND,
        load=MICROSECOND.__mul__,
    ),
    Kind.DECIMAL: KindRow(
        Decimal,
        lambda type_: _decimal(type_.digits),
        _TEXT,
        "maitred.decimal",
        _text_cell,
        "53.70",
        "text or a number, with no more digits than declared",
        runs_as="int",
        write=str,
        load=Decimal,
    ),
    Kind.VERSION: KindRow(
        Version,
        _always(_version),
        _TEXT,
        "maitred.version",
        _text_cell,
        "5.10",
        "text, such as `5.10.2` or `6.0-beta.1`",
        runs_as="string",
        write=str,
        load=version_of,
    ),
    Kind.DATE: KindRow(
        date,
        _always(_date),
        _TEXT,
        "maitred.date",
        _text_cell,
        "2026-12-01",
        "text, such as `2026-12-01`",
        runs_as="timestamp",
        write=date.isoformat,
        load=date.fromisoformat,
    ),
    Kind.IP: KindRow(
        Address,
        _always(_address),
        _TEXT,
        "maitred.ip",
        _text_cell,
        "10.1.2.3",
        "text, an IPv4 or IPv6 address",
        runs_as="string",
        write=str,
        load=address_of,
        is_ordered=False,
    ),
    Kind.OBJECT: KindRow(
        dict,
        _always(_never),
        frozenset({dict}),
        "maitred.object",
        _no_cell,
        {"sku": "S1"},
        "an object with the declared fields",
        runs_as="map",
        is_ordered=False,
    ),
}

KIND_OF: Mapping[type, Kind] = {row.python: kind for kind, row in KINDS.items()}
"""The kind of a value, by its class."""
_WRITERS = {row.python: row.write for row in KINDS.values() if row.write}
OWN_KINDS: Mapping[str, Kind] = {
    row.cel: kind for kind, row in KINDS.items() if row.runs_as and kind is not Kind.OBJECT
}
"""The kinds that CEL does not have and conditions write as texts, by the name its checker knows."""

_TYPE = re.compile(r"(?P<list>list<)?(?:(?P<kind>[a-z]+)|decimal\((?P<digits>[0-9])\))(?(list)>)", re.ASCII)


def type_of(name: str) -> AttributeType:
    """Reads ``list<string>``, ``decimal(2)`` and the like. Raises ``ValueError``."""
    match = _TYPE.fullmatch(name)
    if match is None or match["kind"] == Kind.DECIMAL.value:
        raise ValueError(name)
    kind = Kind(match["kind"]) if match["kind"] else Kind.DECIMAL
    digits = int(match["digits"] or 0)
    if digits > MAX_DECIMAL_DIGITS:
        raise ValueError(name)
    return AttributeType(kind, is_list=match["list"] is not None, digits=digits)


TYPE_NAMES: tuple[str, ...] = tuple(
    f"{kind.value}(N)" if kind is Kind.DECIMAL else kind.value for kind in Kind if kind is not Kind.OBJECT
)
"""What rule files may write, lists of them aside."""


def coerce_of(attribute: Attribute) -> Coerce:
    """Returns what reads one value of an attribute, or one element of its list."""
    return KINDS[attribute.type.kind].reads(attribute.type)


# A record's JSON


def to_json(value: object) -> Any:
    """Returns the JSON of a value that JSON has no form of its own for. Raises ``TypeError``."""
    write = _WRITERS.get(value.__class__)
    if write is None:
        raise TypeError(type(value))
    return write(value)


Load = Callable[[Any], Any]
"""From a record's JSON to a value; ``None`` or ``ValueError`` for what is not of the type."""


def loader_of(type_: AttributeType) -> Load | None:
    """Returns what types one value, or one element, of a record's JSON.

    ``None`` where it is one as it stands.
    """
    if type_.kind is not Kind.OBJECT:
        return KINDS[type_.kind].load
    loads = {field.name: load for field in type_.fields if (load := _field_loader(field.type))}
    if not loads:
        return None
    return partial(_load_item, loads)


def _load_item(loads: Mapping[str, Load], item: Mapping[str, Any]) -> Item:
    return {name: loads[name](value) if name in loads else value for name, value in item.items()}


def _field_loader(type_: AttributeType) -> Load | None:
    load = loader_of(type_)
    if not type_.is_list:
        return load
    return (lambda values: tuple(map(load, values))) if load else tuple


def fits(value: Any, type_: AttributeType) -> bool:
    """Returns whether a record's JSON holds a value of the type."""
    if type_.is_list:
        return value.__class__ is list and all(_fits_one(item, type_) for item in value)
    return _fits_one(value, type_)


def _fits_one(value: Any, type_: AttributeType) -> bool:
    row = KINDS[type_.kind]
    if value.__class__ not in row.json:
        return False
    if isinstance(value, dict):
        types = {field.name: field.type for field in type_.fields}
        return all(name in types and fits(item, types[name]) for name, item in value.items())
    if type_.kind in (Kind.DURATION, Kind.DOUBLE):
        return True
    return row.reads(type_)(value) is not None

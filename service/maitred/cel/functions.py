"""Functions that CEL does not have, on the plain types that expressions run on."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from maitred.core.values.scalars import network_of

from .binding import cel

_Type = cel.Type


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("timezone") from None


def is_zone(name: str) -> bool:
    """Returns whether a text names a time zone."""
    try:
        _zone(name)
    except ValueError:
        return False
    return True


def years_between(born: date, day: date) -> int:
    """Whole years; who is born on 29 February is a year older on 1 March where the year has none."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _age(born: datetime, at: datetime, zone: str) -> int:
    return years_between(born.date(), at.astimezone(_zone(zone)).date())


def _date(at: datetime, zone: str) -> datetime:
    civil = at.astimezone(_zone(zone))
    return datetime(civil.year, civil.month, civil.day, tzinfo=ZoneInfo("UTC"))


def _in_network(address: str, network: str) -> bool:
    first, last = network_of(network)
    return first.key <= address <= last.key


def _declared(name: str, result: Any, operands: list[Any], impl: Any, *, method: bool) -> Any:
    overload = cel.Overload(f"maitred_{name}", result, operands, is_member=method, impl=impl)
    return cel.FunctionDecl(name, [overload])


FUNCTIONS = (
    _declared("age", _Type.INT, [_Type.TIMESTAMP, _Type.TIMESTAMP, _Type.STRING], _age, method=False),
    _declared("date", _Type.TIMESTAMP, [_Type.TIMESTAMP, _Type.STRING], _date, method=False),
    _declared("inNetwork", _Type.BOOL, [_Type.STRING, _Type.STRING], _in_network, method=True),
)
"""For the environment that expressions run in."""

"""Values as cel-expr-python takes them.

It cannot hold the first and the last instant of ``datetime`` as such, which it takes for infinite, nor
any time inside a map; both go over as protobuf messages.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from maitred.core.values.scalars import Keyed, scaled
from maitred.core.values.types import AttributeType, Kind

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

Plain = Callable[[Any], Any]


def plain(value: Any, scale: int) -> Any:
    """Any value; ``scale`` are the digits after the point that amounts have in the expression."""
    match value:
        case tuple():
            return [plain(item, scale) for item in value]
        case datetime():
            return _moment(value)
        case date():
            return _midnight(value)
        case Decimal():
            return scaled(value, scale)
        case Keyed():
            return value.key
        case dict():
            return {name: _inside(item, scale) for name, item in value.items()}
    return value


def plainer_of(type_: AttributeType, scale: int) -> Plain | None:
    """Returns what makes values of a type plain; ``None`` where they are."""
    match type_.kind:
        case Kind.TIMESTAMP if not type_.is_list:
            return _moment
        case Kind.BOOL | Kind.INT | Kind.DOUBLE | Kind.STRING | Kind.DURATION:
            return list if type_.is_list else None
    return lambda value: plain(value, scale)


def _moment(moment: datetime) -> datetime | Timestamp:
    return _message(moment) if moment in (_FIRST, _LAST) else moment


def _midnight(day: date) -> datetime | Timestamp:
    return _moment(datetime.combine(day, time(), UTC))


def _message(moment: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def _inside(value: Any, scale: int) -> Any:
    """Returns a value inside a map."""
    if isinstance(value, tuple):
        return [_inside(item, scale) for item in value]
    if isinstance(value, timedelta):
        message = Duration()
        message.FromTimedelta(value)
        return message
    if isinstance(value, date):
        return _message(value if isinstance(value, datetime) else datetime.combine(value, time(), UTC))
    return plain(value, scale)

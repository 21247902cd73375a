"""The context of a request, from JSON or from a ``Struct``, as plain values."""

import math
from collections.abc import Iterable
from typing import Any, NoReturn

import orjson
from google.protobuf.struct_pb2 import Struct, Value

from maitred.engine.errors import CallError, Code

from . import messages

CONTEXT_MAX_BYTES = 256 * 1024
"""Some 20,000 product numbers; a checkout has under 100. Larger ones would hold up their batch."""
CONTEXT_MAX_LEVELS = 32
"""As rule files; attributes are one or two levels deep, lists in them one more."""

_SAFE_INTEGER = 2**53
"""Beyond it a double no longer tells neighbouring integers apart."""


def from_json(text: bytes) -> dict[str, Any]:
    """The object a JSON text holds; of equal keys the last one counts.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    if len(text) > CONTEXT_MAX_BYTES:
        _malformed(messages.context_too_large(CONTEXT_MAX_BYTES))
    try:
        context = orjson.loads(text)
    except orjson.JSONDecodeError:
        _malformed(messages.CONTEXT_NOT_JSON)
    if not isinstance(context, dict):
        _malformed(messages.CONTEXT_NOT_OBJECT)
    # So few brackets cannot nest too deep, whatever they are; most contexts have fewer.
    if text.count(b"{") + text.count(b"[") > CONTEXT_MAX_LEVELS:
        _check_depth(context)
    return context


def from_struct(struct: Struct) -> dict[str, Any]:
    """The object a ``Struct`` holds; doubles without a fraction become integers.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    if struct.ByteSize() > CONTEXT_MAX_BYTES:
        _malformed(messages.context_too_large(CONTEXT_MAX_BYTES))
    return _object(struct, CONTEXT_MAX_LEVELS)


def _malformed(message: str) -> NoReturn:
    raise CallError(Code.MALFORMED, message) from None


def _check_depth(context: dict[str, Any]) -> None:
    """Level by level, without recursion."""
    level: list[Any] = [context]
    for _ in range(CONTEXT_MAX_LEVELS):
        level = [inner for outer in level for inner in _members(outer) if isinstance(inner, dict | list)]
        if not level:
            return
    _malformed(messages.context_too_deep(CONTEXT_MAX_LEVELS))


def _members(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def _object(struct: Struct, levels_left: int) -> dict[str, Any]:
    if not levels_left:
        _malformed(messages.context_too_deep(CONTEXT_MAX_LEVELS))
    return {name: _value(value, levels_left - 1) for name, value in struct.fields.items()}


def _value(value: Value, levels_left: int) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            return _number(value.number_value)
        case "bool_value":
            return value.bool_value
        case "list_value":
            return _list(value, levels_left)
        case "struct_value":
            return _object(value.struct_value, levels_left)
        case "null_value":
            return None
        case _:
            _malformed(messages.CONTEXT_VALUE_EMPTY)


def _list(value: Value, levels_left: int) -> list[Any]:
    if not levels_left:
        _malformed(messages.context_too_deep(CONTEXT_MAX_LEVELS))
    return [_value(member, levels_left - 1) for member in value.list_value.values]


def _number(number: float) -> float:
    if not math.isfinite(number):
        _malformed(messages.CONTEXT_NOT_FINITE)
    return int(number) if number.is_integer() and abs(number) <= _SAFE_INTEGER else number

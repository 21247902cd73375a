"""What type-checks and is still refused when a ruleset is loaded."""

import re
from collections.abc import Mapping

from . import messages
from .bounds import MAX_COMPREHENSION_DEPTH
from .environment import TIMES, Failed, parse_time, regex_fault
from .functions import is_zone
from .habits import habit_of
from .source import PRESENCE, error_at
from .tree import Call, Comprehension, Const, Foreign, MapOf, Node, children
from .unit import CompiledExpression

_EQUALITY = frozenset(("_==_", "_!=_"))
_ORDER = frozenset(("_<_", "_<=_", "_>_", "_>=_"))
_PARTS: Mapping[str, tuple[int, int]] = {
    "getMonth": (0, 11),
    "getDayOfWeek": (0, 6),
    "getDate": (1, 31),
    "getDayOfMonth": (0, 30),
    "getDayOfYear": (0, 365),
    "getHours": (0, 23),
    "getMinutes": (0, 59),
    "getSeconds": (0, 59),
}
"""The least and the greatest number that a part of a time can be."""
_OF_TIMES = frozenset((*_PARTS, "getFullYear", "getMilliseconds"))
_OFFSET = re.compile(r"[+-]?\d{2}:\d{2}")
_CHECKED_CALLS = {*TIMES, *_EQUALITY, *_ORDER, *_OF_TIMES, "matches"}
_MIRRORED = {"_<_": "_>_", "_>_": "_<_", "_<=_": "_>=_", "_>=_": "_<=_"}


def check(unit: CompiledExpression, roots: frozenset[str]) -> None:
    """Raises ``ExpressionError``. ``roots`` are the first parts of all declared names."""
    for node in unit.nodes:
        if isinstance(node, Call):
            if node.function in _CHECKED_CALLS:
                _check_call(unit, node)
        elif isinstance(node, Comprehension):
            _check_loop(unit, node, roots)
        elif isinstance(node, MapOf) and node.message:
            raise unit.error(node, messages.NO_MESSAGES)


def _check_loop(unit: CompiledExpression, loop: Comprehension, roots: frozenset[str]) -> None:
    if loop.variable in roots or loop.variable == PRESENCE:
        raise unit.error(loop, messages.shadows(loop.variable))
    if _depth(loop) > MAX_COMPREHENSION_DEPTH:
        raise unit.error(loop, messages.macros_too_deep(MAX_COMPREHENSION_DEPTH))


def _depth(node: Node) -> int:
    """Returns how many macros run inside one another; the list a macro runs over is outside of it."""
    if isinstance(node, Comprehension):
        inside = max(map(_depth, (node.condition, node.step, node.result)))
        return max(inside + 1, _depth(node.over))
    return max(map(_depth, children(node)), default=0)


def _check_null(unit: CompiledExpression, call: Call) -> None:
    """No attribute is null; to the checker null is a message, and so are the kinds CEL does not have."""
    for null, other in (call.args, call.args[::-1]):
        if isinstance(null, Foreign) and null.spelling.startswith("null") and unit.type_of(other):
            at, message = habit_of(unit.text, unit.known) or (None, messages.null_is_nothing())
            raise unit.error(null, message) if at is None else error_at(unit.text, at, message)


def _check_part_of_time(unit: CompiledExpression, call: Call) -> None:
    """`now.getMonth() == 12` is no December, and never true."""
    left, right = call.args
    mirrored = _MIRRORED.get(call.function, call.function)
    for sign, part, number in ((call.function, left, right), (mirrored, right, left)):
        if not isinstance(part, Call) or part.function not in _PARTS:
            continue
        if isinstance(number, Const) and type(number.value) is int and _is_never(sign, part, number.value):
            low, high = _PARTS[part.function]
            raise unit.error(number, messages.never_given(part.function, low, high, number.value))


def _check_zone(unit: CompiledExpression, zone: Const) -> None:
    """CEL takes the name of a zone, or how far it is from UTC."""
    text = str(zone.value)
    if not is_zone(text) and not _OFFSET.fullmatch(text):
        raise unit.error(zone, messages.not_a_zone(text))


def _is_never(sign: str, part: Call, number: int) -> bool:
    low, high = _PARTS[part.function]
    impossible = {
        "_>_": number >= high,
        "_>=_": number > high,
        "_<_": number <= low,
        "_<=_": number < low,
    }
    return impossible.get(sign, not low <= number <= high)


def _check_call(unit: CompiledExpression, call: Call) -> None:
    if call.function in _EQUALITY:
        _check_null(unit, call)
    if call.function in _EQUALITY or call.function in _ORDER:
        _check_part_of_time(unit, call)
        return
    last = call.args[-1] if call.args else None
    if call.function in _OF_TIMES and isinstance(last, Const) and len(call.args) > 1:
        _check_zone(unit, last)
    if call.function == "duration" and last and unit.type_of(last) == "int":
        raise unit.error(last, messages.duration_of_number())
    if call.function == "matches" and not isinstance(last, Const):
        raise unit.error(last or call, messages.pattern_not_constant())
    if not isinstance(last, Const) or not isinstance(last.value, str):
        return
    if call.function in TIMES and isinstance(parse_time(call.function, last.value)[0], Failed):
        raise unit.error(last, messages.not_a_time(call.function, last.value))
    if call.function == "matches" and (why := regex_fault(last.value)):
        raise unit.error(last, messages.not_a_regex(last.value, why))

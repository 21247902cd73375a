"""What type-checks and is still refused when a ruleset is loaded."""

from . import messages
from .bounds import MAX_COMPREHENSION_DEPTH
from .environment import TIMES, Failed, parse_time, regex_fault
from .habits import habit_of
from .source import PRESENCE, error_at
from .tree import Call, Comprehension, Const, Foreign, MapOf, Node, children
from .unit import CompiledExpression

_EQUALITY = frozenset(("_==_", "_!=_"))
_CHECKED_CALLS = {*TIMES, *_EQUALITY, "matches"}


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
    """How many macros run inside one another; the list a macro runs over is outside of it."""
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


def _check_call(unit: CompiledExpression, call: Call) -> None:
    if call.function in _EQUALITY:
        _check_null(unit, call)
    last = call.args[-1] if call.args else None
    if call.function == "matches" and not isinstance(last, Const):
        raise unit.error(last or call, messages.pattern_not_constant())
    if not isinstance(last, Const) or not isinstance(last.value, str):
        return
    if call.function in TIMES and isinstance(parse_time(call.function, last.value)[0], Failed):
        raise unit.error(last, messages.not_a_time(call.function, last.value))
    if call.function == "matches" and (why := regex_fault(last.value)):
        raise unit.error(last, messages.not_a_regex(last.value, why))

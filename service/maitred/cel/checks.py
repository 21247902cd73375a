"""What type-checks and is still refused when a ruleset is loaded."""

from collections.abc import Iterator

from . import messages
from .environment import Failed, parse_time, regex_fault
from .limits import MAX_COMPREHENSION_DEPTH
from .source import PRESENCE
from .tree import Call, Const, Loop, MapOf, Node, children
from .unit import Unit

_NOT_A_TIME = {"timestamp": messages.not_a_timestamp, "duration": messages.not_a_duration}


def check(unit: Unit, roots: frozenset[str]) -> None:
    """Raises ``ExpressionError``. ``roots`` are the first parts of all declared names."""
    for node, depth in _with_depth(unit.root, 0):
        match node:
            case Loop(variable=variable):
                if depth > MAX_COMPREHENSION_DEPTH:
                    raise unit.error(node, messages.macros_too_deep(MAX_COMPREHENSION_DEPTH))
                if variable in roots or variable == PRESENCE:
                    raise unit.error(node, messages.shadows(variable))
            case MapOf(message=message) if message:
                raise unit.error(node, messages.NO_MESSAGES)
            case Call():
                _check_call(unit, node)
            case _:
                pass


def _check_call(unit: Unit, call: Call) -> None:
    last = call.args[-1] if call.args else None
    if not isinstance(last, Const) or not isinstance(last.value, str):
        return
    if call.function in _NOT_A_TIME and isinstance(parse_time(call.function, last.value)[0], Failed):
        raise unit.error(last, _NOT_A_TIME[call.function](last.value))
    if call.function == "matches" and (why := regex_fault(last.value)):
        raise unit.error(last, messages.not_a_regex(last.value, why))


def _with_depth(node: Node, depth: int) -> Iterator[tuple[Node, int]]:
    """Every node with the number of macros around it, itself included."""
    depth += isinstance(node, Loop)
    yield node, depth
    for child in children(node):
        outside = isinstance(node, Loop) and child is node.over
        yield from _with_depth(child, depth - outside)

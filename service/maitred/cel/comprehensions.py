"""Macros over a list, recognised in their expanded form."""

from dataclasses import dataclass

from .tree import Call, Comprehension, Const, Name, Node


@dataclass(frozen=True, slots=True)
class Quantified:
    """``over.exists(variable, body)``, or ``all`` where ``every``."""

    every: bool
    variable: str
    over: Node
    body: Node


def quantified(loop: Comprehension) -> Quantified | None:
    """The ``exists`` or ``all`` a loop is the expansion of; ``None`` where it is neither."""
    if loop.second_variable or not _is(loop.result, loop.accumulator) or not isinstance(loop.start, Const):
        return None
    every = loop.start.value is True
    match loop.step:
        case Call(function="_&&_" | "_||_" as logic, args=(so_far, body)) if _is(so_far, loop.accumulator):
            plain = loop.start.value is every and (logic == "_&&_") is every
            if plain and _goes_on(loop.condition, loop.accumulator, every=every):
                return Quantified(every, loop.variable, loop.over, body)
    return None


def _goes_on(condition: Node, accumulator: str, *, every: bool) -> bool:
    """Whether a loop runs until its answer is certain, and not until something else."""
    match condition:
        case Call(function="@not_strictly_false", args=(asked,)):
            if every:
                return _is(asked, accumulator)
            return isinstance(asked, Call) and asked.function == "!_" and _is(asked.args[0], accumulator)
    return False


def _is(node: Node, name: str) -> bool:
    return isinstance(node, Name) and node.name == name

"""What follows within one part, with the support of everything that holds."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from maitred.core.derivation import Derivation

from .graph import Graph

Reason = tuple[int, tuple[str, tuple[str, ...]]]
"""A situation's node and its entry in ``Derivation.because``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The situations of one part: names, and reasons in the author's order."""

    holds: tuple[str, ...]
    unknown: tuple[str, ...]
    reasons: tuple[Reason, ...]


def outcome(
    graph: Graph, situations: Sequence[int], holds: Sequence[int], possible: Collection[int]
) -> Outcome:
    """``holds`` is in order of derivation, atoms included: each node after what it follows from."""
    rank = {node: place for place, node in enumerate(holds)}
    maybe = set(possible)
    held = [node for node in situations if node in rank]
    return Outcome(
        holds=tuple(map(graph.text, held)),
        unknown=tuple(graph.text(node) for node in situations if node in maybe and node not in rank),
        reasons=tuple((node, (graph.text(node), _support(graph, node, rank))) for node in held),
    )


def _support(graph: Graph, node: int, rank: Mapping[int, int]) -> tuple[str, ...]:
    """Every ``all`` member and the first ``any`` member that held before the situation did.

    Of two situations that support each other, only one was there first: chains told from
    these supports come to an end. What rests on absence alone says so.
    """
    needs = graph.needs_of(node)
    earlier = (m for m in needs.any if m in rank and rank[m] < rank[node])
    support = dict.fromkeys((*needs.all, *_first(earlier)))
    if support:
        return tuple(map(graph.text, support))
    return tuple(f"none of {graph.text(member)}" for member in needs.none)


def _first(nodes: Iterator[int]) -> tuple[int, ...]:
    for node in nodes:
        return (node,)
    return ()


def merge(outcomes: Sequence[Outcome]) -> Derivation:
    """One derivation out of the parts', in the author's order."""
    reasons = sorted(reason for found in outcomes for reason in found.reasons)
    return Derivation(
        holds=frozenset(name for found in outcomes for name in found.holds),
        unknown=frozenset(name for found in outcomes for name in found.unknown),
        because=tuple(entry for _, entry in reasons),
    )

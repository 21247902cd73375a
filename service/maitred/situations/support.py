"""What follows, in the port's words: names, and the support of everything that holds."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from maitred.core.rules.situations import Derivation

from .graph import Graph


def derivation(
    graph: Graph, situations: Sequence[int], holds: Sequence[int], possible: Collection[int]
) -> Derivation:
    """``holds`` is in order of derivation, atoms included: each node after what it follows from."""
    rank = {node: place for place, node in enumerate(holds)}
    maybe = set(possible)
    held = [node for node in situations if node in rank]
    return Derivation(
        holds=frozenset(map(graph.text, held)),
        unknown=frozenset(graph.text(node) for node in situations if node in maybe and node not in rank),
        because=tuple((graph.text(node), _support(graph, node, rank)) for node in held),
    )


def merge(parts: Sequence[Derivation]) -> Derivation:
    """One derivation out of the parts'. Reasons stay in the order of the parts."""
    if len(parts) == 1:
        return parts[0]
    return Derivation(
        holds=frozenset().union(*[part.holds for part in parts]),
        unknown=frozenset().union(*[part.unknown for part in parts]),
        because=tuple(chain.from_iterable([part.because for part in parts])),
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

"""Situations as a graph of numbered nodes, and what can be wrong with one.

Atoms are nodes ``0 .. n-1``, in the order of ``atoms_of``; situation ``i`` is node ``n + i``.
Because of ``none`` the outcome is computed stratum by stratum: a stratum may need the
absence only of what lower strata have settled.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from maitred.core.rules.ruleset import Member, Situation
from maitred.core.rules.situations import SituationError, atoms_of
from maitred.core.values.nearest import nearest

from . import messages

MAX_PARTS = 1_000
"""Each part is one registration with the engine, of 80 KB or more."""

MAX_CYCLES_TOLD = 20
MAX_HINTS = 10
"""Finding a way round, or a name alike, takes time; a hostile file has many."""

Fault = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Needs:
    """Members of one situation as nodes, each once and in the author's order."""

    all: tuple[int, ...]
    any: tuple[int, ...]
    none: tuple[int, ...]

    def positive(self) -> tuple[int, ...]:
        """Members whose holding can help the situation."""
        return (*self.all, *self.any)

    def members(self) -> tuple[int, ...]:
        """Returns every member."""
        return (*self.all, *self.any, *self.none)


@dataclass(frozen=True, slots=True)
class Graph:
    """All situations of a ruleset. ``needs[i]`` belongs to ``names[i]``, node ``len(atoms) + i``."""

    atoms: tuple[str, ...]
    names: tuple[str, ...]
    needs: tuple[Needs, ...]

    def text(self, node: int) -> str:
        """Returns an atom's text or a situation's name."""
        count = len(self.atoms)
        return self.atoms[node] if node < count else self.names[node - count]

    def needs_of(self, node: int) -> Needs:
        """Returns what the situation with this node needs."""
        return self.needs[node - len(self.atoms)]


@dataclass(frozen=True, slots=True)
class SituationPart:
    """Situations that hang together, with their atoms.

    Parts may share atoms, which are given; nothing that has to be found out, so each is run alone.
    ``strata[k]`` are the situations that are settled once the strata up to ``k`` are.
    """

    atoms: tuple[int, ...]
    situations: tuple[int, ...]
    strata: tuple[tuple[int, ...], ...]


def build(situations: Sequence[Situation]) -> Graph:
    """Returns the graph. Raises ``SituationError`` with every fault of it."""
    atoms = tuple(atoms_of(situations))
    nodes = {situation.name: len(atoms) + index for index, situation in enumerate(situations)}
    faults = [*_repeats(situations), *_empties(situations), *_strangers(situations, nodes)]
    numbers = {text: index for index, text in enumerate(atoms)}

    def resolve(members: Iterable[Member]) -> tuple[int, ...]:
        resolved = (nodes.get(m) if isinstance(m, str) else numbers[m.text] for m in members)
        return tuple(dict.fromkeys(node for node in resolved if node is not None))

    needs = tuple(Needs(resolve(s.all), resolve(s.any), resolve(s.none)) for s in situations)
    graph = Graph(atoms, tuple(s.name for s in situations), needs)
    faults += islice(_cycles_through_none(graph), MAX_CYCLES_TOLD)
    if faults:
        raise SituationError(tuple(faults))
    return graph


def split(graph: Graph) -> tuple[SituationPart, ...]:
    """Returns the graph taken apart where no situation needs another, in order of the first situation.

    Raises ``SituationError`` where there are too many parts.
    """
    level = _strata(graph)
    result: list[SituationPart] = []
    for situations in _connected(graph):
        if len(result) == MAX_PARTS:
            raise SituationError(((graph.text(situations[0]), messages.too_many_parts(MAX_PARTS)),))
        strata: dict[int, list[int]] = {}
        for node in situations:
            strata.setdefault(level[node], []).append(node)
        members = {member for node in situations for member in graph.needs_of(node).members()}
        result.append(
            SituationPart(
                atoms=tuple(sorted(node for node in members if node < len(graph.atoms))),
                situations=tuple(situations),
                strata=tuple(tuple(strata[height]) for height in sorted(strata)),
            )
        )
    return tuple(result)


def _repeats(situations: Sequence[Situation]) -> Iterator[Fault]:
    seen: set[str] = set()
    for situation in situations:
        if situation.name in seen:
            yield situation.name, messages.defined_twice(situation.name)
        seen.add(situation.name)


def _empties(situations: Sequence[Situation]) -> Iterator[Fault]:
    for situation in situations:
        if not (situation.all or situation.any or situation.none):
            yield situation.name, messages.no_members()


def _strangers(situations: Sequence[Situation], known: Iterable[str]) -> Iterator[Fault]:
    names = set(known)
    hints = MAX_HINTS
    for situation in situations:
        members = dict.fromkeys((*situation.all, *situation.any, *situation.none))
        for member in members:
            if isinstance(member, str) and member not in names:
                meant = _alike(member, names) if hints > 0 else None
                hints -= 1
                yield situation.name, messages.unknown_situation(member, meant)


def _alike(name: str, names: Iterable[str]) -> str | None:
    """Returns the name it may have been meant for; those too long to be shown are not looked at."""
    shown = messages.NAME_SHOWN_CHARS
    candidates = [other for other in names if len(other) <= shown] if len(name) <= shown else []
    return next(iter(nearest(name, candidates)), None)


def _cycles_through_none(graph: Graph) -> Iterator[Fault]:
    """One fault for each distinct cycle that a ``none`` closes."""
    home = {node: index for index, nodes in enumerate(_strongly_connected(graph)) for node in nodes}
    seen: set[frozenset[int]] = set()
    for index, needs in enumerate(graph.needs):
        node = len(graph.atoms) + index
        for member in needs.none:
            if home.get(member) != home[node]:
                continue
            cycle = [node, *_way(graph, member, node)]
            if frozenset(cycle) not in seen:
                seen.add(frozenset(cycle))
                yield graph.names[index], messages.cycle_through_none(_steps(graph, cycle))


def _steps(graph: Graph, cycle: Sequence[int]) -> list[tuple[str, bool]]:
    """Names along the cycle; the first step is the ``none`` that was found to close it."""
    steps = [(graph.text(cycle[0]), False), (graph.text(cycle[1]), True)]
    for before, node in pairwise(cycle[1:]):
        steps.append((graph.text(node), node not in graph.needs_of(before).positive()))
    return steps


def _way(graph: Graph, start: int, end: int) -> list[int]:
    """Returns a shortest way along members; the caller knows that there is one."""
    came: dict[int, int] = {start: start}
    waiting = deque([start])
    while end not in came:
        node = waiting.popleft()
        for member in _situations_in(graph, node):
            if member not in came:
                came[member] = node
                waiting.append(member)
    way = [end]
    while way[-1] != start:
        way.append(came[way[-1]])
    return way[::-1]


def _situations_in(graph: Graph, node: int) -> tuple[int, ...]:
    count = len(graph.atoms)
    return tuple(member for member in graph.needs_of(node).members() if member >= count)


def _strongly_connected(graph: Graph) -> list[list[int]]:
    """Situations that need each other, in groups, each group after those it needs.

    Tarjan (1972), without recursion: chains of situations may be long.
    """
    count = len(graph.atoms)
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    open_: list[int] = []
    groups: list[list[int]] = []
    closed: set[int] = set()
    for root in range(count, count + len(graph.needs)):
        if root in order:
            continue
        work = [(root, iter(_situations_in(graph, root)))]
        order[root] = low[root] = len(order)
        open_.append(root)
        while work:
            node, members = work[-1]
            for member in members:
                if member not in order:
                    order[member] = low[member] = len(order)
                    open_.append(member)
                    work.append((member, iter(_situations_in(graph, member))))
                    break
                if member not in closed:
                    low[node] = min(low[node], order[member])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    groups.append(_take_until(open_, node))
                    closed.update(groups[-1])
    return groups


def _take_until(stack: list[int], last: int) -> list[int]:
    taken = [stack.pop()]
    while taken[-1] != last:
        taken.append(stack.pop())
    return taken


def _strata(graph: Graph) -> dict[int, int]:
    """Returns the stratum of every situation; atoms are below them all, in stratum -1."""
    level = dict.fromkeys(range(len(graph.atoms)), -1)
    for group in _strongly_connected(graph):
        inside = set(group)
        height = 0
        for node in group:
            needs = graph.needs_of(node)
            reached = [level[m] for m in needs.positive() if m not in inside]
            height = max(height, *reached, *(level[m] + 1 for m in needs.none), 0)
        level.update(dict.fromkeys(group, height))
    return level


def _connected(graph: Graph) -> Iterator[list[int]]:
    """Situations that are connected in either direction, each group in ascending order."""
    first = len(graph.atoms)
    near: dict[int, list[int]] = {first + index: [] for index in range(len(graph.needs))}
    for node, others in near.items():
        for member in _situations_in(graph, node):
            others.append(member)
            near[member].append(node)
    seen: set[int] = set()
    for start in near:
        if start not in seen:
            group = _reached(near, start)
            seen |= group
            yield sorted(group)


def _reached(near: Mapping[int, Sequence[int]], start: int) -> set[int]:
    group = {start}
    waiting = [start]
    while waiting:
        fresh = set(near[waiting.pop()]) - group
        group |= fresh
        waiting += fresh
    return group

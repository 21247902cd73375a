"""The port's implementation: what follows is looked up, and only what is new is derived."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from threading import Lock
from typing import Generic, TypeVar

from maitred.core.conditions.model import TRUE
from maitred.core.rules.ruleset import Atom, Situation
from maitred.core.rules.situations import Derivation, Deriver, SituationError
from maitred.selftest import relying_on

from .chaining import USE, ChainingEngine
from .graph import Graph, SituationPart, build, split
from .plan import Plan, plan
from .proof import PROOF_DEADLINE_SECONDS, ProofFailed, prove

MEMO_ENTRIES = 8_192
"""Outcomes kept in each of a memo's two generations, by the truth of all atoms; 1 KB each."""
PARTS_MEMO_ENTRIES = 16_384
"""The same for all parts together. Most have few atoms, and few outcomes to keep."""
MIN_PART_MEMO_ENTRIES = 64
"""However many parts there are, each remembers this much."""


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
    """Returns every ``all`` member and the first ``any`` member that held before the situation did.

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


K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """Two generations: when the young one has ``limit`` entries it becomes the old one.

    What is asked for again in between is taken over; the rest goes with the old
    generation. So at most twice ``limit`` entries are kept, and forgetting costs nothing
    per entry. ``young.get`` may be called from any thread at any time; ``find`` and
    ``keep`` need the owner's lock.
    """

    __slots__ = ("_limit", "_old", "young")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._old: dict[K, V] = {}
        self.young: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self.young) + len(self._old)

    def find(self, key: K) -> V | None:
        """Returns the value of either generation; it is young again afterwards."""
        outcome = self.young.get(key)
        if outcome is None:
            outcome = self._old.pop(key, None)
            if outcome is not None:
                self.keep(key, outcome)
        return outcome

    def keep(self, key: K, value: V) -> None:
        """Remembers the value."""
        if len(self.young) >= self._limit:
            self._old, self.young = self.young, {}
        self.young[key] = value


def deriver(situations: Sequence[Situation]) -> Deriver:
    """Returns a ``core.rules.situations.DeriverFactory``. Raises ``SituationError`` with every fault."""
    graph = build(situations)
    parts = split(graph)
    plans = _plans(graph, parts)
    try:
        prove(plans, PROOF_DEADLINE_SECONDS)
    except ProofFailed as failure:
        name = graph.text(parts[failure.number].situations[0])
        raise SituationError(((name, failure.message),)) from None
    return assemble(graph, parts, plans)


def assemble(graph: Graph, parts: Sequence[SituationPart], plans: Sequence[Plan]) -> "MemoDeriver":
    """Registers plans that are known to be sound; plan ``i`` is of part ``i``."""
    entries = max(MIN_PART_MEMO_ENTRIES, PARTS_MEMO_ENTRIES // max(1, len(parts)))
    pairs = zip(parts, plans, strict=True)
    return MemoDeriver([PartDeriver(graph, part, plan, entries) for part, plan in pairs])


def _plans(graph: Graph, parts: Iterable[SituationPart]) -> list[Plan]:
    plans: list[Plan] = []
    faults: list[tuple[str, str]] = []
    for part in parts:
        try:
            plans.append(plan(graph, part))
        except SituationError as error:
            faults += error.faults
    if faults:
        raise SituationError(tuple(faults))
    return plans


class MemoDeriver:
    """Derives from the truth of all atoms, by way of the parts. Safe to call from many threads."""

    def __init__(self, parts: Sequence["PartDeriver"]) -> None:
        self._parts = parts
        self._memo: Memo[tuple[int, int], Derivation] = Memo(MEMO_ENTRIES)
        self._lock = Lock()

    def derive(self, true: int, unknown: int) -> Derivation:
        """See ``core.rules.situations.Deriver``. An atom in both masks counts as unknown.

        Raises ``EngineFailure`` where the engine fails; the next call starts it afresh.
        """
        outcome = self._memo.young.get((true, unknown))
        return outcome if outcome is not None else self._derive_new(true, unknown)

    def _derive_new(self, true: int, unknown: int) -> Derivation:
        with self._lock:
            outcome = self._memo.find((true, unknown))
        if outcome is None:
            known = true & ~unknown
            outcome = merge([part.derive(known & part.mask, unknown & part.mask) for part in self._parts])
            with self._lock:
                self._memo.keep((true, unknown), outcome)
        return outcome


class PartDeriver:
    """Derives within one part. Its engine is used by one thread at a time."""

    def __init__(self, graph: Graph, part: SituationPart, plan: Plan, memo_entries: int) -> None:
        self.mask = sum(1 << atom for atom in part.atoms)
        self._graph = graph
        self._part = part
        self._plan = plan
        self._nodes = (*part.atoms, *part.situations)
        self._memo: Memo[tuple[int, int], Derivation] = Memo(memo_entries)
        self._lock = Lock()
        self._engine: ChainingEngine | None = ChainingEngine(plan)

    def derive(self, true: int, unknown: int) -> Derivation:
        """Returns what follows within the part; the masks are disjoint and within ``mask``."""
        outcome = self._memo.young.get((true, unknown))
        return outcome if outcome is not None else self._derive_new(true, unknown)

    def _derive_new(self, true: int, unknown: int) -> Derivation:
        with self._lock:
            outcome = self._memo.find((true, unknown))
            if outcome is None:
                outcome = self._run(true, unknown)
                self._memo.keep((true, unknown), outcome)
        return outcome

    def _run(self, true: int, unknown: int) -> Derivation:
        """Takes the engine away while it runs, so that one that failed is never used again."""
        engine, self._engine = self._engine or ChainingEngine(self._plan), None
        holds, possible = engine.run(self._numbers(true), self._numbers(true | unknown))
        self._engine = engine
        return derivation(self._graph, self._part.situations, self._named(holds), self._named(possible))

    def _numbers(self, mask: int) -> list[int]:
        """Atoms in the mask, as the part numbers them."""
        return [number for number, atom in enumerate(self._part.atoms) if mask >> atom & 1]

    def _named(self, numbers: Iterable[int]) -> list[int]:
        """Nodes of the graph; helpers are none."""
        return [self._nodes[number] for number in numbers if number < len(self._nodes)]


def self_test() -> None:
    """Derives one situation from another. Raises ``Unfit``."""
    atom = Atom("atom", TRUE)
    graph = build([Situation("first", all=(atom,)), Situation("second", all=("first",))])
    (part,) = split(graph)
    with relying_on("durable-rules", USE):
        engine = ChainingEngine(plan(graph, part))
        for true, everything in (((0,), [0, 1, 2]), ((), [])):
            holds, possible = engine.run(true, true)
            if not sorted(holds) == sorted(possible) == everything:
                raise ValueError(f"derived {holds} of {everything}")

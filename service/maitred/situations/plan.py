"""One part of the situations as rules and facts for the engine.

Only positive facts exist: *node holds* and *node is known to be absent*. What is absent
is said by the host, once the stratum below has settled; the engine never negates.

Limits of durable-rules 2.0.28, read in its C sources and measured:

- a table of 512 tests under one test: when it is full, registration never returns.
  Facts therefore stand in groups, tested one after the other: the group, then the fact;
- a list of 256 joins under one test, and writing the 257th corrupts its neighbour. A fact
  that is needed more often is asserted in several copies;
- 16 facts in one join (error 304). Longer conjunctions go through helper nodes;
- 4,096 rules in one ruleset;
- ids and property names are compared by 32-bit hash alone. Names are chosen so that no two
  hashes are equal;
- about 10 KB of working memory for each condition of each rule, in every state.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from maitred.core.rules.situations import SituationError

from . import messages
from .graph import Graph, SituationPart

MAX_CONDITIONS = 3_072
"""Conditions of all rules of one part.

Each takes 10 KB in each of the two states while a derivation runs: 60 MB together. Each
takes 12 us to register, with the interpreter held: 40 ms together. There are never more
rules than conditions, so the engine's 4,096 rules are kept as well.
"""

JOINED_FACTS = 16
"""The engine's frame is full with this many."""

FACTS_IN_GROUP = 256
"""Half of the engine's table, so that its probing stays short."""

JOINS_PER_FACT = 255
"""One less than the engine's list, which it reads up to an empty place."""

SLOTS = ("0", "1")
"""The ids of the only two states: what holds definitely, and what holds possibly."""

START = "start"
"""A fact and a rule of the same name that fires in every run.

The engine frees a pointer it never set when a state is deleted in which no rule has fired.
"""

_HASH_BASIS, _HASH_PRIME, _HASH_MASK = 0x811C9DC5, 16_777_619, 0xFFFFFFFF

_TAKEN_NAMES = (START, "id", "sid", "$s", "$pulse", "$time", *(f"sid-{slot}" for slot in SLOTS))


@dataclass(frozen=True, slots=True)
class Plan:
    """What the engine is given, and what is asserted when.

    Nodes are numbered within the part: atoms, then situations, then helpers. ``heads``
    gives for each rule the node it derives. ``holds[node]`` and ``absent[node]`` are the
    facts to assert, as JSON objects with ``SLOT`` for the state's id; empty where no rule
    needs them. ``settled[k]`` are the nodes whose absence is known before stratum ``k``.
    """

    definition: str
    heads: tuple[int, ...]
    holds: tuple[str, ...]
    absent: tuple[str, ...]
    settled: tuple[tuple[int, ...], ...]
    atom_count: int


SLOT = "?"
"""Stands for the slot in a plan's facts."""

Test = dict[str, list[dict[str, int]]]
"""``{"$and": [{"g0": 1}, {"f7": 1}]}``"""

Rule = tuple[tuple[int, ...], int]
"""Conditions and the node they derive. A condition is ``node``, or ``~node`` for its absence."""


def plan(graph: Graph, part: SituationPart) -> Plan:
    """Raises ``SituationError``, on the part's first situation, where the engine cannot hold it."""
    local = {node: number for number, node in enumerate((*part.atoms, *part.situations))}
    rules = _rules(graph, part, local)
    _check(graph, part, rules)
    facts = _Facts()
    definition = _definition([[facts.test(c) for c in conditions] for conditions, _ in rules])
    nodes = range(max((*local.values(), *(head for _, head in rules))) + 1)
    below = (part.atoms, *part.strata)[: len(part.strata)]
    return Plan(
        definition=definition,
        heads=tuple(head for _, head in rules),
        holds=tuple(facts.asserted(node) for node in nodes),
        absent=tuple(facts.asserted(~node) for node in nodes),
        settled=tuple(tuple(local[n] for n in level if facts.asserted(~local[n])) for level in below),
        atom_count=len(part.atoms),
    )


def fact(name: str, slot: str, group: str | None = None) -> str:
    """Returns a fact as the engine reads it: its id and its own property are the same short name."""
    return json.dumps({"id": name, "sid": slot} | ({group: 1} if group else {}) | {name: 1})


def _rules(graph: Graph, part: SituationPart, local: Mapping[int, int]) -> list[Rule]:
    """Returns every situation of the part as rules; helpers get the numbers after the last situation."""
    rules: list[Rule] = []
    helpers = count(len(local))
    for node in part.situations:
        needs = graph.needs_of(node)
        conditions = [*(local[n] for n in needs.all), *(~local[n] for n in needs.none)]
        choices = [local[n] for n in needs.any]
        if len(choices) == 1:
            conditions = list(dict.fromkeys(conditions + choices))
        elif choices:
            chosen = next(helpers) if conditions else local[node]
            rules += [((choice,), chosen) for choice in choices]
            conditions += [chosen] if conditions else []
        if conditions:
            rules += _conjunction(conditions, local[node], helpers)
    return rules


def _conjunction(conditions: Sequence[int], head: int, helpers: Iterator[int]) -> Iterator[Rule]:
    """One rule, or as many as it takes to join no more facts than the engine can."""
    rest = list(conditions)
    while len(rest) > JOINED_FACTS:
        helper = next(helpers)
        yield tuple(rest[:JOINED_FACTS]), helper
        rest = [helper, *rest[JOINED_FACTS:]]
    yield tuple(rest), head


def _check(graph: Graph, part: SituationPart, rules: Sequence[Rule]) -> None:
    conditions = sum(len(needed) for needed, _ in rules)
    if conditions > MAX_CONDITIONS:
        message = messages.too_many_conditions(conditions, MAX_CONDITIONS)
        raise SituationError(((graph.text(part.situations[0]), message),))


def _definition(rules: Sequence[Sequence[Test]]) -> str:
    """Returns the ruleset as the engine reads it; rules are named by their number, the last is ``START``."""
    body = {
        str(number): {"all": [{f"m{place}": test} for place, test in enumerate(tests)]}
        for number, tests in enumerate(rules)
    }
    return json.dumps(body | {START: {"all": [{"m0": {START: 1}}]}})


class _Facts:
    """Gives every condition its fact, and copies of it where it is needed often."""

    def __init__(self) -> None:
        taken = set(map(_hash, _TAKEN_NAMES))
        self._names = _distinct_names("f", taken)
        self._groups = _distinct_names("g", taken)
        self._uses: dict[int, int] = {}
        self._copies: dict[int, list[tuple[str, str]]] = {}
        self._count = 0
        self._group = ""

    def test(self, condition: int) -> Test:
        """Returns the test for one more use of the condition."""
        uses = self._uses.get(condition, 0)
        self._uses[condition] = uses + 1
        copies = self._copies.setdefault(condition, [])
        if uses % JOINS_PER_FACT == 0:
            copies.append(self._new())
        return {"$and": [{name: 1} for name in copies[-1]]}

    def asserted(self, condition: int) -> str:
        """Returns all copies of the condition's fact, as JSON objects; empty where it has no use."""
        return ",".join(fact(name, SLOT, group) for group, name in self._copies.get(condition, ()))

    def _new(self) -> tuple[str, str]:
        if self._count % FACTS_IN_GROUP == 0:
            self._group = next(self._groups)
        self._count += 1
        return self._group, next(self._names)


def _distinct_names(prefix: str, taken: set[int]) -> Iterator[str]:
    """Names whose hashes are not taken yet; each takes its own."""
    for number in count():
        name = f"{prefix}{number}"
        if _hash(name) not in taken:
            taken.add(_hash(name))
            yield name


def _hash(name: str) -> int:
    """FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/."""
    value = _HASH_BASIS
    for byte in name.encode():
        value = (value ^ byte) * _HASH_PRIME & _HASH_MASK
    return value

"""Decisions in process: against the floor, by size, and against other engines."""

import gc
import multiprocessing
import queue
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from maitred.core.deciding.decide import Preparing, conclude, decide, decide_from
from maitred.core.deciding.policy import Policy
from maitred.core.deciding.snapshot import Snapshot
from maitred.core.rules.ruleset import Action

from . import servers
from .figures import Row, Section, at_least, at_most, ratio
from .policies import COMPUTED, policy_of, policy_with_lines, question
from .requests import DECIDE, decides
from .rounds import Contender, Progress, Shown, paired, play
from .workload import contexts, lines, specs

SIZES = (1_000, 10_000, 100_000)
FASTER = {10_000: {"cel_loop": (500.0, 1_000.0), "zen_table": (150.0, 300.0)}}  # at least, goal
MAX_GROWTH = 15.0
OF_FLOOR = {1_000: (0.10, 0.06), 10_000: (0.25, 0.15), 100_000: (0.60, 0.40)}  # at most, goal
LINES_SIZE, LINES_SENT = 10_000, 20
MAX_WITH_LINES, LINE_SECONDS = 1.3, 1e-6
ROUNDS = 7
FLOOR_ROUNDS = 8
BATCH = 64
PASSES = 3
SERVER_THREADS = 64
CUSTOMERS = 200
PEER_CUSTOMERS = 20
PEER_SECONDS = 120
PEERS = {
    1_000: ("cel_loop", "zen_table", "durable_rules"),
    10_000: ("cel_loop", "zen_table", "durable_rules"),
}
_NAMES = {"cel_loop": "a CEL loop", "zen_table": "a zen-engine table", "durable_rules": "durable-rules"}


def decision_seconds(policy: Policy, customer_contexts: Sequence[dict[str, Any]]) -> float:
    """Median over rounds of the mean time of one decision, reading the context included."""
    return statistics.median(mean_seconds(policy, customer_contexts) for _ in range(ROUNDS))


def mean_seconds(policy: Policy, customer_contexts: Sequence[dict[str, Any]]) -> float:
    """Processor time of one decision of a batch, reading the context included: others do not lengthen it.

    A first pass is not counted: the calls of other contenders are many, and leave nothing of this in the
    processor's caches.
    """
    return _mean_of_passes(_decide_batches, policy, customer_contexts)


def mean_seconds_alone(policy: Policy, customer_contexts: Sequence[dict[str, Any]]) -> float:
    """The same where each decision is made from its beginning to its end before the next."""
    return _mean_of_passes(_decide_each, policy, customer_contexts)


_Decide = Callable[[Policy, Sequence[dict[str, Any]]], None]


def _mean_of_passes(
    decide_all: _Decide, policy: Policy, customer_contexts: Sequence[dict[str, Any]]
) -> float:
    decide_all(policy, customer_contexts)
    started = time.process_time()
    for _ in range(PASSES):
        decide_all(policy, customer_contexts)
    return (time.process_time() - started) / (PASSES * len(customer_contexts))


def _decide_each(policy: Policy, customer_contexts: Sequence[dict[str, Any]]) -> None:
    for context in customer_contexts:
        decide_from(policy, question(policy, context, 3))


def _decide_batches(policy: Policy, customer_contexts: Sequence[dict[str, Any]]) -> None:
    """Takes each step for all of a batch before the next one, as the service does."""
    for at in range(0, len(customer_contexts), BATCH):
        preparing = [
            Preparing(policy, question(policy, context, 3)) for context in customer_contexts[at : at + BATCH]
        ]
        for one in preparing:
            one.match()
        for one in preparing:
            one.rank()
        questions = [one.choose() for one in preparing]
        choices = [decide(prepared, _nothing_more) for prepared in questions]
        for prepared, choice in zip(questions, choices, strict=True):
            conclude(prepared, choice)


def _nothing_more(_: Sequence[Action]) -> Snapshot:
    raise AssertionError("the workload has no limits")


def measure(progress: Progress) -> list[Section]:
    """Against the server time of a no-op RPC, with lines and computed attributes, and other engines."""
    policies = {}
    for size in SIZES:
        progress(f"compiling {size:,} actions")
        policies[size] = policy_of(specs(size))
        gc.freeze()  # as the service does with every ruleset it loads
    return [_against_floor(policies, progress), _with_lines(progress), _against_peers(policies, progress)]


def _names(policy: Policy, context: dict[str, Any]) -> set[str]:
    return {proposal.action for proposal in decide_from(policy, question(policy, context, 100_000)).proposals}


def _against_floor(policies: Mapping[int, Policy], progress: Progress) -> Section:
    """In turn with a no-op server: one core, round by round."""
    customer_contexts = contexts(CUSTOMERS)
    floor, seconds = Shown(), {size: list[float]() for size in SIZES}
    alone = {size: list[float]() for size in SIZES}
    with servers.noop(SERVER_THREADS) as server, servers.apart([server]):
        contender = Contender(server, DECIDE, decides)
        for number in range(FLOOR_ROUNDS):
            progress(f"in process, round {number + 1} of {FLOOR_ROUNDS}")
            play(floor, contender, f"floor {number}")
            for size, policy in policies.items():
                seconds[size].append(mean_seconds(policy, customer_contexts))
                alone[size].append(mean_seconds_alone(policy, customer_contexts))
    return _floor_section([microseconds / 1e6 for microseconds in floor.cpu_us], seconds, alone)


def _floor_section(
    floor: Sequence[float], seconds: Mapping[int, Sequence[float]], alone: Mapping[int, Sequence[float]]
) -> Section:
    rows = [Row("server time of a no-op RPC", f"{statistics.median(floor) * 1e6:.0f} us")]
    for size, (most, goal) in OF_FLOOR.items():
        share = paired(seconds[size], floor)
        row = at_most(f"{size:,} actions, of a no-op RPC", share, most, ratio, goal=goal)
        shown = f"{row.measured}: {statistics.median(seconds[size]) * 1e6:.1f} us"
        rows.append(Row(row.what, shown, row.budget, row.met))
    rows += [
        Row(f"{size:,} actions, each decision by itself", f"{statistics.median(times) * 1e6:.1f} us")
        for size, times in alone.items()
    ]
    growth = paired(seconds[SIZES[-1]], seconds[SIZES[0]])
    rows.append(at_most("growth from 1,000 to 100,000 actions", growth, MAX_GROWTH, ratio))
    return Section(f"A decision in process, twelve attributes, in batches of {BATCH}", tuple(rows))


def _with_lines(progress: Progress) -> Section:
    """In turn, with 20 lines and five attributes computed over them, and without."""
    progress(f"computed attributes, {LINES_SIZE:,} actions")
    some = specs(LINES_SIZE)
    plain, with_lines = policy_of(some), policy_with_lines(some)
    gc.freeze()  # as the service does with every ruleset it loads
    sent = contexts(CUSTOMERS)
    till = [{**context, "till": {"lines": lines(number)}} for number, context in enumerate(sent)]
    without, worked_out = [], []
    for _ in range(ROUNDS):
        without.append(mean_seconds(plain, sent))
        worked_out.append(mean_seconds(with_lines, till))
    max_seconds = MAX_WITH_LINES * statistics.median(without) + LINE_SECONDS * LINES_SENT * len(COMPUTED)
    with_them = statistics.median(worked_out)
    what = f"{LINES_SENT} lines, {len(COMPUTED)} computed attributes, {LINES_SIZE:,} actions"
    rows = (
        Row(f"without, {LINES_SIZE:,} actions", f"{statistics.median(without) * 1e6:.0f} us"),
        Row(
            what, f"{with_them * 1e6:.0f} us", f"at most {max_seconds * 1e6:.0f} us", with_them <= max_seconds
        ),
    )
    return Section("Baskets with lines: 1.3 times as long as without, and 1 us a line and attribute", rows)


def _against_peers(policies: Mapping[int, Policy], progress: Progress) -> Section:
    rows = []
    customer_contexts = contexts(CUSTOMERS)
    for size, names in PEERS.items():
        wanted = [_names(policies[size], context) for context in customer_contexts[:PEER_CUSTOMERS]]
        for name in names:
            progress(f"{_NAMES[name]}, {size:,} actions")
            rows.append(_peer_row(name, size, policies[size], wanted))
    return Section("The same actions in other engines, answers compared", tuple(rows))


def _peer_row(name: str, size: int, policy: Policy, wanted: list[set[str]]) -> Row:
    """The own time is taken just before and just after the other's."""
    what, customer_contexts = f"{_NAMES[name]}, {size:,} actions", contexts(CUSTOMERS)
    before = decision_seconds(policy, customer_contexts)
    result = _in_child(name, size)
    own_seconds = (before + decision_seconds(policy, customer_contexts)) / 2
    if isinstance(result, str):
        return Row(what, result)
    peer_seconds, answers = result
    if answers != wanted:
        differing = sum(left != right for left, right in zip(answers, wanted, strict=True))
        return Row(what, f"other answers for {differing} of {len(wanted)} customers", "the same", met=False)
    faster = peer_seconds / own_seconds
    shown = f"{ratio(faster)} as long ({peer_seconds * 1e3:.2f} ms), same answers"
    if name not in FASTER.get(size, {}):
        return Row(what, shown)
    least, goal = FASTER[size][name]
    return replace(at_least(what, faster, least, ratio, goal=goal), measured=shown)


def _in_child(name: str, size: int) -> tuple[float, list[set[str]]] | str:
    """Seconds for a decision and the answers; or why there are none. Other engines may crash or hang."""
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[tuple[float, list[set[str]]]] = context.Queue()
    child = context.Process(target=_peer, args=(name, size, results))
    child.start()
    end = time.monotonic() + PEER_SECONDS
    try:
        while time.monotonic() < end:
            try:
                return results.get(timeout=0.2)
            except queue.Empty:
                if not child.is_alive():
                    return f"the process ended with {child.exitcode}"
        return f"no answer within {PEER_SECONDS} s"
    finally:
        child.kill()
        child.join()


def _peer(name: str, size: int, results: "multiprocessing.Queue[tuple[float, list[set[str]]]]") -> None:
    from . import peers  # noqa: PLC0415 -- only the child needs the other engines

    match = getattr(peers, name)(specs(size))
    customer_contexts = contexts(CUSTOMERS)[:PEER_CUSTOMERS]
    answers = [match(context) for context in customer_contexts]
    means = []
    for _ in range(3):
        started = time.process_time()
        for context in customer_contexts:
            match(context)
        means.append((time.process_time() - started) / len(customer_contexts))
    results.put((statistics.median(means), answers))

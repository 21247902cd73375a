"""Decisions in process: against the floor, by size, and against other engines."""

import gc
import multiprocessing
import queue
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from maitred.core.decide import decide
from maitred.core.policy import Policy

from .figures import Row, Section, at_least, at_most, ratio
from .policies import policy_of, question
from .workload import contexts, specs

SIZES = (1_000, 10_000, 100_000)
LEAST_FASTER = 300.0
MOST_GROWTH = 15.0
OF_FLOOR = {1_000: 1 / 10, 10_000: 1 / 4, 100_000: 1.0}
ROUNDS = 7
CUSTOMERS = 200
PEER_CUSTOMERS = 20
PEER_SECONDS = 120
PEERS = {
    1_000: ("cel_loop", "zen_table", "durable_rules"),
    10_000: ("cel_loop", "zen_table", "durable_rules"),
}
_NAMES = {"cel_loop": "a CEL loop", "zen_table": "a zen-engine table", "durable_rules": "durable-rules"}


def decision_seconds(policy: Policy, found: Sequence[dict[str, Any]]) -> float:
    """Median over rounds of the mean time of one decision, reading the context included."""
    means = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for context in found:
            decide(policy, question(policy, context, 3))
        means.append((time.perf_counter() - started) / len(found))
    return statistics.median(means)


def measure(floor_seconds: float, progress: Callable[[str], None]) -> list[Section]:
    """``floor_seconds`` is the server time of one no-op RPC."""
    found = contexts(CUSTOMERS)
    seconds: dict[int, float] = {}
    answers: dict[int, list[set[str]]] = {}
    for size in SIZES:
        progress(f"compiling {size:,} actions")
        policy = policy_of(specs(size))
        gc.freeze()  # as the service does with every ruleset it loads
        seconds[size] = decision_seconds(policy, found)
        answers[size] = [_names(policy, context) for context in found[:PEER_CUSTOMERS]]
    return [_against_floor(seconds, floor_seconds), _against_peers(seconds, answers, progress)]


def _names(policy: Policy, context: dict[str, Any]) -> set[str]:
    return {proposal.action for proposal in decide(policy, question(policy, context, 100_000)).proposals}


def _against_floor(seconds: dict[int, float], floor_seconds: float) -> Section:
    rows = [Row("server time of a no-op RPC", f"{floor_seconds * 1e6:.0f} us")]
    for size, most in OF_FLOOR.items():
        row = at_most(f"{size:,} actions, of a no-op RPC", seconds[size] / floor_seconds, most, ratio)
        rows.append(Row(row.what, f"{row.measured} ({seconds[size] * 1e6:.1f} us)", row.budget, row.met))
    growth = seconds[SIZES[-1]] / seconds[SIZES[0]]
    rows.append(at_most("growth from 1,000 to 100,000 actions", growth, MOST_GROWTH, ratio))
    return Section("A decision in process, twelve attributes", tuple(rows))


def _against_peers(
    seconds: dict[int, float], answers: dict[int, list[set[str]]], progress: Callable[[str], None]
) -> Section:
    rows = []
    for size, names in PEERS.items():
        for name in names:
            progress(f"{_NAMES[name]}, {size:,} actions")
            rows.append(_peer_row(name, size, seconds[size], answers[size]))
    return Section("The same actions in other engines, answers compared", tuple(rows))


def _peer_row(name: str, size: int, own_seconds: float, wanted: list[set[str]]) -> Row:
    what = f"{_NAMES[name]}, {size:,} actions"
    got = _in_child(name, size)
    if isinstance(got, str):
        return Row(what, got)
    peer_seconds, answers = got
    if answers != wanted:
        differing = sum(left != right for left, right in zip(answers, wanted, strict=True))
        return Row(what, f"other answers for {differing} of {len(wanted)} customers", "the same", met=False)
    row = at_least(what, peer_seconds / own_seconds, LEAST_FASTER, ratio)
    budgeted = name != "durable_rules"
    shown = f"{row.measured} as long ({peer_seconds * 1e3:.2f} ms), same answers"
    return Row(what, shown, row.budget if budgeted else "", row.met if budgeted else None)


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
    found = contexts(CUSTOMERS)[:PEER_CUSTOMERS]
    answers = [match(context) for context in found]
    means = []
    for _ in range(3):
        started = time.perf_counter()
        for context in found:
            match(context)
        means.append((time.perf_counter() - started) / len(found))
    results.put((statistics.median(means), answers))

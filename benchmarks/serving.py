"""Decide over gRPC, against a no-op server with the same messages, turn and turn about."""

import itertools
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from maitred.bootstrap.rules import check_rules
from maitred.store import open_store
from maitred.v1 import decision_pb2 as pb

from . import commits, h2, matching, ruleset, servers
from .figures import Row, Section, at_least, at_most, ratio
from .workload import contexts, specs

METHOD = "/maitred.v1.DecisionService/Decide"
ACTIONS = 1_000
ROUNDS = 6
SECONDS = 2.0
SERVER_THREADS = 64
LEAST_OF_FLOOR, GOAL_OF_FLOOR = 0.70, 0.85
MOST_OVERHEAD_MS = 0.2
MOST_SITUATIONS_COST = 0.05
SITUATIONS = 50


@dataclass(slots=True)
class Rounds:
    """What one server has shown, round by round."""

    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)


def requests(prefix: str) -> Iterator[bytes]:
    """Messages without end, each with its own request id."""
    bodies = [orjson.dumps(context) for context in contexts(500)]
    for number in itertools.count():
        request = pb.DecideRequest(
            request_id=f"{prefix}-{number}",
            customer_id=str(number % 10_000),
            channel="pos",
            context_json=bodies[number % len(bodies)],
            max_actions=3,
        )
        yield request.SerializeToString()


def measure(progress: Callable[[str], None]) -> tuple[list[Section], float]:
    """The sections, and the server time of one no-op RPC in seconds."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        plain = ruleset.write(place / "plain", specs(ACTIONS))
        chained = ruleset.write(place / "chained", specs(ACTIONS), ruleset.situations(SITUATIONS))
        progress("starting the servers")
        running = {
            "no-op": stack.enter_context(servers.noop(SERVER_THREADS)),
            "maitred": stack.enter_context(servers.maitred(plain, f"sqlite:///{place}/plain.db")),
            "situations": stack.enter_context(servers.maitred(chained, f"sqlite:///{place}/chained.db")),
        }
        with _apart(running.values()):
            busy = _saturated(running, progress)
            alone = _one_at_a_time(running, progress)
        progress("situations in process")
        added_us = _decision_us(chained) - _decision_us(plain)
        commit_ms = commits.single_commit_ms(open_store(f"sqlite:///{place}/commits.db"))
    floor_seconds = statistics.median(busy["no-op"].cpu_us) / 1e6
    return [_saturation(busy, added_us), _alone(alone, commit_ms)], floor_seconds


def _decision_us(rules: Path) -> float:
    """One decision in process, in microseconds."""
    policy = check_rules(rules).policy
    assert policy
    return matching.decision_seconds(policy, contexts(matching.CUSTOMERS)) * 1e6


class _apart:  # noqa: N801 -- reads as a context
    """Servers on one core, the client on another: neither takes the other's time."""

    def __init__(self, running: Iterator[servers.Server] | object) -> None:
        self._pids = [server.pid for server in running]  # type: ignore[attr-defined]

    def __enter__(self) -> None:
        self._before = os.sched_getaffinity(0)
        if len(self._before) > 1:
            client, *_, server = sorted(self._before)
            os.sched_setaffinity(0, {client})
            for pid in self._pids:
                for task in os.listdir(f"/proc/{pid}/task"):
                    os.sched_setaffinity(int(task), {server})

    def __exit__(self, *_: object) -> None:
        os.sched_setaffinity(0, self._before)


def _saturated(running: dict[str, servers.Server], progress: Callable[[str], None]) -> dict[str, Rounds]:
    found = {name: Rounds() for name in running}
    for number in range(ROUNDS):
        for name, server in running.items():
            progress(f"saturation, round {number + 1} of {ROUNDS}: {name}")
            before = server.cpu_seconds()
            load = h2.run(server.port, METHOD, requests(f"busy-{name}-{number}"), SECONDS)
            assert not load.failed, f"{load.failed} calls failed"
            latencies = sorted(load.latencies)
            found[name].rates.append(load.rate)
            found[name].cpu_us.append((server.cpu_seconds() - before) / load.answered * 1e6)
            found[name].p99_ms.append(latencies[int(len(latencies) * 0.99)] * 1e3)
    return found


def _one_at_a_time(running: dict[str, servers.Server], progress: Callable[[str], None]) -> dict[str, Rounds]:
    found = {name: Rounds() for name in ("no-op", "maitred")}
    for number in range(ROUNDS):
        for name, rounds in found.items():
            progress(f"one at a time, round {number + 1} of {ROUNDS}: {name}")
            messages = requests(f"alone-{name}-{number}")
            load = h2.run(running[name].port, METHOD, messages, SECONDS / 2, connections=1, streams=1)
            rounds.latency_ms.append(statistics.median(load.latencies) * 1e3)
    return found


def _pairs(left: list[float], right: list[float]) -> float:
    """Median of the ratios, round by round: the machine's speed drifts."""
    return statistics.median(a / b for a, b in zip(left, right, strict=True))


def _saturation(found: dict[str, Rounds], added_us: float) -> Section:
    floor, own, chained = found["no-op"], found["maitred"], found["situations"]
    share = _pairs(own.rates, floor.rates)
    seen = 1 - _pairs(chained.rates, own.rates)
    cost = added_us / statistics.median(own.cpu_us)
    least = at_least("Decide, of the no-op server's throughput", share, LEAST_OF_FLOOR, ratio)
    budget = f"{least.budget}, goal {ratio(GOAL_OF_FLOOR)}"
    return Section(
        f"Decide over gRPC at saturation: {ACTIONS:,} actions, durable on SQLite with synchronous=FULL",
        (
            Row("no-op server", f"{statistics.median(floor.rates):,.0f}/s"),
            Row(
                "maitred",
                f"{statistics.median(own.rates):,.0f}/s, p99 {statistics.median(own.p99_ms):.0f} ms"
                " with 128 in flight",
            ),
            Row(least.what, least.measured, budget, least.met),
            Row("server time of Decide, of the no-op's", ratio(_pairs(own.cpu_us, floor.cpu_us))),
            Row(f"throughput lost with {SITUATIONS} situations, by the servers", f"{seen:.1%}"),
            at_most(
                f"cost of {SITUATIONS} situations in process, of Decide's server time",
                cost,
                MOST_SITUATIONS_COST,
                lambda share: f"{share:.1%}",
            ),
        ),
    )


def _alone(found: dict[str, Rounds], commit_ms: float) -> Section:
    floor = statistics.median(found["no-op"].latency_ms)
    own = statistics.median(found["maitred"].latency_ms)
    return Section(
        "Decide, one request at a time",
        (
            Row("no-op server, median", f"{floor:.2f} ms"),
            Row("one commit of one record, median", f"{commit_ms:.2f} ms"),
            Row("maitred, median", f"{own:.2f} ms"),
            at_most(
                "beyond the no-op and one commit",
                own - floor - commit_ms,
                MOST_OVERHEAD_MS,
                lambda ms: f"{ms:.2f} ms",
            ),
        ),
    )

"""Decide over gRPC, against a no-op server with the same messages, turn and turn about."""

import statistics
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

from maitred.bootstrap.rules import check_rules
from maitred.store import open_store

from . import commits, figures, matching, ruleset, servers
from .figures import Row, Section, at_least, at_most, ratio
from .requests import DECIDE, decides, every_customer
from .rounds import ROUNDS, Contender, Progress, Shown, in_turn, lost, paired, play, send, take_turns
from .workload import contexts, specs

ACTIONS = 1_000
SERVER_THREADS = 64
MIN_OF_FLOOR, GOAL_OF_FLOOR = 1.0, 1.3
MAX_OVERHEAD_MS, GOAL_OVERHEAD_MS = 0.15, 0.10
MAX_SITUATIONS_COST = 0.05
SITUATIONS = 50


def measure(progress: Progress) -> list[Section]:
    """Two sections: at saturation, and one request at a time."""
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
        contenders = {name: Contender(server, DECIDE, decides) for name, server in running.items()}
        with servers.apart(running.values()):
            for name in ("maitred", "situations"):
                send(running[name], DECIDE, every_customer("first"))
            busy = take_turns(contenders, progress)
            alone, commit_ms = _one_at_a_time(contenders, place, progress)
        progress("situations in process")
        added_us = _added_us(chained, plain)
    return [_saturation(busy, added_us), _alone(alone, commit_ms)]


def saturated(shown: Shown) -> str:
    """Rate and latency of a contender, in words."""
    rate, p99_ms = statistics.median(shown.rates), statistics.median(shown.p99_ms)
    return f"{rate:,.0f}/s, p99 {p99_ms:.0f} ms with 128 in flight"


def floor_rate(shown: Shown) -> str:
    """The same of the floor."""
    return f"{statistics.median(shown.rates):,.0f}/s"


def _added_us(chained: Path, plain: Path) -> list[float]:
    """What one decision in process takes longer by the one rules than by the other, round by round."""
    more, less = check_rules(chained).policy, check_rules(plain).policy
    assert more
    assert less
    customer_contexts = contexts(matching.CUSTOMERS)
    return [
        (matching.mean_seconds(more, customer_contexts) - matching.mean_seconds(less, customer_contexts))
        * 1e6
        for _ in range(ROUNDS)
    ]


def _one_at_a_time(
    contenders: dict[str, Contender], place: Path, progress: Progress
) -> tuple[dict[str, Shown], list[float]]:
    """What the floor and the service have shown, and the time of a commit, round by round."""
    names = ("no-op", "maitred")
    results = {name: Shown() for name in names}
    commit_ms = []
    with closing(open_store(f"sqlite:///{place}/commits.db")) as store:
        for number in range(ROUNDS):
            progress(f"one at a time, round {number + 1} of {ROUNDS}")
            for name in in_turn(names, number):
                play(results[name], contenders[name], f"{name} alone {number}", alone=True)
            commit_ms.append(commits.single_commit_ms(store))
    return results, commit_ms


def _saturation(results: dict[str, Shown], added_us: list[float]) -> Section:
    floor, own, chained = results["no-op"], results["maitred"], results["situations"]
    share = paired(own.rates, floor.rates)
    cost = paired(added_us, own.cpu_us)
    loss = paired(chained.rates, own.rates, lost)
    return Section(
        f"Decide over gRPC at saturation: {ACTIONS:,} actions, durable on SQLite with synchronous=FULL",
        (
            Row("no-op server", floor_rate(floor)),
            Row("maitred", saturated(own)),
            at_least(
                "Decide, of the no-op server's throughput", share, MIN_OF_FLOOR, ratio, goal=GOAL_OF_FLOOR
            ),
            Row(
                "server time of Decide, of the no-op's",
                figures.shown(paired(own.cpu_us, floor.cpu_us), ratio),
            ),
            Row(
                f"throughput lost with {SITUATIONS} situations, by the servers",
                figures.shown(loss, figures.percent),
            ),
            at_most(
                f"cost of {SITUATIONS} situations in process, of Decide's server time",
                cost,
                MAX_SITUATIONS_COST,
                figures.percent,
            ),
        ),
    )


def _alone(results: dict[str, Shown], commit_ms: list[float]) -> Section:
    floor, own = results["no-op"].median_ms, results["maitred"].median_ms
    beyond = [mine - least - commit for mine, least, commit in zip(own, floor, commit_ms, strict=True)]
    return Section(
        "Decide, one request at a time",
        (
            Row("no-op server, median", _ms(statistics.median(floor))),
            Row("one commit of one record, median", _ms(statistics.median(commit_ms))),
            Row("maitred, median", _ms(statistics.median(own))),
            at_most(
                "beyond the no-op and one commit",
                figures.spread(beyond),
                MAX_OVERHEAD_MS,
                _ms,
                goal=GOAL_OVERHEAD_MS,
            ),
        ),
    )


def _ms(value: float) -> str:
    return f"{value:.2f} ms"

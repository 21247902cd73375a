"""Decide far beyond the peak, with deadlines, over connections that obey the limit of streams."""

import itertools
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from maitred.settings import DEFAULT_STREAMS

from . import figures, h2, openloop, ruleset, servers
from .figures import Row, Section, Spread, at_least, at_most, percent, ratio, spread
from .requests import DECIDE, decides, every_customer
from .rounds import Progress, send
from .workload import specs

ACTIONS = 1_000
TIMES = 1.5, 3.0, 10.0
TILL_STREAMS = 8
"""Of a till, which has a connection of its own."""
MANY_CONNECTIONS = 64
"""With so many streams or connections the limit does not keep calls away that cannot be answered."""
ROUNDS, SECONDS = 5, 2.0
MIN_GOODPUT, GOAL_GOODPUT = 0.80, 0.95
MAX_REFUSAL_SHARE, GOAL_REFUSAL_SHARE = 0.20, 0.05
MAX_MEMORY = 1.5


class _Load(NamedTuple):
    """How many times the peak, over how many connections of how many streams."""

    times: float
    connections: int = openloop.CONNECTIONS
    streams: int = TILL_STREAMS


LOADS = tuple(_Load(times) for times in TIMES)
CROWDED = tuple(_Load(times, MANY_CONNECTIONS) for times in TIMES[:2])
UNLIMITED = tuple(_Load(times, streams=DEFAULT_STREAMS) for times in TIMES[:2])


def measure(progress: Progress) -> list[Section]:
    """One section. Each round finds the peak of the moment, and overload is told in parts of it."""
    number = itertools.count()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rules = ruleset.write(place / "plain", specs(ACTIONS))
        with (
            servers.maitred(
                rules, f"sqlite:///{place}/plain.db", MAITRED_STREAMS_PER_CONNECTION=str(TILL_STREAMS)
            ) as server,
            servers.maitred(rules, f"sqlite:///{place}/many.db") as unlimited,
            servers.apart([server, unlimited]),
        ):
            for one in (server, unlimited):
                send(one, DECIDE, every_customer("first"))
            idle, peaks = server.resident_bytes(), []
            shown: dict[_Load, list[openloop.Fates]] = {load: [] for load in (*LOADS, *CROWDED, *UNLIMITED)}
            for turn in range(ROUNDS):
                progress(f"overload, round {turn + 1} of {ROUNDS}")
                peaks.append(h2.run(server.port, DECIDE, decides(f"peak {next(number)}"), SECONDS).rate)
                for load, fates in shown.items():
                    messages, rate = decides(f"open {next(number)}"), load.times * peaks[-1]
                    port = (server if load.streams == TILL_STREAMS else unlimited).port
                    fates.append(
                        openloop.run(port, DECIDE, messages, rate, SECONDS, connections=load.connections)
                    )
            memory = server.resident_bytes() / idle
    return [_section(peaks, shown, memory)]


def _section(peaks: list[float], shown: dict[_Load, list[openloop.Fates]], memory: float) -> Section:
    goodput = {
        load: spread(one.goodput / peak for one, peak in zip(fates, peaks, strict=True))
        for load, fates in shown.items()
    }
    return Section(
        f"Overload: Decide with deadlines of {openloop.DEADLINE_SECONDS * 1e3:.0f} ms, "
        f"{openloop.CONNECTIONS} connections of {TILL_STREAMS} streams",
        (
            Row("peak", f"{spread(peaks).median:,.0f}/s"),
            *(
                at_least(
                    f"answered in time at {load.times:g} times the peak",
                    goodput[load],
                    MIN_GOODPUT,
                    ratio,
                    goal=GOAL_GOODPUT,
                )
                for load in LOADS
            ),
            *(_fates(load, shown[load]) for load in LOADS),
            at_most(
                f"a refusal at {TIMES[0]:g} times the peak, 99th percentile, of the deadline",
                _refusals(shown[LOADS[0]]),
                MAX_REFUSAL_SHARE,
                percent,
                goal=GOAL_REFUSAL_SHARE,
            ),
            *(
                Row(f"the same at {load.times:g} times the peak {_how(load)}", text)
                for load in (*CROWDED, *UNLIMITED)
                for text in (
                    f"{figures.shown(goodput[load], ratio)}; refusals {_refusals(shown[load]).median:.1%}",
                )
            ),
            at_most("resident memory, of idle", memory, MAX_MEMORY, ratio),
            Row("calls sent late by the load client, 99th percentile", f"{_lateness_ms(shown):.1f} ms"),
        ),
    )


def _how(load: _Load) -> str:
    return f"over {load.connections} connections of {load.streams} streams"


def _fates(load: _Load, fates: Sequence[openloop.Fates]) -> Row:
    shares = {
        fate: statistics.median(one.share(fate) for one in fates)
        for fate in ("answered", "refused", "expired", "not sent")
    }
    summary = ", ".join(f"{share:.0%} {fate}" for fate, share in shares.items())
    return Row(f"what became of calls at {load.times:g} times the peak", summary)


def _refusals(fates: Sequence[openloop.Fates]) -> Spread:
    """The 99th percentile of the time to a refusal, of the deadline; nothing where nobody was refused."""
    return spread(one.percentile_ms("refused", 0.99) / 1e3 / openloop.DEADLINE_SECONDS for one in fates)


def _lateness_ms(shown: dict[_Load, list[openloop.Fates]]) -> float:
    return max(statistics.median(one.lateness_ms for one in fates) for fates in shown.values())

"""Decide far beyond the peak, with deadlines, over sixteen connections that obey the limit of streams."""

import itertools
import tempfile
from pathlib import Path

from . import h2, openloop, ruleset, servers
from .figures import Row, Section, at_least, at_most, percent, ratio, spread
from .requests import DECIDE, decides, every_customer
from .rounds import Progress, send
from .workload import specs

ACTIONS = 1_000
TIMES = 1.5, 3.0, 10.0
ROUNDS, SECONDS = 5, 2.0
MIN_GOODPUT, MAX_REFUSAL_SHARE, MAX_MEMORY = 0.8, 0.2, 1.5


def measure(progress: Progress) -> list[Section]:
    """One section. Each round finds the peak of the moment, and overload is told in parts of it."""
    number = itertools.count()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rules = ruleset.write(place / "plain", specs(ACTIONS))
        with servers.maitred(rules, f"sqlite:///{place}/plain.db") as server, servers.apart([server]):
            send(server, DECIDE, every_customer("first"))
            idle, peaks = server.resident_bytes(), []
            shown: dict[float, list[openloop.Fates]] = {times: [] for times in TIMES}
            goodput: dict[float, list[float]] = {times: [] for times in TIMES}
            for turn in range(ROUNDS):
                progress(f"overload, round {turn + 1} of {ROUNDS}")
                load = h2.run(server.port, DECIDE, decides(f"peak {next(number)}"), SECONDS)
                peaks.append(load.rate)
                for times in TIMES:
                    messages = decides(f"open {next(number)}")
                    fates = openloop.run(server.port, DECIDE, messages, times * load.rate, SECONDS)
                    shown[times].append(fates)
                    goodput[times].append(fates.goodput / load.rate)
            memory = server.resident_bytes() / idle
    return [_section(peaks, goodput, shown, memory)]


def _section(
    peaks: list[float],
    goodput: dict[float, list[float]],
    shown: dict[float, list[openloop.Fates]],
    memory: float,
) -> Section:
    refusals = [
        fates.percentile_ms("refused", 0.99) / 1e3 / openloop.DEADLINE_SECONDS for fates in shown[TIMES[0]]
    ]
    return Section(
        f"Overload: Decide with deadlines of {openloop.DEADLINE_SECONDS * 1e3:.0f} ms, "
        f"{openloop.CONNECTIONS} connections",
        (
            Row("peak", f"{spread(peaks).median:,.0f}/s"),
            *(
                at_least(f"answered in time at {times:g} times the peak", spread(shares), MIN_GOODPUT, ratio)
                for times, shares in goodput.items()
            ),
            at_most(
                f"a refusal at {TIMES[0]:g} times the peak, 99th percentile, of the deadline",
                spread(refusals),
                MAX_REFUSAL_SHARE,
                percent,
            ),
            at_most("resident memory, of idle", memory, MAX_MEMORY, ratio),
        ),
    )

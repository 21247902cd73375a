"""Decide by one, two and four workers on one PostgreSQL, and who keeps the cores of this machine busy."""

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from . import figures, h2, postgres, ruleset, servers
from .figures import Row, Section, ratio
from .limits import LIMITS, LOCATIONS
from .requests import DECIDE, decides, every_customer
from .rounds import MAX_PREPARING_SECONDS, Progress, in_turn, paired
from .serving import ACTIONS
from .workload import specs

WORKERS = 1, 2, 4
ROUNDS, SECONDS = 6, 2.0
CONNECTIONS, STREAMS = 32, 4
"""Many connections, because the kernel spreads connections over workers, not calls."""
KINDS = {"without limits": "", "with limits": LIMITS}


@dataclass(slots=True)
class Shown:
    """What so many workers have shown, round by round. Processor times in microseconds a call."""

    rates: list[float] = field(default_factory=list)
    worker_us: list[float] = field(default_factory=list)
    client_us: list[float] = field(default_factory=list)
    other_us: list[float] = field(default_factory=list)
    busy_cores: list[float] = field(default_factory=list)


def measure(progress: Progress) -> list[Section]:
    """A section for Decide without limits and one with them; one that says why where no PostgreSQL is."""
    try:
        return [_section(kind, _turns(limits, progress)) for kind, limits in KINDS.items()]
    except postgres.NoServerError as why:
        return [Section(_title("without limits"), (Row("workers", f"not measured: {why}"),))]


def _turns(limits: str, progress: Progress) -> dict[int, Shown]:
    results = {workers: Shown() for workers in WORKERS}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        rules = ruleset.write(place / "rules", specs(ACTIONS), limits)
        progress("starting the workers")
        running = {workers: stack.enter_context(_serving(rules, place, workers)) for workers in WORKERS}
        for workers, server in running.items():
            progress(f"making the customers known: {workers} workers")
            _load(server, every_customer(f"first {workers}", locations=LOCATIONS), MAX_PREPARING_SECONDS)
        for number in range(ROUNDS):
            for workers in in_turn(WORKERS, number):
                progress(f"round {number + 1} of {ROUNDS}: {workers} workers")
                _play(results[workers], running[workers], f"{workers} {number}")
    return results


@contextlib.contextmanager
def _serving(rules: Path, place: Path, workers: int) -> Iterator[servers.Server]:
    """So many workers on one PostgreSQL, or on one schema of the server that is named for benchmarks."""
    keys = f"{place}/{workers}.keys"
    with (
        postgres.server() as url,
        servers.maitred(rules, url, workers=workers, MAITRED_KEYS=keys) as server,
    ):
        yield server


def _play(shown: Shown, server: servers.Server, word: str) -> None:
    before = _clocks(server)
    load = _load(server, decides(word, locations=LOCATIONS), SECONDS)
    elapsed, busy, own, client = (end - start for start, end in zip(before, _clocks(server), strict=True))
    shown.rates.append(load.rate)
    shown.worker_us.append(own / load.answered * 1e6)
    shown.client_us.append(client / load.answered * 1e6)
    shown.other_us.append((busy - own - client) / load.answered * 1e6)
    shown.busy_cores.append(busy / elapsed)


def _clocks(server: servers.Server) -> tuple[float, float, float, float]:
    """The time, and the processor time of the machine, of the workers and of the client."""
    return time.monotonic(), servers.busy_seconds(), server.cpu_seconds_of_all(), time.process_time()


def _load(server: servers.Server, messages: Iterator[bytes], seconds: float) -> h2.Load:
    load = h2.run(server.port, DECIDE, messages, seconds, connections=CONNECTIONS, streams=STREAMS)
    assert load.answered
    assert not load.failed, f"{load.failed} calls failed"
    return load


def _title(kind: str) -> str:
    return f"Workers on one PostgreSQL, {kind}: {os.cpu_count()} cores for workers, database and client"


def _section(kind: str, results: dict[int, Shown]) -> Section:
    return Section(_title(kind), tuple(row for workers in WORKERS for row in _rows(results, workers)))


def _rows(results: dict[int, Shown], workers: int) -> Iterator[Row]:
    own, one = results[workers], results[WORKERS[0]]
    name = f"{workers} workers" if workers > 1 else "1 worker"
    yield Row(name, f"{statistics.median(own.rates):,.0f}/s")
    if workers > 1:
        yield Row(f"{name}, of one", figures.shown(paired(own.rates, one.rates), ratio))
    yield Row(
        f"{name}: processor time a call",
        f"workers {_us(own.worker_us)}, client {_us(own.client_us)}, database, rest {_us(own.other_us)}",
    )
    yield Row(f"{name}: cores that are busy", f"{statistics.median(own.busy_cores):.1f} of {os.cpu_count()}")


def _us(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} us"

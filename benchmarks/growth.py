"""Decide with limits on a database that holds millions of decisions, against an empty one.

`tools.fill` fills a database, once: it is kept in a folder outside the repository, so that measuring again
takes a minute. Each run adds some tens of thousands of decisions to it. What is counted in the ledger is not
forgotten meanwhile, however old the filled database is.

Known customers were asked for beforehand, and what is held for them serves again. They are a twentieth of
the customers of the filled database and lie all over it. First decisions are of customers that nobody has
heard of: each adds a person, a counter, and a lot and a unit for each proposal.
"""

import contextlib
import itertools
import shutil
import statistics
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tools import fill

from . import figures, postgres, ruleset, servers
from .figures import Row, Section, at_least, ratio
from .limits import LIMITS, LOCATIONS
from .requests import CUSTOMERS, DECIDE, decides
from .rounds import Contender, Progress, Shown, paired, send, take_turns
from .serving import ACTIONS
from .workload import specs

DECISIONS = 2_000_000
KEPT = Path.home() / ".cache" / "maitred-benchmarks"
MIN_OF_EMPTY, GOAL_OF_EMPTY = 0.9, 1.0
EMPTY, FILLED = "empty", "filled"
KINDS = KNOWN, FIRST = "known customers", "first decisions of customers"
STRIDE = fill.CUSTOMERS // CUSTOMERS
WHOLE = "whole"
"""A file that is there once the database beside it was filled to its end."""
Value = TypeVar("Value")
_COUNT = text("SELECT coalesce(sum(rows), 0) FROM log_writer")


@dataclass(frozen=True, slots=True)
class Base:
    """A database that is served: where it is, its keys, and what is known of it."""

    url: str
    keys: Path
    size: Callable[[], int]
    backends: Callable[[], tuple[int, ...]] = tuple
    """Processes of the database that work for whoever serves it."""

    def decisions(self) -> int:
        """How many were ever written."""
        engine = create_engine(self.url.replace("postgresql://", "postgresql+psycopg://", 1))
        try:
            with engine.connect() as connection:
                return int(connection.execute(_COUNT).scalar_one())
        finally:
            engine.dispose()


def on_sqlite(progress: Progress, *, decisions: int = DECISIONS, kept: Path = KEPT) -> list[Section]:
    """One section."""
    with tempfile.TemporaryDirectory() as folder:
        place, filled = Path(folder), _sqlite(kept / f"sqlite-{decisions}")
        rules = _rules(place)
        _fill(filled, rules, decisions, progress)
        bases = {FILLED: filled, EMPTY: _sqlite(place)}
        return [_measured("SQLite", rules, bases, progress)]


def on_postgres(progress: Progress, *, decisions: int = DECISIONS, kept: Path = KEPT) -> list[Section]:
    """One section."""
    cluster = kept / f"postgres-{decisions}"
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        cluster.mkdir(parents=True, exist_ok=True)
        try:
            server = stack.enter_context(postgres.running(cluster / "data"))
        except postgres.NoServerError as why:
            return [Section(_title("PostgreSQL"), (Row("rate", f"not measured: {why}"),))]
        empty = stack.enter_context(postgres.schema(server))
        name = f"maitred_filled_{decisions}"
        if not (cluster / WHOLE).exists():
            postgres.run(server, f"DROP SCHEMA IF EXISTS {name} CASCADE")
        kept_url = stack.enter_context(postgres.schema(server, name))
        filled = _postgres(kept_url, cluster / "filled.keys")
        rules = _rules(place)
        if _fill(filled, rules, decisions, progress):
            progress("VACUUM ANALYZE")
            postgres.run(server, "VACUUM ANALYZE")
        bases = {FILLED: filled, EMPTY: _postgres(empty, place / "empty.keys")}
        return [_measured("PostgreSQL", rules, bases, progress)]


def _rules(place: Path) -> Path:
    return ruleset.write(place / "rules", specs(ACTIONS), LIMITS)


def _sqlite(folder: Path) -> Base:
    file = folder / "decisions.db"
    return Base(f"sqlite:///{file}", folder / "filled.keys", lambda: file.stat().st_size)


def _postgres(url: str, keys: Path) -> Base:
    name = uuid.uuid4().hex
    named = make_url(url).update_query_dict({"application_name": name}).render_as_string(hide_password=False)
    return Base(named, keys, partial(postgres.schema_bytes, url), partial(postgres.backends, url, name))


def _fill(base: Base, rules: Path, decisions: int, progress: Progress) -> bool:
    """Fills the database unless it was filled already; returns whether it did."""
    folder = base.keys.parent
    if (folder / WHOLE).exists():
        return False
    if base.url.startswith("sqlite"):
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    progress("filling the database")
    for done in fill.fill(base.url, base.keys, rules, decisions):
        progress(f"filling the database: {done:,} of {decisions:,} decisions")
    (folder / WHOLE).touch()
    return True


def _measured(name: str, rules: Path, bases: Mapping[str, Base], progress: Progress) -> Section:
    with ExitStack() as stack:
        stored = {kind: base.decisions() for kind, base in bases.items() if kind == FILLED}
        running = {}
        for kind, base in bases.items():
            progress(f"starting the servers: {kind}")
            running[kind] = stack.enter_context(_serving(rules, base))
        starts = {kind: server.cpu_seconds() for kind, server in running.items()}
        with servers.apart(running.values()):
            for kind, server in running.items():
                progress(f"making the customers known: {kind}")
                send(server, DECIDE, itertools.islice(_known(f"first {uuid.uuid4()}"), CUSTOMERS))
            results = take_turns(_contenders(running), progress)
        memory = {kind: server.resident_bytes() for kind, server in running.items()}
    about = (
        Row("decisions stored", f"{stored[FILLED]:,}"),
        Row("database, a decision", f"{bases[FILLED].size() / bases[FILLED].decisions():,.0f} bytes"),
        Row("start, processor time", _both(starts, lambda seconds: f"{seconds:.1f} s")),
        Row("resident memory", _both(memory, lambda size: f"{size / 1e6:.0f} MB")),
    )
    return Section(_title(name), (*about, *_compared(results)))


@contextlib.contextmanager
def _serving(rules: Path, base: Base) -> Iterator[servers.Server]:
    with servers.maitred(
        rules, base.url, MAITRED_KEYS=str(base.keys), MAITRED_KEEP="ledger=forever"
    ) as server:
        yield replace(server, helpers=base.backends())


def _contenders(running: Mapping[str, servers.Server]) -> dict[str, Contender]:
    return {
        f"{kind}: {name}": Contender(server, DECIDE, asked)
        for kind, asked in ((KNOWN, _known), (FIRST, _strangers))
        for name, server in running.items()
    }


def _known(word: str) -> Iterator[bytes]:
    return decides(word, locations=LOCATIONS, customer=lambda number: f"filled-{number % CUSTOMERS * STRIDE}")


def _strangers(word: str) -> Iterator[bytes]:
    own = uuid.uuid4()
    return decides(f"{own} {word}", locations=LOCATIONS, customer=lambda number: f"{own} {number}")


def _compared(results: Mapping[str, Shown]) -> Iterator[Row]:
    for kind in KINDS:
        filled, empty = results[f"{kind}: {FILLED}"], results[f"{kind}: {EMPTY}"]
        of_empty = at_least(
            f"{kind}: rate, of that of an empty database",
            paired(filled.rates, empty.rates),
            MIN_OF_EMPTY,
            ratio,
            goal=GOAL_OF_EMPTY,
        )
        yield Row(kind, _both({FILLED: filled, EMPTY: empty}, _rate))
        yield of_empty
        by_time = paired(empty.cpu_us, filled.cpu_us)
        yield Row(f"{kind}: by processor time", figures.shown(by_time, ratio))


def _rate(shown: Shown) -> str:
    cpu_us, p99_ms = statistics.median(shown.cpu_us), statistics.median(shown.p99_ms)
    return f"{statistics.median(shown.rates):,.0f}/s, {cpu_us:.0f} us of processor time, p99 {p99_ms:.0f} ms"


def _both(values: Mapping[str, Value], show: Callable[[Value], str]) -> str:
    return f"{show(values[FILLED])}; empty {show(values[EMPTY])}"


def _title(name: str) -> str:
    return f"Decide with limits on a database of millions of decisions, {name}"

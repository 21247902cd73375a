"""Where the processor time of a decision goes, stage by stage, in process and in batches.

One thread does with a batch of messages what the loop does, and reads its own processor time at every
change of stage: other processes do not lengthen it. What happens within a transaction is told apart by what
the batch asks of the store. Receiving and sending are not among the stages.
"""

import gc
import io
import itertools
import sqlite3
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from maitred import store, telemetry, vault
from maitred.bootstrap.engine import Engine, make_engine
from maitred.bootstrap.rules import load_policy
from maitred.bootstrap.serving import GC_THRESHOLDS
from maitred.engine.deciding.tickets import Answered, Steps, get_ready
from maitred.rpc.convert.claims import claim_call, claim_response
from maitred.rpc.convert.decisions import decide_call, decide_response
from maitred.rulefiles import read_sources
from maitred.store import SqlStore

from . import claims, ruleset
from .figures import Row, Section
from .limits import LIMITS, LOCATIONS
from .requests import CUSTOMERS, decides
from .rounds import Progress
from .serving import ACTIONS
from .workload import specs

_Call = TypeVar("_Call")

BATCH, BATCHES = 64, 100
COMMIT, REST = "begin and commit", "decide, take, conclude, seal"
ASKED = (
    "find", "people", "add_people", "append", "open_claims", "clock", "read_counts", "read_held", "settle",
    "append_claims",
)  # fmt: skip
"""What a batch of decisions or claims asks of the store."""


def measure(progress: Progress) -> list[Section]:
    """One section for decisions without limits, one with, and one for claims."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        progress("decisions without limits, stage by stage")
        plain = _measured(place / "plain", "", 0)
        progress("decisions with limits, stage by stage")
        limited = _measured(place / "limited", LIMITS, LOCATIONS)
        progress("claims, stage by stage")
        claimed = _claimed(place / "claims")
    return [
        _section("Decide in process, stage by stage", *plain),
        _section("Decide with limits in process, stage by stage", *limited),
        _section("Claim in process, stage by stage", *claimed),
    ]


class Watch:
    """Processor time of this thread by stage, in seconds."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._within = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts what the block takes, less what stages within it do."""
        outer, self._within, began = self._within, 0.0, time.thread_time()
        yield
        took = time.thread_time() - began
        self.spent[name] += took - self._within
        self._within = outer + took


class _Timed:
    """A store whose transactions tell the watch what is asked of them."""

    def __init__(self, opened: SqlStore, watch: Watch) -> None:
        self._store, self._watch = opened, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """As the store's."""
        stage = self._watch.stage
        with stage(COMMIT), self._store.transaction() as transaction, stage(REST):
            yield _TimedTransaction(transaction, self._watch)


class _TimedTransaction:
    def __init__(self, transaction: Any, watch: Watch) -> None:
        self._transaction, self._watch = transaction, watch

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._transaction, name)
        return self._timed(name, method) if name in ASKED else method

    def _timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any) -> Any:
            with self._watch.stage(f"store: {name}"):
                return method(*args)

        return ask


def _measured(rules: Path, limits: str, locations: int) -> tuple[dict[str, list[float]], float]:
    """Microseconds a decision by stage, batch by batch; and bytes of database a decision."""
    ruleset.write(rules, specs(ACTIONS), limits)
    watch, database = Watch(), rules.with_suffix(".db")
    with closing(store.open_store(f"sqlite:///{database}")) as opened:
        engine = engine_on(_Timed(opened, watch), rules, database)
        messages = decides("stages", locations=locations)
        for _ in range(-(-CUSTOMERS // BATCH)):
            answered(engine, list(itertools.islice(messages, BATCH)), watch)
        return _watched(
            watch, database, lambda: answered(engine, list(itertools.islice(messages, BATCH)), watch)
        )


def _claimed(rules: Path) -> tuple[dict[str, list[float]], float]:
    """The same of claims that are granted, each of a decision of its own, all on one row of capacity."""
    ruleset.write(rules, specs(ACTIONS), claims.RULES)
    watch, database = Watch(), rules.with_suffix(".db")
    with closing(store.open_store(f"sqlite:///{database}")) as opened:
        engine = engine_on(_Timed(opened, watch), rules, database)
        made = claims.decisions(BATCH * BATCHES)
        while batch := list(itertools.islice(made, BATCH)):
            answered(engine, batch, watch)
        messages = claims.claims("stages", claims.PLENTY, itertools.count())
        return _watched(
            watch, database, lambda: claims_answered(engine, list(itertools.islice(messages, BATCH)), watch)
        )


def _watched(
    watch: Watch, database: Path, answer: Callable[[], object]
) -> tuple[dict[str, list[float]], float]:
    size, stage_us = _bytes(database), defaultdict[str, list[float]](list)
    for _ in range(BATCHES):
        watch.spent.clear()
        answer()
        for stage, seconds in watch.spent.items():
            stage_us[stage].append(seconds / BATCH * 1e6)
    return stage_us, (_bytes(database) - size) / (BATCH * BATCHES)


def engine_on(opened: Any, rules: Path, database: Path) -> Engine:
    """An engine like the service's, on an open store; its keyring lies beside the database."""
    keys = vault.open_vault(database.with_suffix(".keys"), create=True)
    observer = telemetry.make_observer({}, telemetry.configure_logging(io.StringIO(), {}))
    engine = make_engine(opened, keys, observer, load_policy, lambda: datetime.now(UTC))
    engine.rulesets.activate(read_sources(rules), str(rules))
    # As the service does: it is no part of a decision to look at the ruleset again and again.
    gc.set_threshold(*GC_THRESHOLDS)
    gc.freeze()
    return engine


def answered(engine: Engine, messages: Sequence[bytes], watch: Watch) -> list[bytes]:
    """Answers decisions as one batch, as the loop does."""
    method = _Method(decide_call, engine.decider.deciding, decide_response, "read facts, match, rank")
    return _in_one_batch(engine, method, messages, watch)


def claims_answered(engine: Engine, messages: Sequence[bytes], watch: Watch) -> list[bytes]:
    """Answers claims as one batch, as the loop does."""
    method = _Method(claim_call, engine.claimer.claiming, claim_response, "begin")
    return _in_one_batch(engine, method, messages, watch)


@dataclass(frozen=True, slots=True)
class _Method(Generic[_Call, Answered]):
    """How calls of a method are parsed, begun and rendered; ``beginning`` names the stage of the second."""

    parse: Callable[[bytes], _Call]
    begin: Callable[[_Call], Steps[Answered]]
    render: Callable[[Answered], bytes]
    beginning: str


def _in_one_batch(
    engine: Engine, method: _Method[_Call, Answered], messages: Sequence[bytes], watch: Watch
) -> list[bytes]:
    with watch.stage("parse"):
        calls = [method.parse(message) for message in messages]
    with watch.stage(method.beginning):
        begun = [method.begin(call) for call in calls]
        tickets = [next(steps) for steps in begun]
        get_ready(tickets)
    with watch.stage("committer"):
        engine.committer.settle(tickets)
    with watch.stage("answer"):
        answers = [_answer_of(steps) for steps in begun]
    with watch.stage("encode the answer"):
        return [method.render(answer) for answer in answers]


def _answer_of(steps: Steps[Answered]) -> Answered:
    try:
        next(steps)
    except StopIteration as end:
        answer: Answered = end.value
        return answer
    raise AssertionError("such a call has one ticket")


def _bytes(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        ((pages, size),) = connection.execute("SELECT * FROM pragma_page_count, pragma_page_size")
        return int(pages) * int(size)


def _section(title: str, stage_us: dict[str, list[float]], size: float) -> Section:
    rows = [Row(stage, f"{statistics.median(us):.1f} us") for stage, us in stage_us.items()]
    total = sum(statistics.median(us) for us in stage_us.values())
    return Section(
        title,
        (*rows, Row("all stages", f"{total:.1f} us"), Row("database, a call", f"{size:,.0f} bytes")),
    )

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest
from tests.clock import Clock

from maitred.bootstrap.engine import chores_of
from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.engine.ports.store import DecisionRecord, Person, StoreConflict, StoreDown
from maitred.settings import Keep
from maitred.store import open_store
from maitred.upkeep import retention
from maitred.upkeep.retention import Retention, forget, rest_seconds, terms

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEEP = Keep(decisions=2 * DAY, consents=None, ledger=DAY, events=3 * DAY)


class Shelves:
    """A store of so many rows of each class; every call takes so many seconds a row."""

    def __init__(self, clock, row_seconds=0.0, **rows):
        self.rows, self.asked = rows, []
        self._clock, self._row_seconds = clock, row_seconds
        self.failure = None

    def _purge(self, data, before, batch):
        if self.failure:
            raise self.failure
        gone = min(batch, self.rows.get(data, 0))
        self.rows[data] = self.rows.get(data, 0) - gone
        self.asked.append((data, before, batch))
        self._clock.now += gone * self._row_seconds
        return gone

    def purge_decisions(self, before, batch):
        return self._purge("decisions", before, batch)

    def purge_consents(self, before, batch):
        return self._purge("consents", before, batch)

    def purge_ledger(self, before, batch):
        return self._purge("ledger", before, batch)

    def purge_events(self, now, before, batch):
        assert now == NOON
        return self._purge("events", before, batch)


@pytest.fixture
def clock():
    return Clock()


def make(shelves, clock, reports, keep=KEEP):
    return Retention(shelves, keep, lambda: NOON, reports.append, clock=clock, rest=clock.rest)


def test_what_is_kept_for_ever_has_no_term():
    expected = {"decisions": NOON - 2 * DAY, "ledger": NOON - DAY, "events": NOON - 3 * DAY}
    assert terms(KEEP, NOON) == expected
    assert terms(Keep(None, None, None, None), NOON) == {}


def test_a_term_before_the_calendar_begins_is_its_beginning():
    assert terms(KEEP, datetime(1, 1, 2, tzinfo=UTC))["decisions"] == retention.EARLIEST


def test_all_that_is_over_goes_and_nothing_else_is_asked_for(clock):
    shelves: Any = Shelves(clock, decisions=2_500, consents=9, ledger=70)
    pieces = list(forget(shelves, KEEP, NOON, clock))
    assert sum(piece.rows for piece in pieces if piece.data == "decisions") == 2_500
    assert sum(piece.rows for piece in pieces if piece.data == "ledger") == 70
    assert shelves.rows == {"decisions": 0, "consents": 9, "ledger": 0, "events": 0}
    assert {before for data, before, _ in shelves.asked if data == "decisions"} == {NOON - 2 * DAY}


def test_pieces_grow_while_they_are_quick_and_shrink_when_they_are_slow(clock):
    quick: Any = Shelves(clock, decisions=10_000)
    list(forget(quick, KEEP, NOON, clock))
    assert [batch for _, _, batch in quick.asked[:5]] == [25, 50, 100, 200, 400]
    slow: Any = Shelves(clock, row_seconds=0.001, decisions=1_000)
    list(forget(slow, KEEP, NOON, clock))
    assert {batch for _, _, batch in slow.asked} == {25}


def test_decisions_have_the_database_longer_than_a_piece_takes(clock):
    shelves: Any = Shelves(clock, row_seconds=0.0001, decisions=1_000)
    reports: list[dict[str, int]] = []
    for piece in forget(shelves, KEEP, NOON, clock):
        assert rest_seconds(piece) >= 4 * piece.seconds > 0
    shelves.rows["decisions"] = 300
    make(shelves, clock, reports).step()
    assert all(seconds >= 0.01 for seconds in clock.rested)


def test_a_step_ends_in_time_for_a_stop_and_the_next_one_goes_on(clock):
    shelves: Any = Shelves(clock, decisions=200_000, ledger=1)
    reports: list[dict[str, int]] = []
    upkeep = make(shelves, clock, reports)
    steps = 0
    while not reports:
        began = clock.now
        upkeep.step()
        assert clock.now - began <= retention.SLICE_SECONDS + 0.05
        clock.now += 0.25
        steps += 1
        assert steps < 100
    assert steps > 1
    assert reports == [{"decisions": 200_000, "ledger": 1}]


def test_rounds_are_ten_minutes_apart_and_idle_ones_say_nothing(clock):
    shelves: Any = Shelves(clock)
    reports: list[dict[str, int]] = []
    upkeep = make(shelves, clock, reports)
    upkeep.step()
    asked = len(shelves.asked)
    clock.now += retention.ROUND_SECONDS - 1
    upkeep.step()
    assert len(shelves.asked) == asked
    clock.now += 1
    upkeep.step()
    assert len(shelves.asked) == 2 * asked
    assert reports == []


@pytest.mark.parametrize("failure", [StoreConflict("busy"), StoreDown("away")])
def test_a_round_that_fails_is_begun_again_after_a_minute(clock, failure):
    shelves: Any = Shelves(clock, decisions=5)
    reports: list[dict[str, int]] = []
    upkeep = make(shelves, clock, reports)
    shelves.failure = failure
    if isinstance(failure, StoreDown):
        with pytest.raises(StoreDown):
            upkeep.step()
    else:
        upkeep.step()  # another replica does it
    shelves.failure = None
    upkeep.step()
    assert shelves.rows["decisions"] == 5
    clock.now += retention.AGAIN_SECONDS
    upkeep.step()
    assert reports == [{"decisions": 5}]


def test_under_simulated_time_nothing_is_forgotten(clock):
    shelves: Any = Shelves(clock, decisions=5)
    engine: Any = SimpleNamespace(
        pauses=SimpleNamespace(refresh=lambda: None),
        learned=SimpleNamespace(refresh=lambda: None),
        rulesets=SimpleNamespace(active=None),
        guards=SimpleNamespace(check=lambda: None),
        committer=SimpleNamespace(forget_over=lambda _: None),
        clock=SimpleNamespace(now=lambda: NOON),
    )
    upkeep = make(shelves, clock, [])
    for chore in chain.from_iterable(chores_of(engine, upkeep, simulated_time=True)):
        chore.do()
    assert shelves.rows["decisions"] == 5
    for chore in chain.from_iterable(chores_of(engine, upkeep)):
        chore.do()
    assert shelves.rows["decisions"] == 0


def test_of_a_real_store_only_replaced_statements_go(tmp_path, closed_after):
    store = closed_after(open_store(f"sqlite:///{tmp_path}/maitred.db"))
    person = Person(b"r" * 16, b"p" * 18, b"k" * 60, {})
    stated = [
        Consent("ads", ConsentState.GRANTED, "app", NOON - 9 * DAY),
        Consent("ads", ConsentState.DENIED, "app", NOON - 8 * DAY),
        Consent("news", ConsentState.GRANTED, "app", NOON - 9 * DAY),
    ]
    with store.transaction() as transaction:
        assert transaction.record_consents(person, b"q" * 16, b"as sent", stated, stated[0].at)
    keep = Keep(decisions=None, consents=5 * DAY, ledger=None)
    assert [(piece.data, piece.rows) for piece in forget(store, keep, NOON)] == [("consents", 1)]
    assert {statement.purpose: statement.state for statement in store.statements(person.ref)} == {
        "ads": ConsentState.DENIED,
        "news": ConsentState.GRANTED,
    }


def test_replicas_forget_beside_each_other(postgres_url, closed_after):
    stores = [closed_after(open_store(postgres_url)) for _ in range(2)]
    for number in range(8):
        rows = [
            DecisionRecord(bytes([number, row]) * 8, NOON - 3 * DAY, "ab" * 32, b"", b"sealed", b"")
            for row in range(100)
        ]
        with stores[number % 2].transaction() as transaction:
            transaction.append(rows)

    def run(store):
        reports: list[Mapping[str, int]] = []
        upkeep = Retention(store, KEEP, lambda: NOON, reports.append)
        for _ in range(20):
            upkeep.step()  # does nothing any more once its round is over
        return reports

    with ThreadPoolExecutor(2) as pool:
        reports = [gone for reports in pool.map(run, stores) for gone in reports]
    assert sum(gone["decisions"] for gone in reports) == 800
    audit = stores[1].audit(lambda _: None)
    assert (audit.rows, audit.broken) == (0, ())

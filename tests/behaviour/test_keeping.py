"""How long events count: by their kind, and no longer than a service keeps any, in every process alike."""

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from tests.behaviour.conftest import VISIT, event
from tests.claims.harness import DAY, MINUTE, NOON, EngineHarness
from tests.recording import spied
from tests.rules import action, document

from maitred.engine.calls import EventsCall

MICRO, TERM = timedelta(microseconds=1), 30 * DAY
VISITS = document(
    "Context",
    "seen",
    """\
computed:
  customer.visits: {over: events.visit, count: true}
""",
)
RULES = action("back", eligibility="[{require: customer.visits > 0}]"), VISIT, VISITS


@pytest.fixture
def replicas(harness):
    """Two processes on one database, which keep no event for more than 30 days; a kind says 400."""
    both = [EngineHarness(harness.store, harness.keys, first, keep_events=TERM) for first in (1, 1_000_000)]
    for replica in both:
        replica.rules(*RULES)
    return both


def record(replica, *events):
    answers = replica.engine.recorder.record_events(EventsCall(events))
    return [(answer.recorded, answer.detail) for answer in answers]


def test_an_event_counts_no_longer_than_any_is_kept(replicas):
    writer, reader = replicas
    assert (
        record(writer, event("e-1", page="cars"), event("e-2", page="cars", at=NOON - MINUTE))
        == [(True, "")] * 2
    )
    assert writer.names() == ["back"]
    for replica in (writer, reader):
        assert replica.at(NOON + TERM - MICRO).names() == ["back"]
        assert replica.at(NOON + TERM).names() == []


def test_an_event_that_would_not_be_kept_is_refused(replicas):
    older, kept = event("old", at=NOON - TERM), event("kept", at=NOON - TERM + MICRO)
    words = "`at` is longer ago than events of kind `visit` are kept"
    assert record(replicas[0], older, kept) == [(False, words), (True, "")]


def test_what_is_over_does_not_stay_in_memory(replicas, monkeypatch):
    writer, _ = replicas
    record(writer, event("e-1", page="cars", at=NOON - MINUTE), event("e-2", "bob", page="cars"))
    reads = read_by(writer, monkeypatch)
    for customer in ("ann", "bob", "ann", "bob"):
        assert writer.names(customer) == ["back"]
    assert len(reads) == 2
    writer.engine.committer.forget_over(NOON + TERM - MINUTE - MICRO)
    assert writer.names("ann") == ["back"]
    assert len(reads) == 2
    writer.engine.committer.forget_over(NOON + TERM - MINUTE)
    assert (writer.names("ann"), writer.names("bob")) == (["back"], ["back"])
    assert len(reads) == 3


def read_by(replica, monkeypatch):
    """Grows with every look at the events in the database."""
    reads: list[Any] = []
    transaction = replica.store.transaction

    @contextmanager
    def watched():
        with transaction() as opened:
            events = opened.events
            monkeypatch.setattr(opened, "events", spied(reads, events))
            yield opened

    monkeypatch.setattr(replica.store, "transaction", watched)
    return reads

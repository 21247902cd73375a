"""Receivers that are down, slow or stuck, and more events than fit."""

import socket
import time
from typing import Any

import pytest
from tests.recording import spied
from tests.waiting import eventually

from maitred.engine.ports.observer import BatchCommitted, CallFailed
from maitred.telemetry.export import exporting
from maitred.telemetry.export.export_settings import Batching
from maitred.telemetry.export.exporting import CLOSE_SECONDS, ExportingObserver
from maitred.telemetry.export.outbox import STRAGGLER_SECONDS, Courier, Losses, Outbox
from maitred.telemetry.observer import make_observer

# Two outboxes may each have a straggler; a busy machine needs some seconds to notice.
CLOSED_WITHIN_SECONDS = CLOSE_SECONDS + 2 * STRAGGLER_SECONDS + 10


@pytest.fixture
def nobody():
    """An endpoint at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def timed(call):
    start = time.monotonic()
    call()
    return time.monotonic() - start


def observe(observer, decision, count):
    for _ in range(count):
        observer.observe(decision())


def lost(counts, what):
    """How many of a kind are missing; on a busy machine some events are not even made into it."""
    return sum(count for name, count in counts.items() if name.startswith((what, "events")))


def test_a_receiver_that_is_down_costs_the_caller_nothing_and_is_told_of(nobody, log, decision):
    observer = make_observer({"OTEL_EXPORTER_OTLP_ENDPOINT": nobody, "OTEL_METRICS_EXPORTER": "none"}, log)
    assert timed(lambda: observe(observer, decision, 1_000)) < 5
    assert timed(observer.close) < CLOSED_WITHIN_SECONDS
    ((level, counts),) = log.of("telemetry_dropped")
    assert level == "warning"
    for what in ("spans", "logs"):
        assert lost(counts, what) == 1_000


def test_a_receiver_that_hangs_holds_up_neither_callers_nor_the_end(receiver, log, decision):
    receiver.hold.clear()
    observer = make_observer({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}, log)
    for _ in range(3):
        assert timed(lambda: observe(observer, decision, 300)) < 5
        time.sleep(exporting.DRAIN_SECONDS)
    assert timed(observer.close) < CLOSED_WITHIN_SECONDS
    ((_, counts),) = log.of("telemetry_dropped")
    assert lost(counts, "spans") == 900


def test_the_telemetry_thread_does_not_wait_for_a_receiver(receiver, log, decision):
    receiver.hold.clear()
    observer = make_observer(
        {
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": receiver.endpoint,
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_BSP_MAX_QUEUE_SIZE": "10",
        },
        log,
    )
    for _ in range(500):
        observer.observe(decision())
    eventually(lambda: spans_dropped(log) >= 480)
    # Ten wait, and what was under way when they came: one batch of at most ten.
    assert spans_dropped(log) <= 490
    observer.close()


def spans_dropped(log):
    return sum(counts.get("spans_queue_full", 0) for _, counts in log.of("telemetry_dropped"))


class Slow:
    """A pipeline whose owner decides when it takes an event."""

    metrics = None

    def __init__(self):
        self.taken = []

    def take(self, event, at_ns):
        self.taken.append((event, at_ns))

    def close_outboxes(self, until): ...

    def close_metrics(self, until): ...


def test_events_beyond_the_bound_are_dropped_and_counted(log, monkeypatch):
    monkeypatch.setattr(exporting, "DRAIN_SECONDS", 60)
    pipeline: Any = Slow()
    losses = Losses()
    observer = ExportingObserver(pipeline, log, losses, waiting_max=100)
    events = [BatchCommitted(number, 0, 0.0) for number in range(250)]
    for event in events:
        observer.observe(event)
    observer.close()
    assert [event for event, _ in pipeline.taken] == events[:100]
    assert log.of("telemetry_dropped") == [("warning", {"events_queue_full": 150})]


def test_after_close_events_are_counted_and_close_is_harmless(log):
    pipeline: Any = Slow()
    losses = Losses()
    observer = ExportingObserver(pipeline, log, losses)
    observer.close()
    observer.observe(BatchCommitted(1, 0, 0.0))
    observer.close()
    assert pipeline.taken == []
    assert losses.take() == {("events", "queue_full"): 1}


def test_what_cannot_be_made_in_time_is_given_up(log, monkeypatch):
    class Stuck(Slow):
        def take(self, event, at_ns):
            time.sleep(0.05)
            super().take(event, at_ns)

    monkeypatch.setattr(exporting, "CLOSE_SECONDS", 2.5)
    pipeline: Any = Stuck()
    observer = ExportingObserver(pipeline, log, Losses())
    for number in range(200):
        observer.observe(BatchCommitted(number, 0, 0.0))
    assert timed(observer.close) < 8  # of ten that all would take
    ((_, counts),) = log.of("telemetry_dropped")
    assert counts == {"events_closed": 200 - len(pipeline.taken)}


def test_a_failed_call_is_logged_even_where_its_event_is_dropped(log):
    pipeline: Any = Slow()
    observer = ExportingObserver(pipeline, log, Losses(), waiting_max=0)
    observer.observe(CallFailed("a.B/C", None, 0.1, "e-1"))
    observer.close()
    assert [fields["error_id"] for _, fields in log.of("call_failed")] == ["e-1"]


@pytest.mark.parametrize("fault", [False, RuntimeError("no")])
def test_a_batch_that_did_not_arrive_is_counted(fault):
    def send(_batch):
        if fault:
            raise fault
        return False

    losses = Losses()
    outbox = Outbox("spans", Batching(0.01, 10, 2), Courier(send, lambda: None), losses)
    for number in range(5):
        outbox.put(number)
    outbox.close(time.monotonic() + 5)
    assert losses.take() == {("spans", "export_failed"): 5}


def test_items_arrive_in_order_and_in_batches():
    batches: list[list[int]] = []
    losses = Losses()
    outbox: Outbox[int] = Outbox(
        "spans",
        Batching(60, 100, 8),
        Courier(spied(batches, lambda _: True), lambda: None),
        losses,
    )
    for number in range(50):
        outbox.put(number)
    outbox.close(time.monotonic() + 5)
    assert [number for batch in batches for number in batch] == list(range(50))
    assert max(map(len, batches)) <= 8
    assert not losses.take()


def test_the_loss_metric_has_what_was_dropped(receiver, log, attributes, monkeypatch):
    monkeypatch.setattr(exporting, "DRAIN_SECONDS", 60)
    observer = make_observer({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}, log)
    monkeypatch.setattr(observer, "_waiting_max", 10)
    for number in range(25):
        observer.observe(BatchCommitted(number, 0, 0.0))
    observer.close()
    counts = {
        (attributes(point)["maitred.lost"], attributes(point)["maitred.cause"]): point.as_int
        for point in receiver.metrics["maitred.telemetry.dropped"].sum.data_points
    }
    assert counts["events", "queue_full"] == 15
    assert receiver.metrics["maitred.batch.size"].histogram.data_points[0].count == 10

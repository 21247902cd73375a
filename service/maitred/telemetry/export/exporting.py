"""The observer that exports: events are queued, one thread makes telemetry of them.

``observe`` appends to a bounded queue and returns. The thread wakes by itself a few times a
second, so that no decision pays for waking it, and turns what has queued up into spans, log
records and metrics; each exporter sends on a thread of its own. Whatever is full loses what is
new, and every loss is counted and logged: the record that must not be lost is the decision log
in the database.
"""

import threading
import time
from collections import Counter, deque

from maitred.engine.ports.log import Log
from maitred.engine.ports.observer import Event
from maitred.telemetry.process_log.narrate import Narrator
from maitred.telemetry.signals import names

from .export_settings import ExportSettings
from .outbox import Loss, Losses
from .pipeline import Pipeline, make_pipeline

# Several seconds of a saturated server, some 30 MB of events.
EVENTS_WAITING_MAX = 32_768
# Often enough that a span is seen soon, seldom enough to cost an idle server nothing.
DRAIN_SECONDS = 0.2
# What was lost is said this often; the metric has it sooner.
LOSSES_LOGGED_SECONDS = 30.0
# A stopping process has a grace period of some tens of seconds, and more to do in it.
CLOSE_SECONDS = 4.0
# Of which this is kept for sending what was made, and for the last metrics, which come last
# because they say what else was lost.
CLOSE_SENDING_SECONDS = 2.0
CLOSE_METRICS_SECONDS = 1.0


def exporting_observer(settings: ExportSettings, log: Log, instance_id: str) -> "ExportingObserver | None":
    """Returns the observer for these settings; ``None`` where not one exporter could be made."""
    losses = Losses()
    pipeline = make_pipeline(settings, log, instance_id, losses)
    return None if pipeline.empty else ExportingObserver(pipeline, log, losses)


class ExportingObserver:
    """Takes events from any thread and exports them through ``pipeline``."""

    tracing = True

    def __init__(
        self, pipeline: Pipeline, log: Log, losses: Losses, waiting_max: int = EVENTS_WAITING_MAX
    ) -> None:
        self._pipeline, self._log, self._losses = pipeline, log, losses
        self._narrator = Narrator(log)
        self._events: deque[tuple[Event, int]] = deque()
        self._waiting_max = waiting_max
        self._unsaid: Counter[Loss] = Counter()
        self._said_at = time.monotonic() - LOSSES_LOGGED_SECONDS
        self._broken = False
        self._closing = threading.Event()
        self._until = float("inf")
        self._thread = threading.Thread(target=self._run, name="maitred-telemetry", daemon=True)
        self._thread.start()

    def observe(self, event: Event) -> None:
        """Queues the event, or counts it as lost where too many wait."""
        if len(self._events) >= self._waiting_max or self._closing.is_set():
            self._losses.add(names.EVENTS, names.QUEUE_FULL)
        else:
            self._events.append((event, time.time_ns()))
        self._narrator.tell(event)

    def close(self) -> None:
        """Sends what is queued, for at most ``CLOSE_SECONDS`` and a moment."""
        if self._closing.is_set():
            return
        until = time.monotonic() + CLOSE_SECONDS
        self._until = until - CLOSE_SENDING_SECONDS
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)
        self._pipeline.close_outboxes(until - CLOSE_METRICS_SECONDS)
        self._count_losses()
        self._pipeline.close_metrics(until)
        self._say_losses()

    def _run(self) -> None:
        while not self._closing.wait(DRAIN_SECONDS):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        for _ in range(len(self._events)):
            if time.monotonic() > self._until:
                self._losses.add(names.EVENTS, names.CLOSED, len(self._events))
                break
            event, at_ns = self._events.popleft()
            try:
                self._pipeline.take(event, at_ns)
            except Exception as error:  # noqa: BLE001 (one odd event must not end telemetry)
                self._fault(error)
            if not self._closing.is_set():
                # Hands the interpreter to whoever waits for it: a thread that computes keeps it
                # for 5 ms otherwise, and a decision takes less than one.
                time.sleep(0)
        self._count_losses()
        if time.monotonic() - self._said_at >= LOSSES_LOGGED_SECONDS:
            self._say_losses()

    def _fault(self, error: Exception) -> None:
        self._losses.add(names.EVENTS, names.FAULT)
        if not self._broken:
            self._broken = True
            self._log.error("telemetry_fault", cause=error)

    def _count_losses(self) -> None:
        taken = self._losses.take()
        self._unsaid.update(taken)
        if self._pipeline.metrics:
            for (what, why), count in taken.items():
                self._pipeline.metrics.lost(what, why, count)
            self._pipeline.metrics.flush()

    def _say_losses(self) -> None:
        if self._unsaid:
            counts = {f"{what}_{why}": count for (what, why), count in sorted(self._unsaid.items())}
            self._log.warning("telemetry_dropped", **counts)
            self._unsaid.clear()
            self._said_at = time.monotonic()

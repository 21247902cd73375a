"""Group commit: one writer at a time, and each commits everything that waits by then as one batch.

Who waits for the writer before it finds its own ticket done when its turn comes. So a lone call is
committed at once, on its caller's thread, and the batches grow with the load: a commit costs about the
same for one ticket as for fifty. A ticket is answered only when its transaction is durable.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from maitred.engine.customers.people import Histories, People
from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import BatchCommitted, HoldsExpired, Observer
from maitred.engine.ports.store import Store, StoreConflict, StoreDown

from .batch import Customers, run
from .tickets import Answered, Steps, Ticket, get_ready

MAX_BATCH_TICKETS = 256
"""Bounds how long a transaction holds its locks and how much a lost one costs."""
MAX_CONFLICT_RETRIES = 3


class Clock:
    """The one time of all calls: it never steps back, neither the process's clock nor a simulated one.

    Thread-safe.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now, self._lock = now, threading.Lock()
        self._last: datetime | None = None
        self._simulated: datetime | None = None

    def now(self) -> datetime:
        """The time of this process, aware UTC."""
        with self._lock:
            now = self._now()
            if self._last is None or now > self._last:
                self._last = now
            return self._last

    def current(self) -> datetime:
        """The instant that was named last, or else the time of this process."""
        return self.simulated(None) or self.now()

    @property
    def is_simulated(self) -> bool:
        """Whether an instant was ever named."""
        return self._simulated is not None

    def simulated(self, at: datetime | None) -> datetime | None:
        """As of when a call is answered that names ``at``, or nothing; ``None`` for the process's time.

        An instant before the last one that was named is taken for the last one, and so is none at all.
        """
        if at is None and self._simulated is None:
            self.now()  # seen by this call, whatever becomes of it
            return None
        with self._lock:
            known = [instant for instant in (self._simulated, at) if instant]
            self._simulated = max(known)
            return self._simulated


class Committer:
    """Owns the write side of the store. Thread-safe. ``keep_events`` is as ``longest`` in ``Histories``."""

    def __init__(
        self,
        store: Store,
        people: People,
        observer: Observer,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        *,
        keep_events: timedelta | None = None,
    ) -> None:
        self._store, self._observer = store, observer
        self._customers = Customers(people, Histories(people, keep_events))
        self._now, self._clock = now, clock
        self._waiting: deque[Ticket] = deque()
        self._writing = threading.Lock()
        self._stopping, self._beside = False, 0

    def complete(self, steps: Steps[Answered]) -> Answered:
        """Blocks until the call has gone through its steps; gives its answer or raises what it raises."""
        try:
            ticket = next(steps)
            while True:
                try:
                    self.commit(ticket)
                except Exception as error:  # noqa: BLE001 -- the call says what it makes of it
                    ticket = steps.throw(error)
                else:
                    ticket = next(steps)
        except StopIteration as end:
            answered: Answered = end.value
            return answered

    def commit(self, ticket: Ticket) -> None:
        """Blocks until what the ticket asks for is durable.

        Raises ``CallError``: deadline passed, store down, conflict, stopping.
        """
        get_ready((ticket,))
        self._waiting.append(ticket)
        with self._writing:
            while not ticket.done:
                self._settle(self._take(MAX_BATCH_TICKETS))
        if ticket.error:
            raise ticket.error

    def settle(self, tickets: Sequence[Ticket], waiting: int = 0) -> None:
        """Commits the tickets as one batch, with what waits; each is done then, or has its ``error``.

        ``waiting`` is how many calls the transport has not begun yet, for observers.
        """
        with self._writing:
            self._beside = waiting
            self._settle([*tickets, *self._take(MAX_BATCH_TICKETS - len(tickets))])

    def forget(self, ref: bytes) -> None:
        """Drops what is kept in memory of a customer who has been erased."""
        self._customers.histories.forget(ref)

    def forget_over(self, now: datetime) -> None:
        """Drops what is kept in memory of events whose time is over."""
        self._customers.histories.forget_over(now)

    def stop(self) -> None:
        """Commits what waits, and refuses what comes after."""
        with self._writing:
            while self._waiting:
                self._settle(self._take(MAX_BATCH_TICKETS))
            self._stopping = True

    def _take(self, count: int) -> list[Ticket]:
        batch: list[Ticket] = []
        with suppress(IndexError):
            while len(batch) < count:
                batch.append(self._waiting.popleft())
        return batch

    def _settle(self, batch: list[Ticket]) -> None:
        try:
            live = self._unexpired(batch)
            if live:
                self._write(live)
        except Exception as error:  # noqa: BLE001 -- the writer outlives any fault; callers get it
            for ticket in batch:
                ticket.error = ticket.error or _as_call_error(error)
        finally:
            for ticket in batch:
                ticket.done = True

    def _unexpired(self, batch: Sequence[Ticket]) -> list[Ticket]:
        now = self._clock()
        for ticket in batch:
            if self._stopping:
                ticket.error = CallError(Code.STOPPING, "the service is stopping, try another replica")
            elif ticket.deadline is not None and ticket.deadline <= now:
                ticket.error = CallError(Code.EXPIRED, "the deadline passed before the decision was made")
        return [ticket for ticket in batch if not ticket.error]

    def _write(self, batch: Sequence[Ticket]) -> None:
        started = self._clock()
        for part in _by_instant(batch):
            self._run_batch(part)
        seconds = self._clock() - started
        for ticket in batch:
            ticket.batch_size, ticket.commit_seconds = len(batch), seconds
        if self._observer.tracing:
            self._observer.observe(BatchCommitted(len(batch), len(self._waiting) + self._beside, seconds))

    def _run_batch(self, batch: Sequence[Ticket]) -> None:
        for attempt in range(MAX_CONFLICT_RETRIES + 1):
            live = [ticket for ticket in batch if not ticket.error]
            try:
                with self._store.transaction() as transaction:
                    last = attempt == MAX_CONFLICT_RETRIES - 1
                    done = run(transaction, self._customers, live, self._now(), last=last)
            except StoreConflict:
                if attempt == MAX_CONFLICT_RETRIES:
                    raise
            else:
                if done.recorded.written:
                    self._customers.histories.add(*done.recorded)
                if done.expired and self._observer.tracing:
                    self._observer.observe(HoldsExpired(done.expired))
                return


def _as_call_error(error: Exception) -> Exception:
    match error:
        case StoreDown():
            failure = CallError(Code.STORE_DOWN, "the decision log cannot be written, try again")
        case StoreConflict():
            failure = CallError(Code.RETRY, "the decision lost against another one, try again")
        case _:
            return error
    failure.__cause__ = error
    return failure


def _by_instant(batch: Sequence[Ticket]) -> Sequence[Sequence[Ticket]]:
    """Where time is simulated, parts of one instant each: the ledger has one clock at a time."""
    if not any(ticket.at for ticket in batch):
        return [batch]
    parts: dict[datetime | None, list[Ticket]] = {}
    for ticket in batch:
        parts.setdefault(ticket.at if ticket.needs_ledger else None, []).append(ticket)
    return list(parts.values())

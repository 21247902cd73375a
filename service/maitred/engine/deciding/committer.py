"""The decision thread: one writer at a time that commits what has queued up, as one batch.

While one batch commits, the next one gathers. An idle service does not linger: a lone ticket
is committed at once, on its own caller's thread. A busy one waits a moment longer while more
keep coming, because a commit costs about the same for one ticket as for fifty. A ticket is
answered only when its transaction is durable.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from maitred.engine.customers.people import People
from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import BatchCommitted, HoldsExpired, Observer
from maitred.engine.ports.store import Store, StoreConflict, StoreDown

from .batch import run
from .tickets import Ticket

MAX_BATCH_TICKETS = 256
"""Bounds how long a transaction holds its locks and how much a lost one costs."""
MAX_WAITING_TICKETS = 1_024
"""A third of a second at the measured rate: a longer queue only makes callers time out."""
MAX_CONFLICT_RETRIES = 3
BUSY_BATCH_TICKETS = 4
"""After a batch of so many the service counts as busy, and the next one gathers."""
MAX_GATHER_SECONDS = 0.005
"""Some twenty calls at the measured rate; a busy caller waits longer for its turn than for this."""
GATHER_STEP_SECONDS = 0.0005
"""Gathering ends with the first step in which nothing came."""


class Committer:
    """Owns the write side of the store."""

    def __init__(
        self,
        store: Store,
        people: People,
        observer: Observer,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._people, self._observer = store, people, observer
        self._now, self._clock = now, clock
        self._waiting: deque[Ticket] = deque()
        self._wake = threading.Event()
        self._idle, self._last_size = True, 0
        self._writing = threading.Lock()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="decisions", daemon=True)

    def start(self) -> None:
        """Starts the decision thread."""
        self._thread.start()

    def commit(self, ticket: Ticket) -> None:
        """Returns when what the ticket asks for is durable.

        Raises ``CallError``: overloaded, deadline passed, store down, conflict, stopping.
        """
        if self._stopping:
            raise CallError(Code.STOPPING, "the service is stopping, try another replica")
        if len(self._waiting) >= MAX_WAITING_TICKETS:
            raise CallError(Code.OVERLOADED, "too many decisions are waiting")
        if not self._committed_alone(ticket):
            self._waiting.append(ticket)
            if self._idle:
                self._wake.set()
            if not self._thread.is_alive():
                self._refuse_rest()
            ticket.done.acquire()
        if ticket.error:
            raise ticket.error

    def stop(self) -> None:
        """Commits what is waiting, then ends the thread."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        with self._writing:
            self._refuse_rest()

    def _committed_alone(self, ticket: Ticket) -> bool:
        """Commits on the caller's own thread where nobody else is there: two wake-ups less to wait for."""
        if self._waiting or self._last_size > 1 or not self._writing.acquire(blocking=False):
            return False
        try:
            self._settle([ticket])
        finally:
            self._writing.release()
        return True

    def _run(self) -> None:
        while not self._stopping or self._waiting:
            if not self._waiting:
                self._rest()
            self._gather(self._last_size)
            with self._writing:
                batch = self._take()
                self._last_size = len(batch)
                self._settle(batch)

    def _rest(self) -> None:
        """Until something waits. The flag spares busy callers a lock; it is set before the last look."""
        self._idle = True
        self._wake.clear()
        if not self._waiting and not self._stopping:
            self._wake.wait()
        self._idle = False

    def _gather(self, last_size: int) -> None:
        """Where the last batch was of many, waits while more of them keep coming."""
        if last_size < BUSY_BATCH_TICKETS:
            return
        end = self._clock() + MAX_GATHER_SECONDS
        seen = 0
        while seen < len(self._waiting) < MAX_BATCH_TICKETS and self._clock() < end:
            seen = len(self._waiting)
            time.sleep(GATHER_STEP_SECONDS)

    def _take(self) -> list[Ticket]:
        batch: list[Ticket] = []
        # Callers may take too, once the thread has ended: the queue itself says when it is empty.
        with suppress(IndexError):
            while len(batch) < MAX_BATCH_TICKETS:
                batch.append(self._waiting.popleft())
        return batch

    def _settle(self, batch: list[Ticket]) -> None:
        try:
            live = self._unexpired(batch)
            if live:
                self._write(live)
        except Exception as error:  # noqa: BLE001 -- the thread outlives any fault; callers get it
            for ticket in batch:
                ticket.error = ticket.error or _as_call_error(error)
        finally:
            for ticket in batch:
                ticket.done.release()

    def _unexpired(self, batch: Sequence[Ticket]) -> list[Ticket]:
        now = self._clock()
        for ticket in batch:
            if ticket.deadline is not None and ticket.deadline <= now:
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
            self._observer.observe(BatchCommitted(len(batch), len(self._waiting), seconds))

    def _run_batch(self, batch: Sequence[Ticket]) -> None:
        for attempt in range(MAX_CONFLICT_RETRIES + 1):
            live = [ticket for ticket in batch if not ticket.error]
            try:
                with self._store.transaction() as transaction:
                    last = attempt == MAX_CONFLICT_RETRIES - 1
                    expired = run(transaction, self._people, live, self._now(), last=last)
            except StoreConflict:
                if attempt == MAX_CONFLICT_RETRIES:
                    raise
            else:
                if expired and self._observer.tracing:
                    self._observer.observe(HoldsExpired(expired))
                return

    def _refuse_rest(self) -> None:
        """Tickets that slipped in while the thread ended."""
        while batch := self._take():
            for ticket in batch:
                ticket.error = CallError(Code.STOPPING, "the service is stopping, try another replica")
                ticket.done.release()


def _as_call_error(error: Exception) -> Exception:
    match error:
        case StoreDown():
            return CallError(Code.STORE_DOWN, "the decision log cannot be written, try again")
        case StoreConflict():
            return CallError(Code.RETRY, "the decision lost against another one, try again")
        case _:
            return error


def _by_instant(batch: Sequence[Ticket]) -> Sequence[Sequence[Ticket]]:
    """Where time is simulated, parts of one instant each: the ledger has one clock at a time."""
    if not any(ticket.at for ticket in batch):
        return [batch]
    parts: dict[datetime | None, list[Ticket]] = {}
    for ticket in batch:
        parts.setdefault(ticket.at if ticket.needs_ledger else None, []).append(ticket)
    return list(parts.values())

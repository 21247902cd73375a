"""The one connection that writes, and the transactions on it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from types import TracebackType
from typing import Any

from sqlalchemy.engine import Engine

from maitred.core.limits.limits import Need
from maitred.core.limits.lots import Lot, Operation, Settled
from maitred.core.privacy.purposes import Consent
from maitred.engine.ports.ledger import Count
from maitred.engine.ports.store import (
    ClaimRow,
    DecisionRecord,
    EventRow,
    OutcomeRow,
    Person,
    StoreConflict,
    StoreDown,
)
from maitred.store.drivers.connections import WriteConnection
from maitred.store.drivers.failures import Failure, Failures
from maitred.store.ledger import ledger
from maitred.store.ledger.ledger import OfEach as OpenClaimsOfEach
from maitred.store.log.decisions import find_tail
from maitred.store.log.outcomes import OfEach as OutcomesOfEach
from maitred.store.log.sessions import OfEach as RejectionsOfEach
from maitred.store.people import consents as statements
from maitred.store.people.consents import Proof
from maitred.store.people.events import OfEach as EventsOfEach
from maitred.store.recent import Recent

from . import erasing, messages
from .chain import Identity
from .dialect import Dialect


class _Guard:
    """Around whatever is done within a transaction: after an error there the transaction is over.

    A class, as what a generator makes of it takes five times as long, and a lone decision enters it twice.
    """

    __slots__ = ("_failures", "failure", "is_over")

    def __init__(self, failures: Failures) -> None:
        self._failures = failures
        self.failure: Failure | None = None
        self.is_over = False

    def __enter__(self) -> None:
        if self.is_over or self.failure is not None:
            raise StoreDown("this transaction is over, begin another one")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        if isinstance(error, StoreConflict | StoreDown):
            self.failure = error
        elif isinstance(error, self._failures.caught):
            self.failure = self._failures.translate(error)
            raise self.failure from error


class SqlTransaction:
    """Implements ``engine.ports.store.Transaction`` in the SQL of a dialect; an error ends it."""

    def __init__(self, line: WriteConnection, failures: Failures, dialect: Dialect) -> None:
        self._line, self._dialect = line, dialect
        self._guard = _Guard(failures)
        self._expired: Mapping[str, int] = {}

    @property
    def expired(self) -> Mapping[str, int]:
        """See ``engine.ports.ledger.Ledger``."""
        return self._expired

    def find(self, decision_ids: Collection[bytes]) -> Mapping[bytes, DecisionRecord]:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            return self._dialect.find_decisions(self._line, frozenset(decision_ids)) if decision_ids else {}

    def people(self, pseudonyms: Collection[bytes]) -> Mapping[bytes, Person]:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            return self._dialect.find_people(self._line.driver, frozenset(pseudonyms)) if pseudonyms else {}

    def add_people(self, people: Sequence[Person]) -> None:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            if people:
                self._dialect.add_people(self._line.driver, people)

    def renew_people(self, people: Sequence[Person]) -> None:
        """Writes other pseudonyms and keys for customers who are known by their references.

        Those whom another replica is deciding for stay as they are until the next time.
        """
        with self._guard:
            if people:
                self._dialect.renew_people(self._line.driver, people)

    def place_people(self, jurisdictions: Mapping[bytes, str]) -> None:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            if jurisdictions:
                self._dialect.place_people(self._line.driver, jurisdictions)

    def record_consents(
        self,
        person: Person,
        request: bytes,
        fingerprint: bytes,
        consents: Sequence[Consent],
        local: datetime,
    ) -> bool:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            proof = Proof(request, fingerprint, self._dialect.clock(self._line.driver, local))
            return statements.record(self._line, person, proof, consents)

    def lots(self, ids: Collection[bytes]) -> Mapping[bytes, Lot]:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            wanted = frozenset(ids)
            rows = self._dialect.ledger.lots(self._line.driver, wanted, lock=False) if wanted else ()
            return {lot.id: lot for lot in rows}

    def find_outcomes(self, ids: Collection[bytes]) -> Mapping[bytes, OutcomeRow]:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            return self._dialect.find_outcomes(self._line.driver, frozenset(ids)) if ids else {}

    def append_outcomes(self, rows: Sequence[OutcomeRow]) -> None:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            if rows:
                self._dialect.append_outcomes(self._line.driver, rows)

    def append(self, records: Sequence[DecisionRecord]) -> Mapping[bytes, DecisionRecord]:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            earlier = self._dialect.append_decisions(self._line, records)
            named = [record for record in records if record.session and record.decision_id not in earlier]
            if named:
                self._dialect.append_sessions(self._line.driver, named)
            return earlier

    def find_events(self, ids: Collection[bytes]) -> Mapping[bytes, bytes]:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            return self._dialect.find_events(self._line.driver, frozenset(ids)) if ids else {}

    def append_events(self, rows: Sequence[EventRow]) -> Mapping[bytes, int]:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            return self._dialect.append_events(self._line.driver, rows) if rows else {}

    def events(self, after: Mapping[bytes, int]) -> EventsOfEach:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            return self._dialect.events_of(self._line.driver, after) if after else {}

    def outcomes_of(self, refs: Collection[bytes], *, by_calls: bool) -> OutcomesOfEach:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            wanted = frozenset(refs)
            return self._dialect.outcomes_of(self._line, wanted, by_calls=by_calls) if wanted else {}

    def rejections(self, of: Collection[bytes]) -> RejectionsOfEach:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            return self._dialect.rejections_in(self._line.driver, frozenset(of)) if of else {}

    def append_claims(self, now: datetime, rows: Sequence[ClaimRow]) -> None:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            if rows:
                self._dialect.append_claims(self._line.driver, now, rows)

    def open_claims(self, customers: Collection[bytes], after: datetime) -> OpenClaimsOfEach:
        """See ``engine.ports.store.Transaction``."""
        with self._guard:
            wanted = frozenset(customers)
            return self._dialect.open_claims(self._line.driver, wanted, after) if wanted else {}

    def clock(self, local: datetime) -> datetime:
        """See ``engine.ports.ledger.Ledger``."""
        with self._guard:
            return self._dialect.clock(self._line.driver, local)

    def read_counts(self, now: datetime, needs: Sequence[Need]) -> Sequence[Count]:
        """See ``engine.ports.ledger.Ledger``."""
        with self._guard:
            return ledger.read_counts(self._dialect.ledger, self._line.driver, now, needs)

    def read_held(self, now: datetime, keys: Collection[bytes]) -> Mapping[bytes, tuple[bytes, int]]:
        """See ``engine.ports.ledger.Ledger``."""
        with self._guard:
            return ledger.read_held(self._dialect.ledger, self._line.driver, now, keys)

    def settle(self, now: datetime, operations: Sequence[Operation]) -> Sequence[Settled]:
        """See ``engine.ports.ledger.Ledger``."""
        with self._guard:
            answers, self._expired = ledger.settle(self._dialect.ledger, self._line.driver, now, operations)
            return answers

    def erase_some(self, ref: bytes) -> erasing.Counts:
        """See ``erasing``."""
        with self._guard:
            return erasing.erase_some(self._line, ref)

    def erase_rest(self, ref: bytes) -> erasing.Counts:
        """See ``erasing``."""
        with self._guard:
            return erasing.erase_rest(self._dialect.ledger, self._line, ref)

    def purge_ledger(self, before: datetime, max_rows: int) -> int:
        """See ``engine.ports.store.Store``."""
        with self._guard:
            return ledger.purge(self._dialect.ledger, self._line.driver, before, max_rows)

    def check_whole(self) -> None:
        """Raises the error of the transaction again where its block swallowed it.

        A commit after it would be a rollback that reports success.
        """
        if self._guard.failure is not None:
            raise self._guard.failure

    def end(self) -> None:
        """Nothing can be done with the transaction from here on."""
        self._guard.is_over = True


class Writer:
    """Owns the connection that writes. One transaction at a time; others wait for it.

    The engine leaves transactions to ``begin_statement``: neither driver says the right BEGIN.
    ``identity`` is this process's in the decision log; ``set_up`` reads what transactions on a new
    connection need to know, within the first of them.
    """

    def __init__(
        self,
        engine: Engine,
        begin_statement: str,
        failures: Failures,
        identity: Identity,
        set_up: Callable[[WriteConnection], object] = lambda _: None,
    ) -> None:
        self._engine, self._begin_statement, self._failures = engine, begin_statement, failures
        self._identity, self._set_up = identity, set_up
        self._lock = Lock()
        self._line: WriteConnection | None = None
        self._closed = False

    @property
    def recent(self) -> Recent | None:
        """What no index has of the decision log, where that is known; for other threads to look up."""
        line = self._line
        return line.recent if line else None

    @contextmanager
    def begin(self, *, decides: bool = False) -> Iterator[WriteConnection]:
        """A transaction that commits when its block ends without an exception.

        Only one that ``decides`` may append to the decision log: the first on a connection looks
        up before it begins where the log goes on, or writes down that there is a new writer.
        Raises ``StoreDown`` and ``StoreConflict``. After an error the connection is given up,
        so that the next transaction starts on a clean one.
        """
        with self._lock:
            line = self._begin()
            try:
                self._set_up(line)
                if decides and line.tail is None:
                    line.tail = find_tail(line)
                    # Apart from what comes: until it ends, no other process can begin a chain.
                    line.commit()
                    line.driver.execute(self._begin_statement)
                yield line
                line.commit()
            except self._failures.caught as error:
                self._give_up()
                raise self._failures.translate(error) from error
            except BaseException:
                self._give_up()
                raise

    def run_apart(self, statement: str) -> list[Any]:
        """Runs a statement that no transaction may be around; its rows. Raises ``StoreDown``."""
        with self.begin() as line:
            line.commit()
            return line.driver.execute(statement).fetchall()

    def close(self) -> None:
        """Waits for the transaction that runs, then closes the connection.

        Transactions that have waited as well do not begin any more.
        """
        with self._lock:
            self._closed = True
            self._give_up()
            self._engine.pool.dispose()

    def _begin(self) -> WriteConnection:
        if self._closed:
            raise StoreDown(messages.closed(self._failures.name))
        if self._line is not None:
            try:
                return self._begin_on(self._line)
            except StoreConflict:
                raise
            except StoreDown:
                # Lost while idle: nothing was under way, so a new connection is as good.
                self._give_up()
        with self._failures.translated():
            self._line = WriteConnection(self._engine.connect(), self._identity)
        return self._begin_on(self._line)

    def _begin_on(self, line: WriteConnection) -> WriteConnection:
        try:
            line.driver.execute(self._begin_statement)
        except self._failures.caught as error:
            self._give_up()
            raise self._failures.translate(error) from error
        return line

    def _give_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.give_up()

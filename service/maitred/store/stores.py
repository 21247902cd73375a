"""The store as the engine sees it, the same for both databases."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy.engine import Connection, Engine

from maitred.core.limits.lots import Lot
from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.engine.ports.evidence import (
    DeedRow,
    Exposed,
    ExposedPlace,
    LatePlace,
    LateReport,
    StoredParameters,
)
from maitred.engine.ports.store import (
    Audit,
    ClaimPlace,
    ClaimsOf,
    CounterQuery,
    CounterSummary,
    DecisionRecord,
    EventRow,
    ListedClaim,
    LotHistory,
    OutcomeRow,
    Pause,
    Person,
    StoreDown,
    StoredRuleset,
)
from maitred.store.drivers.failures import Failures
from maitred.store.ledger import ledger, lot_histories, tallies
from maitred.store.log import auditing, decisions, exposures, outcomes, purge, rulesets, sessions
from maitred.store.people import consents as statements_of
from maitred.store.people import events, people, vault_keys

from . import erasing, learned, messages, pauses
from .dialect import Dialect
from .transactions import SqlTransaction, Writer

_Found = TypeVar("_Found")


class SqlStore:
    """Decision log and rulesets in one database. Made by ``open_store``.

    ``warnings`` holds what an operator should know of the database, for the caller to log.
    """

    def __init__(
        self,
        failures: Failures,
        *,
        writer: Writer,
        readers: Engine,
        dialect: Dialect,
        warnings: tuple[str, ...] = (),
        on_close: Callable[[], None] = lambda: None,
        after_erasing: Callable[[Writer], None] = lambda _: None,
        left: Callable[[], Iterable[tuple[bytes, datetime]]] = tuple,
    ) -> None:
        self.warnings = warnings
        self._failures, self._readers = failures, readers
        self._writer, self._dialect, self._on_close = writer, dialect, on_close
        self._after_erasing, self._left, self._closed = after_erasing, left, False

    def transaction(self) -> AbstractContextManager[SqlTransaction]:
        """A write transaction: durable once its block has ended without an exception.

        Raises ``StoreConflict`` or ``StoreDown``, on leaving the block too; after
        ``StoreDown`` from there it is not known whether the commit took place.
        """
        return self._transaction(decides=True)

    @contextmanager
    def _transaction(self, *, decides: bool) -> Iterator[SqlTransaction]:
        self._check_open()
        with self._writer.begin(decides=decides) as line:
            transaction = SqlTransaction(line, self._failures, self._dialect)
            try:
                yield transaction
                transaction.check_whole()
            finally:
                transaction.end()

    def decision(self, decision_id: bytes) -> DecisionRecord | None:
        """See ``engine.ports.store.DecisionLog``."""
        return self._read(lambda connection: decisions.find(connection, self._writer.recent, decision_id))

    def person(self, pseudonyms: Sequence[bytes]) -> Person | None:
        """See ``engine.ports.store.CustomerStore``."""
        return self._read(lambda connection: people.find(connection, pseudonyms))

    def statements(self, ref: bytes) -> Sequence[Consent]:
        """See ``engine.ports.store.CustomerStore``."""
        return self._read(lambda connection: statements_of.find(connection, ref))

    def purge_consents(self, before: datetime, max_rows: int) -> int:
        """See ``engine.ports.store.CustomerStore``."""
        return self._write(lambda connection: statements_of.purge(connection, before, max_rows))

    def check_keys(self, values: Mapping[int, bytes]) -> Sequence[int]:
        """See ``engine.ports.store.CustomerStore``."""
        return self._write(lambda connection: vault_keys.check(connection, values))

    def decisions_of(self, ref: bytes, after: bytes, max_rows: int) -> Sequence[DecisionRecord]:
        """See ``engine.ports.store.DecisionLog``."""
        return self._read(
            lambda connection: decisions.find_of(connection, self._writer.recent, ref, after, max_rows)
        )

    def erase(self, ref: bytes) -> Mapping[str, int]:
        """See ``engine.ports.store.CustomerStore``."""
        counts = erasing.nothing()
        more = True
        while more:
            with self._transaction(decides=False) as transaction:
                some = transaction.erase_some(ref)
            erasing.add(counts, some)
            more = any(some.values())
        with self._transaction(decides=False) as transaction:
            rest = transaction.erase_rest(ref)
        erasing.add(counts, rest)
        self._after_erasing(self._writer)
        return counts

    def audit(self, progress: Callable[[int], None]) -> Audit:
        """See ``engine.ports.store.DecisionLog``."""
        return auditing.Auditor(self._read, progress).run()

    def purge_decisions(self, before: datetime, max_rows: int) -> int:
        """See ``engine.ports.store.DecisionLog``."""
        self._check_open()
        with self._writer.begin() as line, self._failures.translated():
            return purge.purge(line, before, max_rows)

    def lot(self, lot_id: bytes) -> Lot | None:
        """See ``engine.ports.store.LedgerReader``."""
        return self._read(lambda connection: lot_histories.find_lot(connection, lot_id))

    def histories(self, decision_id: bytes) -> Sequence[LotHistory]:
        """See ``engine.ports.store.LedgerReader``."""
        record = self.decision(decision_id)
        at = record.decided_at if record else None
        return self._read(lambda connection: lot_histories.find(connection, decision_id, at))

    def tallies(
        self, now: datetime, asks: Sequence[CounterQuery], recent_us: int, max_rows: int
    ) -> Sequence[CounterSummary]:
        """See ``engine.ports.store.LedgerReader``."""
        return self._read(lambda connection: tallies.find(connection, now, asks, recent_us, max_rows))

    def outcomes(self, decision_id: bytes) -> Sequence[OutcomeRow]:
        """See ``engine.ports.store.DecisionLog``."""
        return self._read(lambda connection: outcomes.of_decision(connection, decision_id))

    def events_of(self, ref: bytes) -> Sequence[EventRow]:
        """Returns all events of a customer in order of time; from any thread. Raises ``StoreDown``."""
        return self._read(lambda connection: events.of(connection, ref))

    def purge_events(self, now: datetime, before: datetime, max_rows: int) -> int:
        """Deletes at most so many events that are over by now, or happened before that instant.

        From any thread; one short transaction. Raises ``StoreDown`` and ``StoreConflict``.
        """
        return self._write(lambda connection: events.purge(connection, now, before, max_rows))

    def claims_of(
        self, of: ClaimsOf, key: bytes, before: ClaimPlace | None, max_rows: int
    ) -> Sequence[ListedClaim]:
        """See ``engine.ports.store.LedgerReader``; from any thread. Raises ``StoreDown``."""
        return self._read(lambda connection: ledger.listed(connection, of, key, before, max_rows))

    def last_decisions_of(self, ref: bytes, max_rows: int) -> Sequence[DecisionRecord]:
        """Returns a customer's last so many decisions, the newest first; from any thread.

        Raises ``StoreDown``.
        """
        return self._read(
            lambda connection: decisions.find_last_of(connection, self._writer.recent, ref, max_rows)
        )

    def decisions_in(self, session: bytes, max_rows: int) -> Sequence[bytes]:
        """Returns the ids of the last so many decisions of a session, oldest first; from any thread.

        Raises ``StoreDown``.
        """
        return self._read(
            lambda connection: sessions.decisions_in(connection, self._writer.recent, session, max_rows)
        )

    def exposed(self, after: ExposedPlace | None, max_rows: int) -> Sequence[Exposed]:
        """See ``engine.ports.evidence.ExperimentLog``."""
        return self._read(lambda connection: exposures.exposed(connection, after, max_rows))

    def exposed_of(self, decision_ids: Collection[bytes]) -> Sequence[Exposed]:
        """See ``engine.ports.evidence.ExperimentLog``."""
        return self._read(
            lambda connection: exposures.exposed_of(connection, self._writer.recent, decision_ids)
        )

    def reported_late(self, after: LatePlace, last_us: int, max_rows: int) -> Sequence[LateReport]:
        """See ``engine.ports.evidence.ExperimentLog``."""
        return self._read(lambda connection: exposures.reported_late(connection, after, last_us, max_rows))

    def became_of(self, decision_ids: Collection[bytes]) -> Sequence[DeedRow]:
        """See ``engine.ports.evidence.ExperimentLog``."""
        return self._read(lambda connection: exposures.became_of(connection, decision_ids))

    def deeds_of(self, customers: Collection[bytes]) -> Sequence[DeedRow]:
        """See ``engine.ports.evidence.ExperimentLog``."""
        return self._read(lambda connection: exposures.deeds_of(connection, self._writer.recent, customers))

    def pause(self, pause: Pause) -> bool:
        """See ``engine.ports.store.PauseStore``."""
        return self._write(lambda connection: pauses.insert(connection, pause))

    def resume(self, action: str, at: datetime) -> bool:
        """See ``engine.ports.store.PauseStore``."""
        return self._write(lambda connection: pauses.remove(connection, action, at))

    def resumed_at(self, action: str) -> datetime | None:
        """See ``engine.ports.store.PauseStore``."""
        return self._read(lambda connection: pauses.resumed_at(connection, action))

    def pauses(self) -> Sequence[Pause]:
        """See ``engine.ports.store.PauseStore``."""
        return self._read(pauses.find_all)

    def save_learned(self, content: bytes, at: datetime) -> int:
        """See ``engine.ports.evidence.LearningStore``."""
        return self._write(lambda connection: learned.save(connection, content, at))

    def learned_after(self, number: int, before: int | None = None) -> StoredParameters | None:
        """See ``engine.ports.evidence.LearningStore``."""
        for content, at in self._left():
            self.save_learned(content, at)
        return self._read(lambda connection: learned.find_after(connection, number, before))

    def stated(self, customers: Collection[bytes]) -> Mapping[bytes, Mapping[str, ConsentState]]:
        """See ``engine.ports.evidence.ExperimentLog``."""
        return self._read(lambda connection: people.stated(connection, customers))

    def purge_ledger(self, before: datetime, max_rows: int) -> int:
        """See ``engine.ports.store.LedgerReader``."""
        with self._transaction(decides=False) as transaction:
            return transaction.purge_ledger(before, max_rows)

    def save_ruleset(self, ruleset: StoredRuleset) -> None:
        """See ``engine.ports.store.RulesetStore``."""
        row = rulesets.to_row(ruleset)
        self._write(lambda connection: rulesets.insert(connection, row))

    def save_dictionary(self, key: bytes, dictionary: bytes) -> None:
        """See ``engine.ports.store.RulesetStore``."""
        self._write(lambda connection: rulesets.insert_dictionary(connection, key, dictionary))

    def dictionary(self, key: bytes) -> bytes | None:
        """Returns the dictionary of that id; from any thread. Raises ``StoreDown``."""
        return self._read(lambda connection: rulesets.find_dictionary(connection, key))

    def ruleset(self, hash: str) -> StoredRuleset | None:  # noqa: A002 -- the port's name
        """Returns the ruleset kept under a hash; from any thread. Raises ``StoreDown``."""
        return self._read(lambda connection: rulesets.find(connection, hash))

    def close(self) -> None:
        """Closes every connection, those that are being read with as soon as that is over.

        Closing twice is harmless.
        """
        if self._closed:
            return
        self._closed = True
        # Readers first: on SQLite the last connection checkpoints, and that must be the writer.
        self._empty_pool()
        self._writer.close()
        self._on_close()

    def _read(self, find: Callable[[Connection], _Found]) -> _Found:
        self._check_open()
        try:
            with self._failures.translated(), self._readers.connect() as connection:
                return find(connection)
        finally:
            # Closed meanwhile: the connection was not in the pool then, and is now.
            if self._closed:
                self._empty_pool()

    def _empty_pool(self) -> None:
        # Not ``Engine.dispose``: it puts another pool there, and nobody empties the one
        # that a connection which is out comes back to.
        self._readers.pool.dispose()

    def _write(self, change: Callable[[Connection], _Found]) -> _Found:
        self._check_open()
        with self._writer.begin() as line, self._failures.translated():
            return change(line.connection)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreDown(messages.closed(self._failures.name))

"""What the two databases say in different SQL: everything else is shared."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from maitred.engine.ports.store import ClaimRow, DecisionRecord, EventRow, OutcomeRow, Person
from maitred.store.drivers.connections import Driver, WriteConnection
from maitred.store.ledger import ledger
from maitred.store.ledger.ledger import LedgerSql
from maitred.store.log import outcomes, sessions
from maitred.store.log.decisions import Stored
from maitred.store.people import events
from maitred.store.people.people import Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The statements of one database, for the calls of ``engine.ports.store.Transaction`` of these names.

    ``clock`` gives the ledger's time from the process's own.
    """

    find_decisions: Callable[[WriteConnection, Collection[bytes]], Stored]
    append_decisions: Callable[[WriteConnection, Sequence[DecisionRecord]], Stored]
    find_people: Callable[[Driver, Collection[bytes]], Known]
    add_people: Callable[[Driver, Sequence[Person]], None]
    place_people: Callable[[Driver, Mapping[bytes, str]], None]
    renew_people: Callable[[Driver, Sequence[Person]], None]
    find_outcomes: Callable[[Driver, Collection[bytes]], outcomes.Found]
    append_outcomes: Callable[[Driver, Sequence[OutcomeRow]], None]
    append_sessions: Callable[[Driver, Sequence[DecisionRecord]], None]
    find_events: Callable[[Driver, Collection[bytes]], Mapping[bytes, bytes]]
    append_events: Callable[[Driver, Sequence[EventRow]], Mapping[bytes, int]]
    events_of: Callable[[Driver, Mapping[bytes, int]], events.OfEach]
    outcomes_of: outcomes.OfCustomers
    rejections_in: Callable[[Driver, Collection[bytes]], sessions.OfEach]
    append_claims: Callable[[Driver, datetime, Sequence[ClaimRow]], None]
    open_claims: Callable[[Driver, Collection[bytes], datetime], ledger.OfEach]
    ledger: LedgerSql
    clock: Callable[[Driver, datetime], datetime]

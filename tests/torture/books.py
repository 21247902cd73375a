"""What the database itself says of a round: counters and lots, read past the service."""

import threading
from collections import Counter
from contextlib import suppress
from typing import NamedTuple

import grpc
from sqlalchemy import bindparam, create_engine, text
from sqlalchemy.engine import make_url

from maitred.core.limits.lots import Part, UnitState
from maitred.v1 import ruleset_pb2 as pb

HELD, CONFIRMED = UnitState.HELD.value, UnitState.CONFIRMED.value
LIVE = (HELD, CONFIRMED)
UNIT_BYTES, ID_BYTES = 25, 16
SAMPLE_SECONDS = 0.01
LOTS_EVERY_SAMPLES, ASK_EVERY_SAMPLES = 8, 8
"""Counting lots looks at every one of a round; asking takes time of the service."""
CALL_SECONDS = 2
MAX_SUBJECTS = 1_000

COUNTER = text("SELECT held, used FROM ledger_counter WHERE counter_id = :counter")
# One statement, so one moment.
COUNTER_AND_LOTS = """
SELECT held, used,
       (SELECT count(*) FROM ledger_lot WHERE decision_id IN :decisions AND state = 1 AND {contains}),
       (SELECT count(*) FROM ledger_lot WHERE decision_id IN :decisions AND state = 2 AND {contains}),
       (SELECT max(claims) FROM (
           SELECT count(*) AS claims FROM ledger_lot
           WHERE decision_id IN :decisions AND state IN (1, 2) AND part = 4 GROUP BY decision_id
       ) AS live)
FROM ledger_counter WHERE counter_id = :counter
"""
CONTAINS = {"sqlite": "instr(units, :counter) > 0", "postgresql": "position(:counter IN units) > 0"}
LOTS = text(
    "SELECT lot_id, state, units, decision_id, part FROM ledger_lot WHERE decision_id IN :decisions"
).bindparams(bindparam("decisions", expanding=True))


class LotRow(NamedTuple):
    state: int
    counters: list[bytes]
    decision: bytes
    part: int

    @property
    def is_live_claim(self):
        return self.part == Part.CLAIM and self.state in LIVE


class Books:
    """A connection that only reads."""

    def __init__(self, database):
        url = make_url(database)
        if url.get_backend_name() == "sqlite":
            url = make_url(f"sqlite:///file:{url.database}?mode=ro&uri=true")
        else:
            url = url.set(drivername="postgresql+psycopg")
        self._engine = create_engine(url, isolation_level="AUTOCOMMIT")
        self._connection = self._engine.connect()
        contains = CONTAINS[self._engine.dialect.name]
        self._both = text(COUNTER_AND_LOTS.format(contains=contains)).bindparams(
            bindparam("decisions", expanding=True)
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()
        self._engine.dispose()

    def counter(self, counter):
        """Units held and used."""
        row = self._connection.execute(COUNTER, {"counter": counter}).first()
        return tuple(row) if row else (0, 0)

    def counter_and_lots(self, counter, decisions):
        """Units held and used, by the counter and by its lots, and the most live claims of one decision.

        All of it is of one moment.
        """
        asked = {"counter": counter, "decisions": decisions}
        row = self._connection.execute(self._both, asked).first()
        return (tuple(row[:2]), tuple(row[2:4]), row[4] or 0) if row else ((0, 0), (0, 0), 0)

    def lots(self, decisions):
        """Each lot of the decisions, with the ids of the counters it has units of."""
        rows = self._connection.execute(LOTS, {"decisions": decisions})
        return {
            bytes(lot): LotRow(state, _counters(bytes(units)), bytes(decision), part)
            for lot, state, units, decision, part in rows
        }


def _counters(units):
    starts = range(0, len(units), UNIT_BYTES)
    return [units[start : start + ID_BYTES] for start in starts]


def sums(lots, counter):
    """Units held and used of a counter, summed over lots."""
    counts = Counter(lot.state for lot in lots.values() for charged in lot.counters if charged == counter)
    return counts[HELD], counts[CONFIRMED]


class Sampler(threading.Thread):
    """Reads all the time, past the service and through it, how many units of a counter are live.

    ``faults`` are the moments at which a counter was not the sum of its lots, ``most_claims`` the most
    live claims that a decision had at any moment.
    """

    def __init__(self, database, caller_pool, fight):
        super().__init__(daemon=True)
        self._database, self._crowd, self._fight = database, caller_pool, fight
        self._over = threading.Event()
        self.most, self.most_told, self.samples, self.told, self.faults = 0, 0, 0, 0, []
        self.most_claims = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.join()

    def run(self):
        with Books(self._database) as books:
            while not self._over.wait(SAMPLE_SECONDS):
                self._read(books)
                if self.samples % ASK_EVERY_SAMPLES == 0:
                    self._ask()
                self.samples += 1

    def _read(self, books):
        fight = self._fight
        if self.samples % LOTS_EVERY_SAMPLES:
            counted = books.counter(fight.hot)
        else:
            counted, lots, claims = books.counter_and_lots(fight.hot, fight.decision_ids)
            self.most_claims = max(self.most_claims, claims)
            if counted != lots:
                self.faults.append((counted, lots))
        self.most = max(self.most, sum(counted))

    def _ask(self):
        operators = self._crowd.operators
        operator = operators[self.samples % len(operators)]
        # A process that has just been killed does not answer.
        with suppress(grpc.RpcError):
            self.most_told = max(self.most_told, sum(told_of(operator, self._fight)))
            self.told += 1


def told_of(operator, fight):
    """Units held and used as GetLimits tells."""
    request = pb.GetLimitsRequest(
        action=fight.action, limit=fight.limit, location_id=fight.store, most_subjects=MAX_SUBJECTS
    )
    answer = operator.GetLimits(request, timeout=CALL_SECONDS)
    for limit in answer.limits:
        if fight.store or limit.subject == fight.subject:
            return limit.held, limit.used
    return 0, 0

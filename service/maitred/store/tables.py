"""The tables as the code uses them. Migrations make them; a test holds the two together."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from maitred.core.limits.limits import LockRank
from maitred.core.limits.lots import OWN_LOT_BYTES, UnitState

METADATA = MetaData()

_EXPOSED, _LATE = text("length(arms) > 0"), text("late_at > 0")

DECISION = Table(
    "decision",
    METADATA,
    # The order of the log, writer by writer: see ``chain``.
    Column("seq", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    Column("decision_id", LargeBinary, nullable=False),
    Column("decided_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("ruleset", Text, nullable=False),
    Column("customer", LargeBinary, nullable=False),  # a person's ``ref``; empty before there were any
    Column("body", LargeBinary, nullable=False),  # sealed with the person's key
    Column("hash", LargeBinary, nullable=False),
    # Exposures to experiments, as in the body: results are counted without opening it.
    Column("arms", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("decision_id").ddl_if("postgresql"),
    Index("decision_customer", "customer").ddl_if("postgresql"),
    Index("decision_exposed", "decided_at", sqlite_where=_EXPOSED, postgresql_where=_EXPOSED),
)

SQLITE_METADATA = MetaData()
"""What SQLite has beside the others."""

# In place of indexes on ``decision``: see ``recent``.
DECISION_BY_ID, DECISION_BY_CUSTOMER = (
    Table(
        name,
        SQLITE_METADATA,
        Column("head", LargeBinary, primary_key=True),  # the first bytes of the key
        Column("seq", BigInteger, primary_key=True),
        sqlite_with_rowid=False,
    )
    for name in ("decision_by_id", "decision_by_customer")
)

# One row.
DECISION_INDEXED = Table(
    "decision_indexed",
    SQLITE_METADATA,
    Column("seq", BigInteger, nullable=False),  # both have the rows up to here
)

LOG_WRITER = Table(
    "log_writer",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("id", LargeBinary, nullable=False, unique=True),
    Column("started_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("rows", BigInteger, nullable=False),  # ever written
    Column("purged", BigInteger, nullable=False),  # of those, the first so many are gone
    Column("begin", LargeBinary, nullable=False),  # the hash before the first that is left
    Column("head", LargeBinary, nullable=False),  # the hash of the last
    # Written with every batch: room on its page for the next version.
    postgresql_with={"fillfactor": 10},
)

PERSON = Table(
    "person",
    METADATA,
    Column("pseudonym", LargeBinary, primary_key=True),
    Column("ref", LargeBinary, nullable=False, unique=True),
    Column("key", LargeBinary, nullable=False),  # wrapped: of no use without the vault
    Column("statements", Text, nullable=False),  # see ``people``
    Column("events", BigInteger, nullable=False, server_default=text("0")),  # see ``events``
    Column("jurisdiction", LargeBinary, nullable=False, server_default=text("''")),  # UTF-8
    sqlite_with_rowid=False,
)

# Words of callers are UTF-8 in bytes everywhere: they are compared byte by byte, and
# PostgreSQL's text cannot hold U+0000.
CONSENT = Table(
    "consent",
    METADATA,
    Column("request", LargeBinary, primary_key=True),
    Column("place", SmallInteger, primary_key=True),  # among those of its request
    Column("ref", LargeBinary, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("purpose", LargeBinary, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("source", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("text_version", LargeBinary, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Index("consent_ref", "ref", "purpose", "made_at"),
    Index("consent_made", "made_at"),
    sqlite_with_rowid=False,
)

VAULT_KEY = Table(
    "vault_key",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("check_value", LargeBinary, nullable=False),
)

RULESET = Table(
    "ruleset",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("git_commit", Text, nullable=False),
    Column("activated_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("sources", LargeBinary, nullable=False),  # see ``bundle``
)

# What records are packed by; made of rules alone, and never deleted.
RECORD_DICTIONARY = Table(
    "record_dictionary",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Of the ledger, 0 and an empty text stand for none: arrays of nothing but nulls have no type.
_HELD = text(f"state = {UnitState.HELD.value}")
# All that is held has an expiry. Said so, PostgreSQL does not look a key of ``ledger_lot_reuse`` up by
# reading all of ``ledger_lot_due``: that costs less while the tables are empty, and is planned once.
_DUE = text(f"{_HELD} AND expires_at > 0")
_REUSABLE = text(f"{_HELD} AND length(reuse) > 0")
# The ids of what a decision takes as it is made begin with when, and with bytes of its own id: those lots
# are a range of the primary key (``core.limits.lots.lots_begin``), and in no other index of random keys.
# They are told by their length: a caller may look for a request id whose digest has the bytes of a decision.
BY_DECISION = f"length(decision_id) > 0 AND length(lot_id) <> {OWN_LOT_BYTES}"
"""Lots that are found by their decision: claims, what was reported, and those of before."""
_BY_DECISION = text(BY_DECISION)
_OVER = text("over_at > 0")
_ENDING = text("resets_at > 0")
SHARED = text(f"heat > {LockRank.PERSON.value}")
"""Counters that are not of single persons."""
_LIVE_CLAIM = text("part = 4 AND state IN (1, 2) AND length(decision_id) > 0")

COUNTER = Table(
    "ledger_counter",
    METADATA,
    Column("counter_id", LargeBinary, primary_key=True),  # a function of limit, subject and window
    Column("heat", SmallInteger, nullable=False),
    Column("limit_name", Text, nullable=False),
    Column("subject", LargeBinary, nullable=False),  # UTF-8
    Column("window_key", LargeBinary, nullable=False),
    Column("resets_at", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),  # a unit was taken last
    Column("since", BigInteger, nullable=False),  # see ``core.limits.ledger.CounterState``
    Column("lately", Double, nullable=False),  # see ``core.limits.ledger.CounterState``
    # Counters of persons are many and random, and hardly ever looked for by their limit.
    Index("ledger_counter_limit", "limit_name", "subject", sqlite_where=SHARED, postgresql_where=SHARED),
    # No index on what changes with every unit: PostgreSQL would write it anew each time.
    Index("ledger_counter_end", "resets_at", sqlite_where=_ENDING, postgresql_where=_ENDING),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": 50},
)

# With row ids in SQLite: rows are wide, and the ids of claims and reports random. Appended, each touches one
# page of a small index in place of one of the whole table.
LOT = Table(
    "ledger_lot",
    METADATA,
    Column("lot_id", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("choice", SmallInteger, nullable=False),
    Column("units", LargeBinary, nullable=False),  # see ``ledger_rows``
    Column("expires_at", BigInteger, nullable=False),
    Column("refused_limit", Text, nullable=False),
    Column("refused_reason", SmallInteger, nullable=False),
    Column("reuse", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("decision_id", LargeBinary, nullable=False),
    Column("action", Text, nullable=False),
    Column("over_at", BigInteger, nullable=False),  # nothing of it counts from here on
    Column("part", SmallInteger, nullable=False),  # see ``core.limits.lots.Part``
    Column("place", Text, nullable=False),
    # When the decision was made; in PostgreSQL 0 for lots that were taken before there was the column.
    Column("decided_at", BigInteger, nullable=False, server_default=text("0")),
    Index("ledger_lot_due", "expires_at", sqlite_where=_HELD, postgresql_where=_DUE),
    Index("ledger_lot_reuse", "reuse", sqlite_where=_REUSABLE, postgresql_where=_REUSABLE),
    Index("ledger_lot_decision", "decision_id", postgresql_where=_BY_DECISION).ddl_if("postgresql"),
    # Claims follow their decisions: those of a batch lie close together, which ids of decisions do not.
    Index("ledger_lot_decided", "decided_at", "decision_id", sqlite_where=_BY_DECISION).ddl_if("sqlite"),
    Index("ledger_lot_over", "over_at", sqlite_where=_OVER, postgresql_where=_OVER),
    # Replicas claim at once. In SQLite one process does, which reads what a decision has before it writes.
    Index(
        "ledger_lot_place",
        "decision_id",
        "place",
        unique=True,
        postgresql_where=_LIVE_CLAIM,
    ).ddl_if("postgresql"),
)

# The live units of rolling windows, for counting those of the last while.
UNIT = Table(
    "ledger_unit",
    METADATA,
    Column("counter_id", LargeBinary, primary_key=True),
    Column("taken_at", BigInteger, primary_key=True),
    Column("lot_id", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)

STEP = Table(
    "ledger_step",
    METADATA,
    Column("step_id", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("lot_id", LargeBinary, nullable=False),
    Column("event", SmallInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("refused_limit", Text, nullable=False),
    Column("refused_reason", SmallInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Index("ledger_step_lot", "lot_id"),
    sqlite_with_rowid=False,
)

PAUSE = Table(
    "pause",
    METADATA,
    Column("action", LargeBinary, primary_key=True),  # UTF-8
    Column("paused_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("paused_by", LargeBinary, nullable=False),
    Column("cause", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# An action that was resumed; kept for guards, which look at what came afterwards.
RESUMED = Table(
    "resumed",
    METADATA,
    Column("action", LargeBinary, primary_key=True),  # UTF-8
    Column("resumed_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    sqlite_with_rowid=False,
)

# What scores have learned: JSON of ``engine.operating.parameters``. The greatest number counts.
LEARNED = Table(
    "learned",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("learned_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("content", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

OUTCOME = Table(
    "outcome",
    METADATA,
    Column("outcome_id", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("decision_id", LargeBinary, nullable=False),
    Column("action", LargeBinary, nullable=False),  # UTF-8
    Column("kind", SmallInteger, nullable=False),
    Column("happened_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("recorded", SmallInteger, nullable=False),
    Column("detail", LargeBinary, nullable=False),
    Column("late_at", BigInteger, nullable=False, server_default=text("0")),  # when reported, if late
    Index("outcome_decision", "decision_id"),
    Index("outcome_late", "late_at", sqlite_where=_LATE, postgresql_where=_LATE),
)

# Rows of one customer lie together in the index: they are read together.
EVENT = Table(
    "event",
    METADATA,
    Column("event_id", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("ref", LargeBinary, nullable=False),  # a person's
    Column("kind", LargeBinary, nullable=False),  # UTF-8; empty for a mere withdrawal
    Column("happened_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("over_at", BigInteger, nullable=False),  # it is kept no longer
    Column("withdraws", LargeBinary, nullable=False),  # an ``event_id``, or empty
    Column("body", LargeBinary, nullable=False),  # sealed with the person's key
    Column("number", BigInteger, nullable=False, server_default=text("0")),  # ``person.events`` then
    Index("event_ref", "ref", "number"),
    Index("event_over", "over_at"),
    Index("event_happened", "happened_at"),
)

SESSION_DECISION = Table(
    "session_decision",
    METADATA,
    Column("session", LargeBinary, primary_key=True),  # a pseudonym of ``session.id``
    Column("decision_id", LargeBinary, primary_key=True),
    Column("customer", LargeBinary, nullable=False),  # a person's ``ref``; empty for nobody known
    Index("session_decision_of", "decision_id"),
    Index("session_decision_customer", "customer"),
    sqlite_with_rowid=False,
)

# No index where there is nothing to find a claim by: partial, as many claims have no session or place.
CLAIM = Table(
    "claim",
    METADATA,
    # Of its lot, whose id is random: rows of one batch lie together.
    Column("made_at", BigInteger, primary_key=True, autoincrement=False),
    Column("lot_id", LargeBinary, primary_key=True),
    Column("decision_id", LargeBinary, nullable=False),
    Column("action", LargeBinary, nullable=False),  # UTF-8
    Column("customer", LargeBinary, nullable=False),  # a person's ``ref``, empty for nobody
    Column("session", LargeBinary, nullable=False),  # a pseudonym of ``session.id``
    Column("location", LargeBinary, nullable=False),  # UTF-8
    Column("expires_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    *(
        Index(
            f"claim_{column}",
            column,
            "expires_at",
            "lot_id",
            sqlite_where=text(f"length({column}) > 0"),
            postgresql_where=text(f"length({column}) > 0"),
        )
        for column in ("customer", "session", "location")
    ),
    sqlite_with_rowid=False,
)

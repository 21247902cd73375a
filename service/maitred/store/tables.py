"""The tables as the code uses them. Migrations make them; a test holds the two together."""

from sqlalchemy import BigInteger, Column, Identity, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

DECISION = Table(
    "decision",
    METADATA,
    # The order of the log: on SQLite that of commit, on PostgreSQL roughly.
    Column("seq", BigInteger().with_variant(Integer(), "sqlite"), Identity(always=True), primary_key=True),
    Column("decision_id", LargeBinary, nullable=False, unique=True),
    Column("decided_at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("ruleset", Text, nullable=False),
    # UTF-8: compared octet by octet, and PostgreSQL's text cannot hold U+0000.
    Column("customer_id", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
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

"""Customers by their pseudonyms, their consents, and whose each decision is.

Decisions so far have raw ids of customers. No release has kept them, and no key is theirs: they
become nobody's (an empty reference), and their bodies stay as they are. They are chained as what
comes after them is.
"""

import os
from hashlib import sha256
from struct import pack

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

WRITER = 1
ROWS_AT_ONCE = 500
PAGE = sa.text(
    "SELECT seq, decision_id, decided_at, ruleset, body FROM decision_before "
    "WHERE seq > :last ORDER BY seq LIMIT :most"
)
COPY = sa.text("INSERT INTO decision VALUES (:seq, :id, :at, :ruleset, :customer, :body, :hash)")
WRITE = sa.text("INSERT INTO log_writer VALUES (:number, :id, 0, :rows, 0, :begin, :head)")


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("pseudonym", sa.LargeBinary, primary_key=True),
        sa.Column("ref", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("statements", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "consent",
        sa.Column("request", sa.LargeBinary, primary_key=True),
        sa.Column("place", sa.SmallInteger, primary_key=True),
        sa.Column("ref", sa.LargeBinary, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("purpose", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("source", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("text_version", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("consent_ref", "consent", ["ref", "purpose", "made_at"])
    op.create_index("consent_made", "consent", ["made_at"])
    op.create_table(
        "vault_key",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("check_value", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "log_writer",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("purged", sa.BigInteger, nullable=False),
        sa.Column("begin", sa.LargeBinary, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        postgresql_with={"fillfactor": 10},
    )
    op.rename_table("decision", "decision_before")
    op.create_table(
        "decision",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("decision_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("ruleset", sa.Text, nullable=False),
        sa.Column("customer", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    chain_what_there_is(op.get_bind())
    op.drop_table("decision_before")
    op.create_index("decision_customer", "decision", ["customer"])


def chain_what_there_is(connection: sa.Connection) -> None:
    """The decisions so far become those of the first writer."""
    writer, last, count = os.urandom(16), 0, 0
    head = start = sha256(b"maitred.decision.log" + pack(">16sqq", writer, 0, WRITER)).digest()
    while page := connection.execute(PAGE, {"last": last, "most": ROWS_AT_ONCE}).all():
        rows = []
        for last, decision_id, decided_at, ruleset, body in page:  # noqa: B007 -- it goes on after the page
            count += 1
            seq, name = WRITER << 40 | count, ruleset.encode()
            lengths = len(decision_id), len(name), 0, len(body)
            header = pack(">16sq32sqqIIII", writer, 0, head, seq, decided_at, *lengths)
            head = sha256(b"".join((header, decision_id, name, body))).digest()
            rows.append((seq, decision_id, decided_at, ruleset, b"", body, head))
        names = ("seq", "id", "at", "ruleset", "customer", "body", "hash")
        connection.execute(COPY, [dict(zip(names, row, strict=True)) for row in rows])
    if count:
        connection.execute(
            WRITE, {"number": WRITER, "id": writer, "rows": count, "begin": start, "head": head}
        )

"""Customers by their pseudonyms, their consents, and whose each decision is.

Decisions so far have raw ids of customers. No release has kept them, and no key is theirs: they
become nobody's (an empty reference), and their bodies stay as they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


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
    op.rename_table("decision", "decision_before")
    seq_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "decision",
        sa.Column("seq", seq_type, sa.Identity(always=True), primary_key=True),
        sa.Column("decision_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("ruleset", sa.Text, nullable=False),
        sa.Column("customer", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    empty = "x''" if op.get_bind().dialect.name == "sqlite" else "''::bytea"
    copy = f"""
    INSERT INTO decision (decision_id, decided_at, ruleset, customer, body)
    SELECT decision_id, decided_at, ruleset, {empty}, body FROM decision_before ORDER BY seq
    """  # noqa: S608 -- of constants
    op.execute(copy)
    op.drop_table("decision_before")
    op.create_index("decision_customer", "decision", ["customer"])

"""The decision log and the rulesets it refers to."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    # SQLite numbers rows by itself in an INTEGER alone.
    seq_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "decision",
        sa.Column("seq", seq_type, sa.Identity(always=True), primary_key=True),
        sa.Column("decision_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("ruleset", sa.Text, nullable=False),
        sa.Column("customer_id", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ruleset",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("git_commit", sa.Text, nullable=False),
        sa.Column("activated_at", sa.BigInteger, nullable=False),
        sa.Column("sources", sa.LargeBinary, nullable=False),
    )

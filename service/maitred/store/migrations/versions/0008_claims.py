"""Whose the granted claims are."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("lot_id", sa.LargeBinary, primary_key=True),
        sa.Column("decision_id", sa.LargeBinary, nullable=False),
        sa.Column("action", sa.LargeBinary, nullable=False),
        sa.Column("customer", sa.LargeBinary, nullable=False),
        sa.Column("session", sa.LargeBinary, nullable=False),
        sa.Column("location", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    for column in ("customer", "session", "location"):
        there = sa.text(f"length({column}) > 0")
        op.create_index(
            f"claim_{column}",
            "claim",
            [column, "expires_at", "lot_id"],
            sqlite_where=there,
            postgresql_where=there,
        )

"""Snapshots of what has been learned from outcomes."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "learned",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("learned_at", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )

"""Claims in the order in which they were made; in SQLite without the index that keeps replicas apart."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

COLUMNS = "lot_id, decision_id, action, customer, session, location, expires_at"


def upgrade() -> None:
    op.rename_table("claim", "claim_before")
    for column in ("customer", "session", "location"):
        op.drop_index(f"claim_{column}")
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ledger_lot_place")
    else:
        op.execute("ALTER INDEX claim_pkey RENAME TO claim_before_pkey")
    op.create_table(
        "claim",
        sa.Column("made_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("lot_id", sa.LargeBinary, primary_key=True),
        sa.Column("decision_id", sa.LargeBinary, nullable=False),
        sa.Column("action", sa.LargeBinary, nullable=False),
        sa.Column("customer", sa.LargeBinary, nullable=False),
        sa.Column("session", sa.LargeBinary, nullable=False),
        sa.Column("location", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    # A row without its lot counts for nothing.
    op.execute(
        f"INSERT INTO claim (made_at, {COLUMNS}) SELECT made_at, {COLUMNS} FROM claim_before "  # noqa: S608 -- of constants
        "JOIN (SELECT made_at, lot_id AS made_lot FROM ledger_lot) AS made ON made_lot = lot_id "
        "ORDER BY made_at, lot_id"
    )
    op.drop_table("claim_before")
    for column in ("customer", "session", "location"):
        there = sa.text(f"length({column}) > 0")
        op.create_index(
            f"claim_{column}",
            "claim",
            [column, "expires_at", "lot_id"],
            sqlite_where=there,
            postgresql_where=there,
        )

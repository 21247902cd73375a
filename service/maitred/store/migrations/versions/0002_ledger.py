"""The ledger: counters, lots, units of rolling windows, and the steps of lots."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "ledger_counter",
        sa.Column("counter_id", sa.LargeBinary, primary_key=True),
        sa.Column("heat", sa.SmallInteger, nullable=False),
        sa.Column("limit_name", sa.Text, nullable=False),
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("window_key", sa.LargeBinary, nullable=False),
        sa.Column("resets_at", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
        # Room on each page for the next version of a hot row, so that no index is touched.
        postgresql_with={"fillfactor": 50},
    )
    op.create_index("ledger_counter_limit", "ledger_counter", ["limit_name", "subject"])
    op.create_table(
        "ledger_lot",
        sa.Column("lot_id", sa.LargeBinary, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("choice", sa.SmallInteger, nullable=False),
        sa.Column("units", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("refused_limit", sa.Text, nullable=False),
        sa.Column("refused_reason", sa.SmallInteger, nullable=False),
        sa.Column("reuse", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
    )
    held = sa.text("state = 1")
    op.create_index("ledger_lot_due", "ledger_lot", ["expires_at"], sqlite_where=held, postgresql_where=held)
    reusable = sa.text("state = 1 AND length(reuse) > 0")
    op.create_index(
        "ledger_lot_reuse", "ledger_lot", ["reuse"], sqlite_where=reusable, postgresql_where=reusable
    )
    op.create_table(
        "ledger_unit",
        sa.Column("counter_id", sa.LargeBinary, primary_key=True),
        sa.Column("taken_at", sa.BigInteger, primary_key=True),
        sa.Column("lot_id", sa.LargeBinary, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_step",
        sa.Column("step_id", sa.LargeBinary, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("lot_id", sa.LargeBinary, nullable=False),
        sa.Column("event", sa.SmallInteger, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("refused_limit", sa.Text, nullable=False),
        sa.Column("refused_reason", sa.SmallInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )

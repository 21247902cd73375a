"""What lots were taken for and when they are over, how fast counters fill, and paused actions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # The empty byte string is written differently.
    empty = sa.text("x''" if op.get_bind().dialect.name == "sqlite" else "''::bytea")
    op.add_column(
        "ledger_lot", sa.Column("decision_id", sa.LargeBinary, nullable=False, server_default=empty)
    )
    op.add_column("ledger_lot", sa.Column("action", sa.Text, nullable=False, server_default=sa.text("''")))
    op.add_column(
        "ledger_lot", sa.Column("over_at", sa.BigInteger, nullable=False, server_default=sa.text("0"))
    )
    op.execute("UPDATE ledger_lot SET over_at = made_at WHERE state IN (3, 4, 5)")
    of_decision = sa.text("length(decision_id) > 0")
    op.create_index(
        "ledger_lot_decision",
        "ledger_lot",
        ["decision_id"],
        sqlite_where=of_decision,
        postgresql_where=of_decision,
    )
    over = sa.text("over_at > 0")
    op.create_index("ledger_lot_over", "ledger_lot", ["over_at"], sqlite_where=over, postgresql_where=over)
    op.create_index("ledger_step_lot", "ledger_step", ["lot_id"])
    op.add_column(
        "ledger_counter", sa.Column("lately", sa.Double, nullable=False, server_default=sa.text("0"))
    )
    ending = sa.text("resets_at > 0")
    op.create_index(
        "ledger_counter_end", "ledger_counter", ["resets_at"], sqlite_where=ending, postgresql_where=ending
    )
    op.create_table(
        "pause",
        sa.Column("action", sa.LargeBinary, primary_key=True),
        sa.Column("paused_at", sa.BigInteger, nullable=False),
        sa.Column("paused_by", sa.LargeBinary, nullable=False),
        sa.Column("cause", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )

"""Indexes without the rows of which there are most: lots that a decision takes, counters of persons."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.drop_index("ledger_lot_decision")
    by_decision = sa.text("length(decision_id) > 0 AND substr(lot_id, 6, 6) <> substr(decision_id, 1, 6)")
    op.create_index(
        "ledger_lot_decision",
        "ledger_lot",
        ["decision_id"],
        sqlite_where=by_decision,
        postgresql_where=by_decision,
    )
    op.drop_index("ledger_counter_limit")
    shared = sa.text("heat > 0")
    op.create_index(
        "ledger_counter_limit",
        "ledger_counter",
        ["limit_name", "subject"],
        sqlite_where=shared,
        postgresql_where=shared,
    )

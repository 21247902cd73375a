"""Lots are found by their decision unless their ids have the length of what a decision itself took."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    by_decision = sa.text("length(decision_id) > 0 AND length(lot_id) <> 20")
    if op.get_context().dialect.name == "sqlite":
        op.drop_index("ledger_lot_decided")
        columns = ["decided_at", "decision_id"]
        op.create_index("ledger_lot_decided", "ledger_lot", columns, sqlite_where=by_decision)
    else:
        op.drop_index("ledger_lot_decision")
        op.create_index("ledger_lot_decision", "ledger_lot", ["decision_id"], postgresql_where=by_decision)

"""When the decision of a lot was made: in SQLite, claims in order of that in the index by decision."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

BY_DECISION = "length(decision_id) > 0 AND substr(lot_id, 6, 6) <> substr(decision_id, 1, 6)"


def upgrade() -> None:
    op.add_column("ledger_lot", sa.Column("decided_at", sa.BigInteger, nullable=False, server_default="0"))
    if op.get_context().dialect.name != "sqlite":
        return
    op.drop_index("ledger_lot_decision")
    # The lots of a decision that is not in the log any more stay as they are: nobody looks for them.
    op.execute(
        "UPDATE ledger_lot SET decided_at = made.decided_at FROM decision AS made "  # noqa: S608 -- of constants
        f"WHERE {BY_DECISION.replace('decision_id', 'ledger_lot.decision_id')} "
        "AND made.decision_id = ledger_lot.decision_id"
    )
    by_decision = sa.text(BY_DECISION)
    op.create_index(
        "ledger_lot_decided", "ledger_lot", ["decided_at", "decision_id"], sqlite_where=by_decision
    )

"""In PostgreSQL an index of what is due that no other question can be answered by."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    op.drop_index("ledger_lot_due")
    due = sa.text("state = 1 AND expires_at > 0")
    op.create_index("ledger_lot_due", "ledger_lot", ["expires_at"], postgresql_where=due)

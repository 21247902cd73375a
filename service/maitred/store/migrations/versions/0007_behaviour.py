"""What customers did, and which decisions belong to one session."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("event_id", sa.LargeBinary, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("ref", sa.LargeBinary, nullable=False),
        sa.Column("kind", sa.LargeBinary, nullable=False),
        sa.Column("happened_at", sa.BigInteger, nullable=False),
        sa.Column("over_at", sa.BigInteger, nullable=False),
        sa.Column("withdraws", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("event_ref", "event", ["ref", "happened_at"])
    op.create_index("event_over", "event", ["over_at"])
    op.create_index("event_happened", "event", ["happened_at"])
    op.create_table(
        "session_decision",
        sa.Column("session", sa.LargeBinary, primary_key=True),
        sa.Column("decision_id", sa.LargeBinary, primary_key=True),
        sa.Column("customer", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("session_decision_of", "session_decision", ["decision_id"])
    op.create_index("session_decision_customer", "session_decision", ["customer"])
    op.add_column("person", sa.Column("events", sa.BigInteger, nullable=False, server_default=sa.text("0")))

"""Which outcomes were reported late, and when: guards count them too."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    late_at = sa.Column("late_at", sa.BigInteger, nullable=False, server_default=sa.text("0"))
    op.add_column("outcome", late_at)
    late = sa.text("late_at > 0")
    op.create_index("outcome_late", "outcome", ["late_at"], sqlite_where=late, postgresql_where=late)

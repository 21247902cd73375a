"""When each action was resumed last: what came of it before is no reason to pause it again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "resumed",
        sa.Column("action", sa.LargeBinary, primary_key=True),
        sa.Column("resumed_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )

"""When a counter began: units from before belong to one that was forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column(
        "ledger_counter", sa.Column("since", sa.BigInteger, nullable=False, server_default=sa.text("0"))
    )

"""What each lot is for, and that of each place in an answer one claim at most is live."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column(
        "ledger_lot", sa.Column("part", sa.SmallInteger, nullable=False, server_default=sa.text("0"))
    )
    op.add_column("ledger_lot", sa.Column("place", sa.Text, nullable=False, server_default=sa.text("''")))
    live = sa.text("part = 4 AND state IN (1, 2) AND length(decision_id) > 0")
    op.create_index(
        "ledger_lot_place",
        "ledger_lot",
        ["decision_id", "place"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )

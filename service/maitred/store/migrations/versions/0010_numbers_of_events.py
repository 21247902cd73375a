"""With which write of their customer's events each was written, so that only what is fresh is read."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("event", sa.Column("number", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.drop_index("event_ref", "event")
    op.create_index("event_ref", "event", ["ref", "number"])

"""Which experiments made a difference to each decision."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("decision", sa.Column("arms", sa.Text, nullable=False, server_default=sa.text("''")))
    exposed = sa.text("length(arms) > 0")
    op.create_index(
        "decision_exposed", "decision", ["decided_at"], sqlite_where=exposed, postgresql_where=exposed
    )

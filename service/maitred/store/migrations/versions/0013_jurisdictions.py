"""Where customers were last decided for: what may be kept of them is judged by the rules there."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    none = sa.text("''")
    op.add_column("person", sa.Column("jurisdiction", sa.LargeBinary, nullable=False, server_default=none))

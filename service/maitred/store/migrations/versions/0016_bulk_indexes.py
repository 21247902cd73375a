"""In SQLite, tables that are filled in order of key in place of two indexes of decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

COLUMNS = "seq, decision_id, decided_at, ruleset, customer, body, hash, arms"
KEYS = {"decision_by_id": "decision_id", "decision_by_customer": "customer"}


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in KEYS:
        op.create_table(
            table,
            sa.Column("head", sa.LargeBinary, primary_key=True),
            sa.Column("seq", sa.BigInteger, primary_key=True),
            sqlite_with_rowid=False,
        )
    op.create_table("decision_indexed", sa.Column("seq", sa.BigInteger, nullable=False))
    for table, column in KEYS.items():
        # Of no bytes SQLite has no part.
        head = f"coalesce(substr({column}, 1, 8), x'')"
        op.execute(f"INSERT INTO {table} SELECT {head}, seq FROM decision ORDER BY 1, 2")  # noqa: S608 -- of constants
    op.execute("INSERT INTO decision_indexed SELECT coalesce(max(seq), 0) FROM decision")
    without_unique_column()


def without_unique_column() -> None:
    """Copies the decisions: the index of a column that was made unique cannot be dropped."""
    op.rename_table("decision", "decision_before")
    op.create_table(
        "decision",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("decision_id", sa.LargeBinary, nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("ruleset", sa.Text, nullable=False),
        sa.Column("customer", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("arms", sa.Text, nullable=False, server_default=sa.text("''")),
    )
    op.execute(f"INSERT INTO decision ({COLUMNS}) SELECT {COLUMNS} FROM decision_before ORDER BY seq")  # noqa: S608 -- of constants  # noqa: S608 -- of constants
    op.drop_table("decision_before")
    exposed = sa.text("length(arms) > 0")
    op.create_index("decision_exposed", "decision", ["decided_at"], sqlite_where=exposed)

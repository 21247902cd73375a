"""Run by Alembic: migrates over the connection and in the transaction that ``schema`` hands in."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()

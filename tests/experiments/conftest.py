"""A harness with control groups and experiments, on both databases."""

from tests.claims.conftest import harness, sqlite_harness

__all__ = ["harness", "sqlite_harness"]

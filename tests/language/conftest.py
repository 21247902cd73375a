from tests.claims.conftest import harness, sqlite_harness

__all__ = ["harness", "sqlite_harness"]

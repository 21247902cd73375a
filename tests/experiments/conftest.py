"""Events of a harness, for results that go by them."""

from tests.behaviour.conftest import happen

__all__ = ["happen"]

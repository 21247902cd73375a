"""Forward chaining over situations, run by durable-rules."""

from .derive import deriver
from .selftest import self_test

__all__ = ["deriver", "self_test"]

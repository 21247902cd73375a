"""Forward chaining over situations, run by durable-rules."""

from .derive import deriver, self_test

__all__ = ["deriver", "self_test"]

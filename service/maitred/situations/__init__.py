"""Forward chaining over situations, run by durable-rules."""

from .derive import deriver

__all__ = ["deriver"]

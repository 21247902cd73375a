"""Forward chaining over situations, run by durable-rules."""

from .deriver import deriver

__all__ = ["deriver"]

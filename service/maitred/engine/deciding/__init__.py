"""Decisions: prepared, batched, committed, recorded."""

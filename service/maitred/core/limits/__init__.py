"""Limits, windows, and the arithmetic of the ledger."""

"""Counters, lots and units."""

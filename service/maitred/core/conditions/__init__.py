"""Conditions and how they are matched: the index, and the plain scan that is its oracle."""

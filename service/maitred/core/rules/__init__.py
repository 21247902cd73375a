"""A ruleset as values, and compiled for deciding."""

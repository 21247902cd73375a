"""One decision, as a pure function."""

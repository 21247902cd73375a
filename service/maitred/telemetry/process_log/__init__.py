"""The process log."""

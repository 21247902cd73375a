"""The processes of ``serve``."""

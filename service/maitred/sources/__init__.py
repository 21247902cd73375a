"""Where rule files come from."""

"""Events as spans, metrics and log records."""

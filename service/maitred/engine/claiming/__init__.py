"""Claims and outcomes of what was proposed."""

"""The decision log and its chain, rulesets and outcomes."""

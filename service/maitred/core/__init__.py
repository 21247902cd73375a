"""The pure heart: rules, conditions, the index, decisions. Standard library only, no I/O."""

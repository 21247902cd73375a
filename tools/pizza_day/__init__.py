"""The failure that started it, replayed: a free pizza for everybody at once, under three rulesets."""

"""Documents that limit: caps, capacity, alternatives."""

"""Documents that make actions."""

"""Scores that learn: what is known of the acceptance of actions, and what is drawn from it for a decision."""

"""What customers did: events, and what follows from those of one customer."""

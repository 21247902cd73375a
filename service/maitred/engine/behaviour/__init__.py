"""Use cases around what customers did: recording events, and showing where a session or a customer is."""

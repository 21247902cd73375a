"""Customers: their pseudonyms, consent and rights."""

"""Customers, their consent, and their end."""

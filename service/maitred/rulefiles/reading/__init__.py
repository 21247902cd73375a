"""Bytes to documents: every bound and every fault of form."""

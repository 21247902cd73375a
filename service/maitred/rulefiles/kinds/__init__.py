"""The kinds of documents and their fields, as pydantic models."""

"""The document of kind ``Privacy`` and what uses it."""

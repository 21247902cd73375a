"""OTLP: what is sent, and how."""

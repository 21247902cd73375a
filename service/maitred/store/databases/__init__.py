"""SQLite and PostgreSQL: connecting, writing, reading beside."""

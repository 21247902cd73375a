"""What both databases' drivers do alike: connections, many rows at once, failures."""

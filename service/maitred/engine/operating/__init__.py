"""What operators see and stop, and what a process does by itself."""

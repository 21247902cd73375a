"""What a process does by itself beside answering."""

"""What rule authors are told."""

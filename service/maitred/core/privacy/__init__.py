"""What may be read of a customer: purposes, consent, signals."""

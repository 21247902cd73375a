"""Values that conditions read: their kinds, and how they are read from a request."""

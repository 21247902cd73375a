"""Where the rooms are plugged together; nothing else builds a service.

One module for each use, so that a command imports only the rooms it needs.
"""

"""gRPC: the only room that knows protobuf. ``Server`` serves a ``Decider``, ``Client`` calls one."""

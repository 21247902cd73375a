"""How the server's transport is set up, against clients that mean ill or are broken."""

_MIB = 1024 * 1024

RECEIVE_MAX_BYTES = 1 * _MIB
"""A full context as a ``Struct`` is up to four times its JSON. Beyond it gRPC itself refuses the message."""
SEND_MAX_BYTES = 64 * _MIB
"""A full explanation of 100,000 actions at some 500 bytes each."""
METADATA_MAX_BYTES = 16 * 1024
"""gRPC's own hard limit, stated so that it does not vary by chance below it."""
FREED_STREAMS_COUNT = 0
"""By default streams that are over count until their memory is free, so that clients which begin as many
calls again as have been answered are refused streams, though they keep to the limit."""
PENDING_CALLS_MAX = 1 << 30
"""Calls that gRPC holds until they are asked for. Beyond its own bound of a thousand it ends them with
``CANCELLED``, by chance, which tells clients neither why nor when to retry. Streams and connections bound
them."""
CALLS_MAX = 4000
"""Last defence for memory: calls on the small pools of health, reflection and refusals."""

KEEPALIVE_MS = 60_000
"""A till whose line went dead is noticed within a minute and a bit."""
KEEPALIVE_TIMEOUT_MS = 20_000
"""gRPC's default, kept in step with ``KEEPALIVE_MS``."""
PING_INTERVAL_MIN_MS = 10_000
"""The shortest keepalive that client libraries allow; more pings are abuse."""
PING_STRIKES_MAX = 2
"""gRPC's default: the third ping too early closes the connection."""
HANDSHAKE_MS = 20_000
"""A connection that does not begin to speak HTTP/2 is closed; gRPC's default is 120 s."""

Option = tuple[str, int]


def server_options(*, share_port: bool, streams: int) -> list[Option]:
    """Channel arguments of the server; ``share_port`` lets several processes listen on one port.

    ``streams`` is how many one connection may have open.
    """
    return [
        # On by default where the system has it: two services started by mistake would share the calls.
        ("grpc.so_reuseport", int(share_port)),
        ("grpc.max_receive_message_length", RECEIVE_MAX_BYTES),
        ("grpc.max_send_message_length", SEND_MAX_BYTES),
        ("grpc.max_metadata_size", METADATA_MAX_BYTES),
        ("grpc.max_concurrent_streams", streams),
        ("grpc.http.overload_protection", FREED_STREAMS_COUNT),
        ("grpc.server.max_pending_requests", PENDING_CALLS_MAX),
        ("grpc.server.max_pending_requests_hard_limit", PENDING_CALLS_MAX),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", PING_INTERVAL_MIN_MS),
        ("grpc.http2.max_ping_strikes", PING_STRIKES_MAX),
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
    ]


def client_options() -> list[tuple[str, int | str]]:
    """Channel arguments of the client: it takes what the server may send."""
    return [("grpc.max_receive_message_length", SEND_MAX_BYTES)]

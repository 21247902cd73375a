"""Tries out what this room uses of gRPC."""

import secrets
import threading
from typing import Any

import grpc

from maitred.selftest import relying_on

from .stock import On
from .workers import Workers

USE = "threads of its own for each handler (`experimental_thread_pool`)"
TIMEOUT_SECONDS = 10.0
SERVICE, METHOD = "maitred.SelfTest", "Thread"
OWN_POOL = "maitred-selftest-own"


def self_test() -> None:
    """Calls a server on a socket that no other process can know. Raises ``Unfit``."""
    common, own = Workers(1, "maitred-selftest"), Workers(1, OWN_POOL)
    address = f"unix-abstract:{secrets.token_hex(16)}"
    with relying_on("grpcio", USE):
        server = grpc.server(common)
        handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
            On(own, _thread_name)
        )
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler})])
        server.add_insecure_port(address)
        server.start()
        try:
            with grpc.insecure_channel(address) as channel:
                call: Any = channel.unary_unary(f"/{SERVICE}/{METHOD}")
                answer: bytes = call(b"", timeout=TIMEOUT_SECONDS)
        finally:
            server.stop(None).wait()
            for pool in common, own:
                pool.shutdown()
        if not answer.decode().startswith(OWN_POOL):
            raise ValueError(f"it ran on {answer.decode()}")


def _thread_name(_request: bytes, _context: Any) -> bytes:
    return threading.current_thread().name.encode()

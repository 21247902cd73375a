"""Whether this grpcio is one that the loop can use: its version, and calls through it at the start.

What the loop uses and is not public: of ``grpc._server`` the ``_ServerState`` of a server, ``_ServerStage``,
``_request_call``, ``_process_event_and_continue``, ``_stop_serving`` and ``_begin_shutdown_once``; of
``grpc._cython.cygrpc`` the completion queue, the server and the operations of a call.
"""

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, unique
from functools import cache
from typing import Any, NamedTuple

import grpc

from maitred.engine.deciding.tickets import Steps, Ticket
from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import Event
from maitred.rpc.convert.fields import PLAIN
from maitred.rpc.methods import Method, Runs
from maitred.settings import DEFAULT_STREAMS

from .places import Places

TESTED_FROM, TESTED_BELOW = (1, 85, 1), (1, 86)
"""Versions that the suite has been run with; widened by running it."""
TEST_SECONDS = 5.0
"""A call on the loopback takes a millisecond; a machine that is starting services is busy."""
_REFUSED = b"refused"


@unique
class Transport(Enum):
    """How calls are answered; ``AUTO`` is the loop where it can be used."""

    AUTO = "auto"
    LOOP = "loop"
    STOCK = "stock"


class ChosenTransport(NamedTuple):
    """The transport of a server, and why it is not the one that was wished for; empty where it is."""

    transport: Transport
    fault: str = ""


def choose(wished: Transport) -> ChosenTransport:
    """The loop, where it is not ruled out; with ``Transport.LOOP`` in every case but a failing test."""
    if wished is Transport.STOCK:
        return ChosenTransport(wished)
    fault = ("" if wished is Transport.LOOP else _version_fault(grpc.__version__)) or _test_fault()
    return ChosenTransport(Transport.STOCK, fault) if fault else ChosenTransport(Transport.LOOP)


def _version_fault(version: str) -> str:
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdecimal())
    if TESTED_FROM <= numbers < TESTED_BELOW:
        return ""
    low, high = (".".join(map(str, bound)) for bound in (TESTED_FROM, TESTED_BELOW))
    return f"grpcio {version} has not been tried: use >={low},<{high}"


@cache
def _test_fault() -> str:
    """Why the loop does not work here; empty where an answer and a failure come through."""
    try:
        answers = _tested()
    except Exception as error:  # noqa: BLE001 -- whatever it is, there is another transport
        return f"the self-test of the loop failed: {type(error).__name__}"
    return (
        ""
        if answers == [b"echo", grpc.StatusCode.NOT_FOUND]
        else "the self-test of the loop gave other answers"
    )


def _tested() -> list[Any]:
    from .loop import Loop  # noqa: PLC0415 -- a name of grpcio that is gone must not end the program

    # On a socket that no other process can know.
    address = f"unix-abstract:{secrets.token_hex(16)}"
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_insecure_port(address)
    services: Any = _Services()
    loop = Loop(server, [_ECHO], services, _Deaf(), places=Places(DEFAULT_STREAMS), overlap=False)
    loop.start()
    try:
        with grpc.insecure_channel(address) as channel:
            echo: Any = channel.unary_unary(f"/{_ECHO.full_name}")
            answers: list[Any] = [echo(b"echo", timeout=TEST_SECONDS)]
            try:
                echo(_REFUSED, timeout=TEST_SECONDS)
            except grpc.RpcError as error:
                answers.append(error.code())
    finally:
        stopped = server.stop(0.0).wait(TEST_SECONDS)
        loop.close()
    return answers if stopped else []


def _echo(_services: Any, data: bytes) -> Steps[bytes]:
    yield Ticket()
    if data == _REFUSED:
        raise CallError(Code.NOT_FOUND, "refused")
    return data


_ECHO = Method("maitred.SelfTest", "Echo", lambda data, _: data, _echo, lambda answer: answer, Runs.LOOP)


class _Commits:
    """A committer that has nothing to do."""

    def settle(self, tickets: Sequence[Ticket], _waiting: int) -> None:
        for ticket in tickets:
            ticket.done = True


class _Services:
    """What the loop asks of the services."""

    committer = _Commits()

    def arrival(self, *_: Any) -> Any:
        return PLAIN


@dataclass
class _Deaf:
    """An observer of the test, of which nobody is told."""

    tracing: bool = False

    def observe(self, event: Event) -> None:
        """Drops the event."""

    def close(self) -> None:
        """Holds nothing."""

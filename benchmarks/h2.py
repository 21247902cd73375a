"""A lean gRPC load client: prepared messages over raw HTTP/2, many streams on few connections.

Costs a fraction of what the servers under test cost, so that it does not set the pace, and
sends a different message each time, which general HTTP/2 load tools cannot. Frames:
RFC 9113; header literals without indexing: RFC 7541, 6.2.2.
"""

import selectors
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_DRAIN_SECONDS = 10.0
"""What is under way when time is up ends within a small part of this."""
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
MAX_CONCURRENT_STREAMS = 3
FIRST_WINDOW_BYTES = 65_535
GRANTED_WINDOW_BYTES = 2**31 - 1 - FIRST_WINDOW_BYTES
READ_BYTES = 1 << 18


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame on the wire."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def headers(path: str, authority: str) -> bytes:
    """The header block of a gRPC call."""
    fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    return b"".join(_literal(name, value) for name, value in fields)


def _literal(name: str, value: str) -> bytes:
    return b"\0" + b"".join(bytes([len(text)]) + text.encode() for text in (name, value))


@dataclass(slots=True)
class Load:
    """What a run has shown. ``latencies`` in seconds; ``failed`` answered without a message.

    ``timely`` of the ``answered`` came within the ``seconds``, the others were under way by then.
    ``last`` is the last message that came.
    """

    seconds: float = 0.0
    answered: int = 0
    timely: int = 0
    failed: int = 0
    last: bytes = b""
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.timely / self.seconds


class Connection:
    """One connection with at most ``streams`` calls in flight, or as many as the server allows."""

    def __init__(self, port: int, path: str, streams: int, messages: Iterator[bytes], load: Load) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.streams, self.messages, self.load = streams, messages, load
        self.block = headers(path, f"127.0.0.1:{port}")
        self.started: dict[int, float] = {}
        self.answered: set[int] = set()
        self.next_stream, self.window, self.unread = 1, FIRST_WINDOW_BYTES, b""
        self.pending: bytes | None = None
        settings = struct.pack(">HI", 4, 2**31 - 1)
        grant = frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", GRANTED_WINDOW_BYTES))
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, settings) + grant)

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self.started) or self.pending is not None

    def fill(self) -> None:
        """Starts as many calls as may be in flight, while there are messages."""
        out = []
        while len(self.started) < self.streams:
            message = next(self.messages, None) if self.pending is None else self.pending
            if message is None:
                break
            size = len(message) + 5
            self.pending = message if size > self.window else None
            if self.pending is not None:
                break
            self.window -= size
            stream = self.next_stream
            self.next_stream += 2
            body = b"\0" + struct.pack(">I", len(message)) + message
            out += [frame(HEADERS, END_HEADERS, stream, self.block), frame(DATA, END_STREAM, stream, body)]
            self.started[stream] = time.perf_counter()
        if out:
            self.socket.sendall(b"".join(out))

    def read(self) -> None:
        """Takes in what has come."""
        data = self.unread + self.socket.recv(READ_BYTES)
        at = 0
        while len(data) - at >= 9:
            size = int.from_bytes(data[at : at + 3], "big")
            if len(data) - at < 9 + size:
                break
            stream = int.from_bytes(data[at + 5 : at + 9], "big") & 0x7FFFFFFF
            self._take(data[at + 3], data[at + 4], stream, data[at + 9 : at + 9 + size])
            at += 9 + size
        self.unread = data[at:]

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == DATA and payload:
            self.answered.add(stream)
            self.load.last = payload[5:]
        elif kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                setting, value = struct.unpack(">HI", payload[at : at + 6])
                if setting == MAX_CONCURRENT_STREAMS:
                    self.streams = min(self.streams, value)
            self.socket.sendall(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            self.socket.sendall(frame(PING, ACK, 0, payload))
        elif kind == WINDOW_UPDATE and stream == 0:
            self.window += int.from_bytes(payload, "big")
        elif kind == GOAWAY:
            raise ConnectionError(payload[8:].decode(errors="replace"))
        if kind == RST_STREAM or (kind in {DATA, HEADERS} and flags & END_STREAM):
            self._finish(stream)

    def _finish(self, stream: int) -> None:
        started = self.started.pop(stream, None)
        if started is None:
            return
        if stream in self.answered:
            self.answered.discard(stream)
            self.load.answered += 1
            self.load.latencies.append(time.perf_counter() - started)
        else:
            self.load.failed += 1


def run(
    port: int,
    path: str,
    messages: Iterator[bytes],
    seconds: float,
    *,
    connections: int = 16,
    streams: int = 8,
) -> Load:
    """Calls without pause for ``seconds``, with ``connections * streams`` calls in flight.

    Ends before that where the messages end. What is under way is taken in before it returns, so
    that it is no burden on whom is measured next.
    """
    load = Load()
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        connection = Connection(port, path, streams, messages, load)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    opened: list[Connection] = [key.data for key in selector.get_map().values()]
    # The limit of streams is in the first frame of the server.
    for connection in opened:
        connection.read()
    started = time.perf_counter()
    for connection in opened:
        connection.fill()
    _turn(selector, opened, started + seconds, more=True)
    load.seconds, load.timely = time.perf_counter() - started, load.answered
    for connection in opened:
        connection.pending = None
    _turn(selector, opened, time.perf_counter() + MAX_DRAIN_SECONDS, more=False)
    for connection in opened:
        connection.socket.close()
    selector.close()
    return load


def _turn(selector: selectors.BaseSelector, opened: list[Connection], end: float, *, more: bool) -> None:
    """Takes in answers until ``end`` or until nothing is under way."""
    while (now := time.perf_counter()) < end and any(connection.busy for connection in opened):
        for key, _ in selector.select(end - now):
            key.data.read()
            if more:
                key.data.fill()

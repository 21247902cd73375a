"""An open-loop load client with deadlines: calls come at a rate, whatever becomes of those before them.

It obeys the server's limit of streams: a call for which no connection has one left is not sent, and counts as
lost. A call that is not answered by its deadline is cancelled, as every gRPC client does.
"""

import selectors
import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import h2

CONNECTIONS = 16
DEADLINE_SECONDS = 0.1
STEP_SECONDS = 0.001
REFUSED_STREAM, CANCEL = 7, 8


@dataclass(slots=True)
class Fates:
    """What became of calls: ``answered``, ``refused``, ``reset``, ``expired``, ``not sent``.

    ``lateness`` is how long after its time each bunch of calls was sent, in seconds.
    """

    seconds: float = 0.0
    lateness: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    latencies: dict[str, list[float]] = field(default_factory=dict)

    @property
    def goodput(self) -> float:
        """Answers in time, a second."""
        return self.counts["answered"] / self.seconds

    def share(self, fate: str) -> float:
        """How many of the calls that were to be made had that fate."""
        return self.counts[fate] / self.counts.total()

    @property
    def lateness_ms(self) -> float:
        """The 99th percentile: the load is what it is said to be while that is short."""
        return sorted(self.lateness)[int(len(self.lateness) * 0.99)] * 1e3

    def percentile_ms(self, fate: str, share: float) -> float:
        """How long calls of that fate took."""
        latencies = sorted(self.latencies.get(fate, ()))
        return latencies[int(len(latencies) * share)] * 1e3 if latencies else 0.0

    def add(self, fate: str, seconds: float) -> None:
        """A call has come to its end."""
        self.counts[fate] += 1
        self.latencies.setdefault(fate, []).append(seconds)


class OpenConnection(h2.Connection):
    """One connection whose calls end by their deadline."""

    def __init__(self, port: int, path: str, messages: Iterator[bytes], fates: Fates) -> None:
        super().__init__(port, path, 1 << 30, messages, h2.Load())
        self.fates = fates
        timeout = h2._literal("grpc-timeout", f"{round(DEADLINE_SECONDS * 1e3)}m")  # noqa: SLF001
        self.block += timeout

    def send(self) -> bool:
        """Sends one call, where there is a stream for it."""
        if len(self.started) >= self.streams:
            return False
        message = next(self.messages)
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        body = b"\0" + struct.pack(">I", len(message)) + message
        self.started[stream] = time.perf_counter()
        frames = (
            h2.frame(h2.HEADERS, h2.END_HEADERS, stream, self.block),
            h2.frame(h2.DATA, h2.END_STREAM, stream, body),
        )
        self.socket.sendall(b"".join(frames))
        return True

    def expire(self) -> None:
        """Gives up what has not been answered by its deadline."""
        latest, given_up = time.perf_counter() - DEADLINE_SECONDS, []
        for stream, started in self.started.items():
            if started > latest:
                break
            given_up.append(stream)
        for stream in given_up:
            self.fates.add("expired", time.perf_counter() - self.started.pop(stream))
            self.answered.discard(stream)
            self.socket.sendall(h2.frame(h2.RST_STREAM, 0, stream, struct.pack(">I", CANCEL)))

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == h2.RST_STREAM and stream in self.started:
            # A stream too many: to the server it has not happened, as to every gRPC client.
            (code,) = struct.unpack(">I", payload)
            fate = "not sent" if code == REFUSED_STREAM else "reset"
            self.fates.add(fate, time.perf_counter() - self.started.pop(stream))
            return
        super()._take(kind, flags, stream, payload)

    def _finish(self, stream: int) -> None:
        started = self.started.pop(stream, None)
        if started is None:
            return
        seconds = time.perf_counter() - started
        fate = "answered" if stream in self.answered else "refused"
        self.answered.discard(stream)
        self.fates.add("expired" if seconds > DEADLINE_SECONDS else fate, seconds)


def run(
    port: int,
    path: str,
    messages: Iterator[bytes],
    rate: float,
    seconds: float,
    *,
    connections: int = CONNECTIONS,
) -> Fates:
    """Calls at that rate for so long."""
    fates, selector = Fates(), selectors.DefaultSelector()
    opened = [OpenConnection(port, path, messages, fates) for _ in range(connections)]
    for connection in opened:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    # The limit of streams is in the first frame of the server.
    for connection in opened:
        connection.read()
    started, sent = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < seconds:
        if int(elapsed * rate) > sent:
            fates.lateness.append(elapsed - (sent + 1) / rate)
        for number in range(sent, int(elapsed * rate)):
            if not any(opened[(number + offset) % connections].send() for offset in range(2)):
                fates.counts["not sent"] += 1
        sent = max(sent, int(elapsed * rate))
        for connection in opened:
            connection.expire()
        _turn(selector, STEP_SECONDS)
    fates.seconds = time.perf_counter() - started
    for connection in opened:
        connection.socket.close()
    selector.close()
    return fates


def _turn(selector: selectors.BaseSelector, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        for key, _ in selector.select(left):
            key.data.read()

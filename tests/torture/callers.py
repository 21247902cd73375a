"""Callers that never give up: many connections, and calls that are cancelled or hurried and sent again."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from tests.torture.servers import connected

from maitred.v1 import decision_pb2_grpc, ruleset_pb2_grpc

CHANNELS_MAX = 48
CHANNELS_PER_WORKER = 3
CALL_SECONDS = 20
GIVE_UP_SECONDS = 240
PAUSE_SECONDS = 0.02
HURRY_SECONDS = 0.02
ODD_SHARE = 0.03
"""Of calls, that are cancelled; and as many are hurried."""

RETRIED = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.CANCELLED,
}
OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),  # else channels to one address share a connection
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 500),
)


class CallerPool:
    """Channels to every process of a server_pool. ``retries`` counts the statuses that were tried again."""

    def __init__(self, server_pool):
        self._crew = server_pool
        self._channels: list[grpc.Channel] = []
        self.stubs: list[Any] = []
        self.operators: list[Any] = []
        self.workers: dict[int, list[Any]] = {pid: [] for pid in server_pool.pids()}
        self.retries: Counter[Any] = Counter()
        while min(map(len, self.workers.values())) < CHANNELS_PER_WORKER:
            assert len(self._channels) < CHANNELS_MAX, f"no process of {self.workers} gets more connections"
            self._open()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for channel in self._channels:
            channel.close()

    def _open(self):
        """One more connection, and whose it has become."""
        before = self._connections()
        channel = grpc.insecure_channel(self._crew.address, OPTIONS)
        self._channels.append(channel)
        grpc.channel_ready_future(channel).result(CALL_SECONDS)
        end = time.monotonic() + CALL_SECONDS
        # Connections of callers before may close meanwhile: what counts is what is new.
        while not (new := [pid for pid, those in self._connections().items() if those - before[pid]]):
            assert time.monotonic() < end, "nobody has the connection"
            time.sleep(0.005)
        (pid,) = new
        self.workers[pid].append(len(self.stubs))
        self.stubs.append(decision_pb2_grpc.DecisionServiceStub(channel))
        self.operators.append(ruleset_pb2_grpc.RulesetServiceStub(channel))

    def _connections(self):
        return {pid: connected(pid, self._crew.address) for pid in self.workers}

    def elsewhere(self, rng, copies):
        """Channels for the copies of a call: of different processes as long as there are any."""
        pids = rng.sample(list(self.workers), len(self.workers))
        return [rng.choice(self.workers[pids[copy % len(pids)]]) for copy in range(copies)]

    def ask(self, method, request, channel, odd=None):
        """The answer, however often it takes; a status that no retry mends is given as such.

        ``odd`` is a random generator: with it the first attempt may be cancelled or hurried.
        """
        end = time.monotonic() + GIVE_UP_SECONDS
        call, attempt = getattr(self.stubs[channel], method), _oddly(odd)
        while time.monotonic() < end:
            try:
                return attempt(call, request)
            except grpc.RpcError as error:
                code = error.code()
                if code not in RETRIED:
                    return code
                self.retries[code.name] += 1
            except grpc.FutureCancelledError:
                self.retries["cancelled"] += 1
            attempt = _plainly
            time.sleep(random.uniform(0, 2 * PAUSE_SECONDS))
        raise AssertionError(f"{method} {request} is not answered: {self.retries}")


def _plainly(call, request):
    return call(request, timeout=CALL_SECONDS)


def _oddly(odd):
    draw = odd.random() if odd else 1.0
    if draw < ODD_SHARE:
        seconds = HURRY_SECONDS * odd.random()
        return lambda call, request: _cancelled(call, request, seconds)
    if draw < 2 * ODD_SHARE:
        seconds = HURRY_SECONDS * odd.random()
        return lambda call, request: call(request, timeout=seconds)
    return _plainly


def _cancelled(call, request, seconds):
    future = call.future(request, timeout=CALL_SECONDS)
    time.sleep(seconds)
    future.cancel()
    return future.result()


def in_threads(work, jobs, threads):
    """What ``work`` gives for each job, with so many at the same time."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, jobs))


def together(calls):
    """What the calls give that all begin at the same moment."""
    gate = threading.Barrier(len(calls))

    def one(call):
        gate.wait()
        return call()

    return in_threads(one, calls, len(calls))

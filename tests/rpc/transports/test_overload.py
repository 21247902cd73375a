"""The queue bounded by time, in simulated time: a server with the costs measured of the real one."""

from collections import Counter, deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.rpc.transports.overload import (
    BATCH_MAX,
    BATCH_MIN,
    BATCH_SECONDS,
    WAITING_MAX,
    Admission,
    Pace,
    Waiting,
)

OPEN_SECONDS, READ_SECONDS, REFUSE_SECONDS, DROP_SECONDS = 50e-6, 10e-6, 30e-6, 10e-6
"""Of each call that is opened; of reading, refusing and giving up a held one."""
COMMIT_SECONDS, DECIDE_SECONDS = 1e-3, 200e-6
DEADLINE_SECONDS = 0.1
RECEIVED_IN_A_ROW = 300
STEPS = 3
"""Between the steps of a batch the loop looks at what has come."""


@dataclass(eq=False)
class Call:
    started: float
    deadline: float | None


@dataclass
class Server:
    """The loop, with a client at a fixed rate whose calls need one of so many streams."""

    rate: float
    streams: int
    commit_seconds: float = COMMIT_SECONDS
    decide_seconds: float = DECIDE_SECONDS
    deadline_seconds: float | None = DEADLINE_SECONDS
    now: float = 0.0
    sent: int = 0
    wire: deque = field(default_factory=deque)
    open: dict = field(default_factory=dict)
    fates: Counter = field(default_factory=Counter)
    refusal_ages: list = field(default_factory=list)
    batches: list = field(default_factory=list)

    def run(self, seconds):
        if not hasattr(self, "waiting"):
            self.waiting: Waiting[Call] = Waiting(lambda: self.now)
        while self.now < seconds:
            self.receive()
            self.revive()
            if not self.waiting:
                self.now += 1e-4
                continue
            self.answer()
        return self

    def arrive(self):
        while self.sent < self.now * self.rate:
            at = self.sent / self.rate
            self.sent += 1
            self.give_up(at)
            if len(self.open) >= self.streams:
                self.fates["not sent"] += 1
                continue
            call = Call(at, None if self.deadline_seconds is None else at + self.deadline_seconds)
            self.open[id(call)] = call
            self.wire.append(call)

    def give_up(self, now):
        """Callers whose deadline has passed take their stream back."""
        while self.open:
            oldest = next(iter(self.open.values()))
            if oldest.started + DEADLINE_SECONDS >= now:
                break
            del self.open[id(oldest)]

    def receive(self):
        self.arrive()
        for _ in range(RECEIVED_IN_A_ROW):
            if not self.wire:
                break
            call = self.wire.popleft()
            self.now += OPEN_SECONDS
            if call.deadline is not None and call.deadline < self.now:
                self.end(call, "expired")
                continue
            admission = self.waiting.admit(call)
            if admission is Admission.REFUSE:
                self.refuse(call)
            elif admission is Admission.READ:
                self.read(call)
            self.arrive()

    def revive(self):
        readable, over = self.waiting.revive()
        for call in over:
            self.now += DROP_SECONDS
            self.end(call, "expired")
        for call in readable:
            self.read(call)

    def read(self, call):
        self.now += READ_SECONDS
        self.waiting.add(call)

    def refuse(self, call):
        self.now += REFUSE_SECONDS
        self.end(call, "refused")
        if call.deadline is None or self.now < call.deadline:
            self.refusal_ages.append(self.now - call.started)

    def answer(self):
        batch, refused = self.waiting.take()
        for call in refused:
            self.refuse(call)
        started = self.now
        for _ in range(STEPS):
            self.now += (self.commit_seconds + self.decide_seconds * len(batch)) / STEPS
            if self.waiting.behind:
                self.receive()
        if batch:
            self.waiting.learn(len(batch), self.now - started)
            self.batches.append(len(batch))
        for call in batch:
            in_time = call.deadline is None or self.now <= call.deadline
            self.end(call, "answered" if in_time else "late")

    def end(self, call, fate):
        self.fates[fate] += 1
        self.open.pop(id(call), None)


PEAK = 1 / (DECIDE_SECONDS + OPEN_SECONDS + READ_SECONDS + COMMIT_SECONDS / (BATCH_SECONDS / DECIDE_SECONDS))


def test_below_the_peak_everything_is_answered():
    server = Server(0.9 * PEAK, 1000).run(3)
    assert server.fates["answered"] > 0.99 * server.sent - 200


@pytest.mark.parametrize("times", [1.5, 3, 10])
@pytest.mark.parametrize(("streams", "least"), [(128, 0.95), (256, 0.8), (512, 0.7)])
def test_far_beyond_the_peak_most_of_it_is_answered_in_time(times, streams, least):
    """With the streams that the server allows on 16, 32 and 64 connections."""
    server = Server(times * PEAK, streams).run(3)
    assert server.fates["answered"] >= least * PEAK * 3


@pytest.mark.parametrize("streams", [512, 4096])
def test_a_little_beyond_the_peak_who_is_refused_is_told_soon(streams):
    server = Server(1.5 * PEAK, streams).run(5)
    ages = sorted(server.refusal_ages[len(server.refusal_ages) // 5 :])
    assert ages[int(len(ages) * 0.99)] <= 0.2 * DEADLINE_SECONDS


def test_however_many_come_some_are_answered():
    """More than can even be opened."""
    server = Server(10 * PEAK, 100_000).run(1)
    assert server.fates["answered"] > 0


def test_calls_that_are_read_but_never_come_do_not_stop_the_others():
    waiting = behind()
    while waiting.admit(Call(0.0, 100.0)) is Admission.READ:
        pass
    waiting.revive()
    assert waiting.admit(Call(0.0, 100.0)) is Admission.READ


def test_whoever_comes_first_is_read_however_slow_the_server_was():
    waiting = behind(seconds=30.0)
    assert waiting.admit(Call(0.0, 0.1)) is Admission.READ
    assert waiting.admit(Call(0.0, 0.1)) is not Admission.READ


def test_held_calls_are_read_newest_first_and_given_up_when_their_time_is_over():
    now = [0.0]
    waiting = behind(clock=lambda: now[0])
    calls = [Call(number / 1000, 1.0 + number) for number in range(5000)]
    fates = [waiting.admit(call) for call in calls]
    held = [call for call, fate in zip(calls, fates, strict=True) if fate is Admission.HOLD]
    assert waiting.held == len(held) > 1000
    now[0] = 1000.0
    revived = waiting.revive()
    assert list(revived.over) == [call for call in held if call.deadline <= 1000.0]
    assert list(revived.readable) == held[: -len(revived.readable) - 1 : -1]
    assert waiting.held == len(held) - len(revived.readable) - len(revived.over)


def behind(seconds=0.1, clock=lambda: 0.0):
    """A queue whose server has just been seen to be behind."""
    waiting: Waiting[Call] = Waiting(clock)
    for _ in range(3):
        waiting.learn(100, seconds)
    for _ in range(1000):
        waiting.add(Call(clock(), clock()))
    while waiting:
        waiting.take()
    waiting.revive()
    assert waiting.behind
    assert not waiting
    return waiting


def test_a_burst_on_an_idle_server_is_answered_whole():
    server = Server(1.0, 1000)
    server.wire.extend(Call(0.0, 0.1) for _ in range(150))
    server.run(0.2)
    assert server.fates["answered"] >= 150


def test_a_slow_start_does_not_make_a_burst_hopeless():
    server = Server(1.0, 1000, commit_seconds=0.003)
    server.run(2.0)
    server.wire.extend(Call(server.now, server.now + 0.1) for _ in range(128))
    server.run(2.4)
    assert server.fates["answered"] >= 128


def test_a_burst_is_not_one_batch_where_only_single_calls_have_been_seen():
    """One at a time, the fixed part of a batch cannot be told from what each call costs."""
    server = Server(1.0, 1000, commit_seconds=0.0, decide_seconds=0.01)
    server.run(0.001)
    for _ in range(30):
        server.waiting.add(Call(server.now, server.now + 5))
        server.answer()
    server.wire.extend(Call(server.now, server.now + 0.5) for _ in range(300))
    server.run(server.now + 0.6)
    assert server.fates["answered"] >= 30 + 30


def test_calls_without_a_deadline_wait_their_turn_whoever_else_is_in_a_hurry():
    server = Server(1.0, 1000)
    server.wire.extend(Call(0.0, None) for _ in range(1200))
    server.run(1.0)
    assert server.fates["refused"] + server.fates["late"] <= 1
    assert server.fates["answered"] >= 1200


def test_after_a_standstill_the_server_catches_up():
    server = Server(0.7 * PEAK, 1000).run(1)
    before = Counter(server.fates)
    server.now += 0.5
    server.run(3)
    since = server.fates - before
    assert since["answered"] > 0.7 * PEAK * 1.3


def test_the_queue_is_bounded():
    waiting: Waiting[Call] = Waiting(lambda: 0.0)
    for _ in range(WAITING_MAX):
        call = Call(0.0, None)
        assert waiting.admit(call) is Admission.READ
        waiting.add(call)
    assert waiting.admit(Call(0.0, None)) is Admission.HOLD


@given(st.lists(st.tuples(st.floats(0, 2), st.none() | st.floats(0, 2)), max_size=400), st.floats(0, 3))
def test_every_call_is_answered_refused_or_kept_once(calls, now):
    clock = [0.0]
    waiting: Waiting[Call] = Waiting(lambda: clock[0])
    made = [Call(started, deadline) for started, deadline in sorted(calls, key=lambda one: one[0])]
    for call in made:
        waiting.add(call)
    clock[0], settled = now, []
    for _ in range(len(made)):
        batch, refused = waiting.take()
        assert not waiting or batch or refused
        settled += [*batch, *refused]
        assert len(batch) <= BATCH_MAX
        clock[0] += 0.01
    rest = [call for call in made if call not in settled]
    assert len(set(map(id, settled))) == len(settled)
    assert len(rest) == len(waiting)


@given(st.lists(st.tuples(st.integers(1, 256), st.floats(1e-5, 5.0)), max_size=50))
def test_the_pace_is_never_absurd(batches):
    pace = Pace()
    for calls, seconds in batches:
        pace.learn(calls, seconds)
        assert pace.fixed >= 0
        assert pace.per_call > 0
        assert BATCH_MIN <= pace.batch <= BATCH_MAX


def test_the_pace_finds_both_parts():
    pace = Pace()
    for number in range(200):
        calls = 5 + number % 40
        pace.learn(calls, 0.002 + 0.0001 * calls)
    assert pace.fixed == pytest.approx(0.002, rel=0.1)
    assert pace.per_call == pytest.approx(0.0001, rel=0.1)

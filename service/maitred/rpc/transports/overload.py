"""Which calls are read, answered and refused, and when: a queue bounded by time.

All that has come is one batch, as long as it takes no more than half of the time that the deadlines of its
calls leave: the larger a batch, the less a call costs. Where that is not so the server is behind, and what
matters is how many callers still get an answer in time:

- Batches are short, and no more calls are read than the next two hold: whoever is read is answered in time.
- Whoever comes beyond that is refused at once, by the opening of the call alone and without a look at its
  message, so that its caller can go elsewhere.
- A refusal costs a good part of what an answer does, and frees a stream for the next call. So no more than
  ``REFUSING_SHARE`` of the time goes into refusals. Beyond that calls are *held*: neither read nor refused.
  Until its deadline each holds one of the streams that its connection may have, and clients that obey that
  limit send no more meanwhile. Where calls are held, refusing does not help all, and little of it is done.
- When there is room again, held calls are read, the newest first: their callers wait for longest still.

It goes on like this until for a while nobody had to be refused or held: by the queue alone the server would
seem to have caught up after every refusal, and let it grow again.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, unique
from typing import Generic, NamedTuple, Protocol, TypeVar

BATCH_SECONDS = 0.025
"""How long a batch may take of a server that is behind: a quarter of a deadline of 100 ms."""
CALM_BATCH_SECONDS = 0.05
"""How long one may take where everybody can be answered: who comes meanwhile has half of 100 ms left."""
BATCH_FIXED_TIMES = 4
"""Where a commit alone takes long, a batch takes as many times that, so that most of it is work."""
BATCH_MIN, BATCH_MAX = 8, 256
"""However slow or fast the last ones were. The upper bound is the committer's."""
BATCH_GROWTH = 2
"""Of the largest of the last ones."""
BATCHES_WAITING = 2
"""So many batches may wait of a server that is behind before no more calls are read."""
WAITING_MAX = 4_096
"""Bounds memory: some 10 MB of requests, and more than a second of work at any pace measured."""
RECEIVING_TIMES = 1.4
"""What answering takes beside receiving and refusing others, of what it takes."""
REFUSING_SHARE, REFUSING_SHARE_HOLDING = 0.12, 0.03
"""Of the time; the second where calls are held. The first is enough for a third of what comes."""
REFUSAL_PART, REFUSAL_MAX_SECONDS = 1 / 5, 100e-6
"""What receiving and refusing a call costs, of answering it: 50 of 250 us, and no more for slow answers."""
SAVED_SECONDS = 0.1
"""How much of refusing may be saved up for a burst."""
WAIT_MAX_SECONDS = 5.0
"""How long calls without a deadline may wait: whoever waits at a till has given up by then."""
FIRST_CALL_SECONDS = 250e-6
"""Before anything has been measured."""
CALM_SHARE = 1 / 2
"""In which part of the time that is left a call must have its turn."""
LATE_SHARE = 0.1
"""Of those who wait: a few that are in a hurry do not put the others behind."""
CALM_BATCHES = 10
"""After so many that nobody was refused or held for the server has caught up: a tenth of a second."""
FORGET = 0.9
"""What a batch counts for after the next one."""


class Queued(Protocol):
    """A call that waits; its times are on ``time.monotonic``'s clock."""

    @property
    def started(self) -> float:
        """When it came."""
        ...

    @property
    def deadline(self) -> float | None:
        """When its caller gives up; ``None`` for never."""
        ...


_Call = TypeVar("_Call", bound=Queued)


@unique
class Admission(Enum):
    """What becomes of a call that has come: its message is read, it is refused, or it is left as it is."""

    READ = "read"
    REFUSE = "refuse"
    HOLD = "hold"


class Taken(NamedTuple, Generic[_Call]):
    """The next batch, oldest first, and calls to refuse."""

    batch: Sequence[_Call]
    refused: Sequence[_Call]


class Revived(NamedTuple, Generic[_Call]):
    """Held calls that may be read, newest first, and those whose time is over."""

    readable: Sequence[_Call]
    over: Sequence[_Call]


class Pace:
    """How long batches take, learnt from the last ones: a ``fixed`` part and one ``per_call``.

    ``batch`` is how many calls a batch holds of a server that is behind, ``reach`` how many any batch may
    hold: small batches do not tell the two parts apart, so larger ones are tried step by step.
    """

    def __init__(self) -> None:
        self.fixed, self.per_call = 0.0, FIRST_CALL_SECONDS
        self._largest = 0.0
        self._weight = self._calls = self._seconds = self._squares = self._products = 0.0
        self.batch = self.reach = BATCH_MIN

    def learn(self, calls: int, seconds: float) -> None:
        """Takes a batch into account: least squares, in which older batches count less and less."""
        self._largest = max(calls, self._largest * FORGET)
        self._weight = self._weight * FORGET + 1.0
        self._calls = self._calls * FORGET + calls
        self._seconds = self._seconds * FORGET + seconds
        self._squares = self._squares * FORGET + calls * calls
        self._products = self._products * FORGET + calls * seconds
        mean_calls, mean_seconds = self._calls / self._weight, self._seconds / self._weight
        spread = self._squares / self._weight - mean_calls**2
        if spread > 1.0:
            slope = (self._products / self._weight - mean_calls * mean_seconds) / spread
            # Noise may tilt the line: a call takes something, and not more than the mean.
            self.per_call = min(
                max(slope, mean_seconds / mean_calls / BATCH_FIXED_TIMES), mean_seconds / mean_calls
            )
        self.per_call = min(self.per_call, mean_seconds / mean_calls)
        self.fixed = max(0.0, mean_seconds - self.per_call * mean_calls)
        self.reach = self._fitting(CALM_BATCH_SECONDS, BATCH_GROWTH * self._largest)
        self.batch = self._fitting(BATCH_SECONDS, self.reach)

    def seconds(self, calls: int) -> float:
        """How long a batch of so many will take."""
        return self.fixed + self.per_call * calls

    def _fitting(self, seconds: float, most: float) -> int:
        """How many calls a batch of so long has."""
        work = max(seconds, BATCH_FIXED_TIMES * self.fixed) - self.fixed
        return int(max(BATCH_MIN, min(work / self.per_call, most, BATCH_MAX)))


class Waiting(Generic[_Call]):
    """The calls whose message has come, oldest first, and those that are held.

    ``take`` may be used by one thread, all else by another one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: deque[_Call] = deque()
        self._held: deque[_Call] = deque()
        self._admitted = 0
        self._pace = Pace()
        self._refilled_at, self._refusing_left = clock(), SAVED_SECONDS * REFUSING_SHARE
        self._calm_batches, self._pressed = CALM_BATCHES, False

    def __len__(self) -> int:
        """How many may be taken."""
        return len(self._calls)

    def __iter__(self) -> Iterator[_Call]:
        # Of a copy, which is made at once: another thread may add meanwhile.
        return iter(tuple(self._calls))

    @property
    def held(self) -> int:
        """How many are held."""
        return len(self._held)

    @property
    def behind(self) -> bool:
        """Whether not everybody can be answered in time."""
        return self._calm_batches < CALM_BATCHES

    def admit(self, call: _Call) -> Admission:
        """What becomes of a call that comes only now; one that is to be held is."""
        if self._has_room(call):
            self._admitted += 1
            return Admission.READ
        if self.behind:
            self._pressed = True
            if self._may_refuse():
                return Admission.REFUSE
        self._held.append(call)
        return Admission.HOLD

    def add(self, call: _Call) -> None:
        """The message of a call has come."""
        self._calls.append(call)
        self._admitted = max(0, self._admitted - 1)

    def revive(self) -> Revived[_Call]:
        """What becomes of held calls now; to be called when all messages have come that are on their way."""
        now, self._admitted = self._clock(), 0
        # One by one: another thread may hold more meanwhile.
        held = [self._held.popleft() for _ in range(len(self._held))]
        over = [call for call in held if _latest(call) <= now]
        room = max(0, self._most - len(self._calls))
        soon = self._answered_at(self._most)
        readable = [call for call in held if _latest(call) > soon] if room else []
        readable = readable[: -room - 1 : -1] if self.behind else readable[:room]
        gone = set(map(id, (*over, *readable)))
        self._held.extendleft(call for call in reversed(held) if id(call) not in gone)
        self._admitted += len(readable)
        return Revived(readable, over)

    def take(self) -> Taken[_Call]:
        """The next batch."""
        now = self._clock()
        waiting = [self._calls.popleft() for _ in range(len(self._calls))]
        refused: list[_Call] = []
        self._look(now, waiting)
        excess = len(waiting) - self._most if self.behind else 0
        if excess > 0:
            self._set_aside(waiting[:excess], refused)
            waiting = waiting[excess:]
        size = self._pace.batch if self.behind else self._pace.reach
        self._calls.extendleft(reversed(waiting[size:]))
        batch = self._in_time(now, waiting[:size], refused)
        self._calm_batches = 0 if self._pressed else self._calm_batches + 1
        self._pressed, self._admitted = False, 0
        return Taken(batch, refused)

    def learn(self, calls: int, seconds: float) -> None:
        """A batch of so many calls took so long."""
        self._pace.learn(calls, seconds)

    def drain_seconds(self) -> float:
        """How long it takes until all that waits has had its turn."""
        return self._pace.seconds(len(self._calls) + len(self._held))

    @property
    def _most(self) -> int:
        """How many may wait to be answered."""
        return BATCHES_WAITING * self._pace.batch if self.behind else WAITING_MAX

    def _has_room(self, call: _Call) -> bool:
        before = len(self._calls) + self._admitted
        if not self.behind:
            return before < WAITING_MAX
        if before >= self._most:
            return False
        # Who comes first is read in any case: the pace may have changed.
        return not before or _latest(call) > self._answered_at(before + 1)

    def _answered_at(self, waiting: int) -> float:
        """When the last of so many that wait will have been answered, after the batch that has just begun."""
        return self._clock() + RECEIVING_TIMES * (BATCH_SECONDS + self._pace.seconds(waiting))

    def _may_refuse(self) -> bool:
        """Whether there is time to refuse a call, which is spent then."""
        now = self._clock()
        share = REFUSING_SHARE_HOLDING if self._held else REFUSING_SHARE
        left = self._refusing_left + (now - self._refilled_at) * share
        self._refilled_at, self._refusing_left = now, min(left, SAVED_SECONDS * share)
        if self._refusing_left <= 0:
            return False
        self._refusing_left -= min(self._pace.per_call * REFUSAL_PART, REFUSAL_MAX_SECONDS)
        return True

    def _look(self, now: float, waiting: Sequence[_Call]) -> None:
        """Sees whether the server is behind."""
        if len(waiting) > self._pace.batch:
            seconds = self._pace.seconds(len(waiting))
            late = sum(seconds > (_latest(call) - now) * CALM_SHARE for call in waiting)
            if late > len(waiting) * LATE_SHARE:
                self._calm_batches, self._pressed = 0, True

    def _set_aside(self, older: Sequence[_Call], refused: list[_Call]) -> None:
        """Refuses or holds what had come before the server was seen to be behind."""
        self._pressed = True
        for call in older:
            if self._may_refuse():
                refused.append(call)
            else:
                self._held.append(call)

    def _in_time(self, now: float, batch: Sequence[_Call], refused: list[_Call]) -> Sequence[_Call]:
        """The batch without those that it comes too late for, but one of them: the pace may have changed."""
        end = now + self._pace.seconds(len(batch))
        late = [call for call in batch if call.deadline is not None and call.deadline < end]
        if not late:
            return batch
        last = max(late, key=_deadline)
        if len(late) == len(batch) and _deadline(last) > now:
            late.remove(last)
        refused += late
        lost = set(map(id, late))
        return [call for call in batch if id(call) not in lost]


def _deadline(call: Queued) -> float:
    return call.deadline or 0.0


def _latest(call: Queued) -> float:
    """When the call must have been answered."""
    return call.started + WAIT_MAX_SECONDS if call.deadline is None else call.deadline

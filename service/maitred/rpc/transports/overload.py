"""Which of the calls that wait are answered next, and which are refused: a queue bounded by time.

All that has come is one batch, as long as it takes no more than half of the time that the deadlines of its
calls leave: the larger a batch, the less a call costs. Where that is not so the server is behind, and what
matters is how many callers still get an answer in time:

- Batches are short.

- The newest go first: their callers wait for longest still, and whoever has waited for long may have
  given up.
- A call whose turn, behind the newer ones and at the pace of the last batches, does not come in the first
  twelfth of its time is refused at once, so that its caller can go elsewhere: more will have come before it.
- A refusal costs a good part of what an answer does, so no more than ``REFUSING_SHARE`` of the time goes
  into them. Beyond that calls wait: their streams stay open until their deadlines, and clients that obey
  the limit of streams send no more meanwhile. What does so far exceed the pace that it cannot even be
  received is not asked for (there is no ``room``).

It goes on like this until for a while nobody had to be refused: by the queue alone the server would seem to
have caught up after every refusal, and let it grow again.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

BATCH_SECONDS = 0.010
"""How long a batch may take of a server that is behind: a tenth of a deadline of 100 ms."""
CALM_BATCH_SECONDS = 0.05
"""How long one may take where everybody can be answered: who comes meanwhile has half of 100 ms left."""
BATCH_FIXED_TIMES = 4
"""Where a commit alone takes long, a batch takes as many times that, so that most of it is work."""
BATCH_MIN, BATCH_MAX = 8, 256
"""However slow or fast the last ones were. The upper bound is the committer's."""
BATCH_GROWTH = 2
"""Of the largest of the last ones."""
BATCHES_WAITING = 2
"""So many batches may wait of a server that is behind before no more calls are taken up."""
WAITING_MAX = 4_096
"""Bounds memory: some 10 MB of requests, and more than a second of work at any pace measured."""
REFUSING_SHARE = 0.15
REFUSAL_PART = 1 / 5
"""What receiving and refusing a call costs, of answering it: 40 of 200 us, on a machine with time for it."""
SAVED_SECONDS = 0.1
"""How much of refusing may be saved up for a burst."""
WAIT_MAX_SECONDS = 5.0
"""How long calls without a deadline may wait: whoever waits at a till has given up by then."""
FIRST_CALL_SECONDS = 250e-6
"""Before anything has been measured."""
CALM_SHARE, BEHIND_SHARE = 1 / 2, 1 / 12
"""In which part of the time that is left a call must have its turn."""
LATE_SHARE = 0.1
"""Of those who wait: a few that are in a hurry do not put the others behind."""
CALM_BATCHES = 10
"""After so many without a refusal the server has caught up: a tenth of a second."""
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
    """The calls whose message has come, oldest first. ``add`` and ``take`` may be used by one thread each."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: deque[_Call] = deque()
        self._pace = Pace()
        self._taken_at, self._refusing_left = clock(), SAVED_SECONDS * REFUSING_SHARE
        self._calm_batches = CALM_BATCHES

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[_Call]:
        # Of a copy, which is made at once: another thread may add meanwhile.
        return iter(tuple(self._calls))

    @property
    def room(self) -> bool:
        """Whether more calls should be taken up."""
        return len(self._calls) < (BATCHES_WAITING * self._pace.batch if self.behind else WAITING_MAX)

    def is_late(self, deadline: float) -> bool:
        """Whether a call that comes only now cannot be in time even with the next batch."""
        return self.behind and self._clock() + self._pace.seconds(self._pace.batch) > deadline

    def add(self, call: _Call) -> None:
        """A call has come."""
        self._calls.append(call)

    def take(self) -> tuple[Sequence[_Call], Sequence[_Call]]:
        """The next batch, oldest first, and the calls to refuse."""
        now = self._clock()
        left = self._refusing_left + (now - self._taken_at) * REFUSING_SHARE
        self._refusing_left = min(left, SAVED_SECONDS * REFUSING_SHARE)
        self._taken_at = now
        waiting = [self._calls.popleft() for _ in range(len(self._calls))]
        refused: list[_Call] = []
        self._look(now, waiting)
        if self.behind:
            size = self._pace.batch
            batch, older = waiting[-size:], waiting[:-size]
            rest = self._sorted_out(now, older, refused)
        else:
            batch, rest = waiting[: self._pace.reach], waiting[self._pace.reach :]
        self._calls.extendleft(reversed(rest))
        return self._in_time(now, batch, refused), refused

    def learn(self, calls: int, seconds: float) -> None:
        """A batch of so many calls took so long."""
        self._pace.learn(calls, seconds)

    def drain_seconds(self) -> float:
        """How long it takes until all that waits has had its turn."""
        return self._pace.seconds(len(self._calls))

    @property
    def behind(self) -> bool:
        """Whether not everybody can be answered in time."""
        return self._calm_batches < CALM_BATCHES

    def _look(self, now: float, waiting: Sequence[_Call]) -> None:
        """Sees whether the server is behind."""
        if len(waiting) > self._pace.batch:
            seconds = self._pace.seconds(len(waiting))
            late = sum(seconds > (_latest(call) - now) * CALM_SHARE for call in waiting)
            if late > len(waiting) * LATE_SHARE:
                self._calm_batches = 0

    def _sorted_out(self, now: float, older: Sequence[_Call], refused: list[_Call]) -> list[_Call]:
        """Those who may stay of the ones that newer ones go before; the oldest are refused first."""
        stay: list[_Call] = []
        hopeless = 0
        for ahead, call in zip(range(self._pace.batch + len(older), 0, -1), older, strict=False):
            left = _latest(call) - now
            if self._pace.seconds(ahead) <= left * BEHIND_SHARE:
                stay.append(call)
                continue
            hopeless += 1
            # Whose time is over has to be told in any case.
            if left > 0 and self._refusing_left <= 0:
                stay.append(call)
                continue
            self._refusing_left -= self._pace.per_call * REFUSAL_PART
            refused.append(call)
        self._calm_batches = 0 if hopeless else self._calm_batches + 1
        return stay

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

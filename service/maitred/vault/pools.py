"""Random bytes without a system call for each."""

import os
import weakref
from collections import deque

PIECES = 1_024
"""Drawn in a tenth of a millisecond; a batch of decisions needs a few dozen."""


class RandomPool:
    """Pieces of so many bytes from the system's generator; each is given out once. From any thread.

    ``os.urandom`` gives the interpreter away at each call: beside four busy threads the one that calls it
    for each record gets a fifth of its share of the time.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._pieces: deque[bytes] = deque()
        _POOLS.add(self)

    def take(self) -> bytes:
        """A piece that nobody else has."""
        try:
            return self._pieces.popleft()
        except IndexError:
            return self._draw()

    def empty(self) -> None:
        """Gives out nothing of what has been drawn so far."""
        self._pieces.clear()

    def _draw(self) -> bytes:
        drawn = os.urandom(PIECES * self._size)
        first, *others = (drawn[at : at + self._size] for at in range(0, len(drawn), self._size))
        self._pieces.extend(others)
        return first


_POOLS: weakref.WeakSet[RandomPool] = weakref.WeakSet()


def _empty_all() -> None:
    for pool in _POOLS:
        pool.empty()


# Parent and child would give out the same pieces.
os.register_at_fork(after_in_child=_empty_all)

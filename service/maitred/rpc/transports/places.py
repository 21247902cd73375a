"""The calls that one connection may have open: which may stay, and which are ended when places run out.

A connection has so many places (``--streams-per-connection``); what its client calls beyond that waits in
the client. Few places keep calls away that could not be answered in time, but an application has one
connection for all it does, and two kinds of call keep a place for as long as their client likes:

- Streams that stay open: ``DecideStream``, health watches, reflection. A connection may have half as many
  of them as places; who opens more is told to use another connection.
- Calls whose message does not come. They have some seconds (``arrivals``, ``loop``), but not where they
  leave others no place: once they and streams take all but an eighth of the places, look after look, those
  are ended that were there at the look before. A message comes with the opening of its call, so this is no
  delay of the network.

Looks are counted, not seconds: while the process is stopped or too busy to take up messages, nothing ages.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Generic, TypeVar

LOOK_SECONDS = 0.05
"""How often is looked for calls whose message has not come."""
CROWDED_LOOKS = 5
"""A quarter of a second: a lost packet is sent again within that on most networks."""
STAYING_PART, FREE_PART = 2, 8
"""Half of the places may be taken by streams that stay; where an eighth is free, nobody is in need."""


class Places:
    """Bounds the calls that a connection may have open, and its streams that stay. Thread-safe.

    ``crowd_min`` is how few calls without a message may already leave too few places.
    """

    def __init__(self, streams: int) -> None:
        self._streams, self._free = streams, streams // FREE_PART
        self.staying_max = max(1, streams // STAYING_PART)
        self.crowd_min = max(1, streams - self.staying_max - self._free)
        self._staying: Counter[str] = Counter()
        self._lock = threading.Lock()

    def stay(self, peer: str) -> bool:
        """Takes a place for a stream; false where its connection has too many of them."""
        with self._lock:
            if self._staying[peer] >= self.staying_max:
                return False
            self._staying[peer] += 1
            return True

    def leave(self, peer: str) -> None:
        """Gives the place of a stream back."""
        with self._lock:
            self._staying[peer] -= 1
            if not self._staying[peer]:
                del self._staying[peer]

    def are_short(self, peer: str, silent: int) -> bool:
        """Tells whether so many calls without a message leave a connection too few places."""
        with self._lock:
            staying = self._staying.get(peer, 0)
        return silent + staying >= self._streams - self._free


_Call = TypeVar("_Call")


class Crowds(Generic[_Call]):
    """Finds the calls without a message that leave others no place.

    ``peer`` names the connection of a call.
    """

    def __init__(self, places: Places, peer: Callable[[_Call], str]) -> None:
        self._places, self._peer = places, peer
        self._looks: dict[str, int] = {}
        self._seen: frozenset[_Call] = frozenset()

    def look(self, silent: Collection[_Call]) -> Sequence[_Call]:
        """Returns the calls to end; to be called every ``LOOK_SECONDS`` with those without a message."""
        if len(silent) < self._places.crowd_min:
            self._looks, self._seen = {}, frozenset()
            return ()
        calls = defaultdict(list)
        for call in silent:
            calls[self._peer(call)].append(call)
        short = [peer for peer, those in calls.items() if self._places.are_short(peer, len(those))]
        self._looks = {peer: self._looks.get(peer, 0) + 1 for peer in short}
        crowded = [peer for peer, looks in self._looks.items() if looks >= CROWDED_LOOKS]
        over = [call for peer in crowded for call in calls[peer] if call in self._seen]
        self._seen = frozenset(silent)
        return over

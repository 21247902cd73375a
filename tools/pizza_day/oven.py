"""An oven: places that bake one pizza each, first come first served, with customers who give up.

Whoever is in front is settled when the next one orders, so that each order's fate is known at once: the
first place that gets free is theirs, if they are still there by then.
"""

from dataclasses import dataclass
from heapq import heapify, heapreplace


@dataclass(frozen=True, slots=True)
class Order:
    """What became of an order (seconds). Either baked from `starts_s` to `ready_s`, or left at `left_s`."""

    ordered_s: int
    starts_s: int | None = None
    ready_s: int | None = None
    left_s: int | None = None

    @property
    def waited_s(self) -> int:
        """Until the pizza was ready, or until giving up."""
        end_s = self.left_s if self.ready_s is None else self.ready_s
        assert end_s is not None
        return end_s - self.ordered_s


class Oven:
    """The oven of one store. Orders come in order of time."""

    def __init__(self, places: int, bakes_s: int) -> None:
        self._free_s = [0] * places
        heapify(self._free_s)
        self._bakes_s, self._last_s = bakes_s, 0

    def order(self, at_s: int, patience_s: int) -> Order:
        """Takes an order of somebody who gives up where baking has not begun after `patience_s`.

        Raises `ValueError` where it is earlier than the one before it.
        """
        if at_s < self._last_s:
            raise ValueError(f"an order of {at_s} s cannot follow one of {self._last_s} s")
        self._last_s = at_s
        starts_s = max(at_s, self._free_s[0])
        if starts_s - at_s > patience_s:
            return Order(at_s, left_s=at_s + patience_s)
        ready_s = starts_s + self._bakes_s
        heapreplace(self._free_s, ready_s)
        return Order(at_s, starts_s=starts_s, ready_s=ready_s)

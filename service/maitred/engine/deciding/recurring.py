"""What is made of a value once, where the same object comes again and again."""

from collections.abc import Callable
from typing import Generic, TypeVar

MAX_REMEMBERED = 8_192
"""Some megabytes; values that never recur only pass through."""

Value = TypeVar("Value")
Made = TypeVar("Made")


class Recurring(Generic[Value, Made]):
    """Remembers by identity: a look-up costs a tenth of a hash over a nested value."""

    def __init__(self, make: Callable[[Value], Made]) -> None:
        self._make = make
        self._made: dict[int, tuple[Value, Made]] = {}

    def of(self, value: Value) -> Made:
        """What ``make`` gives for this very object. Values must not change."""
        known = self._made.get(id(value))
        # The kept reference keeps the identity from being given to another object.
        if known is not None and known[0] is value:
            return known[1]
        made = self._make(value)
        if len(self._made) >= MAX_REMEMBERED:
            self._made.clear()
        self._made[id(value)] = value, made
        return made

"""A clock that tests move."""

from typing import Any


class Clock:
    """Gives ``now``, an instant or seconds, until it is set or rests."""

    def __init__(self, now: Any = 0.0) -> None:
        self.now = now
        self.rested: list[float] = []

    def __call__(self) -> Any:
        return self.now

    def rest(self, seconds: float) -> None:
        """Is a sleep that takes no time."""
        self.rested.append(seconds)
        self.now += seconds

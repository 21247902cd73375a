"""Long work in steps, between which others may come first."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

Pause: TypeAlias = Callable[[], None]
"""Called between steps of some tenths of a millisecond; returns when the work may go on."""

_Item = TypeVar("_Item")


def no_pause() -> None:
    """Goes on at once."""


def slowly(items: Iterable[_Item], pause: Pause) -> Iterator[_Item]:
    """Yields the items, with a pause before each."""
    for item in items:
        pause()
        yield item

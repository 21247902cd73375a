"""What moves at a terminal while long work goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .console import err


@contextmanager
def progress(words: str, so_far: Callable[[int], str]) -> Iterator[Callable[[int], None]]:
    """Gives what is told of progress. Nothing is shown to who is not at a terminal."""
    console = err()
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(words) as status:
        yield lambda count: status.update(so_far(count))


@contextmanager
def waiting(words: str) -> Iterator[None]:
    """While somebody else works."""
    with progress(words, str):
        yield

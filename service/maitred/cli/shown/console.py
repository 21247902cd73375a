"""Where commands write: answers to stdout, what is said beside them to stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from rich.console import Console, RenderableType
from rich.text import Text

PIPE_COLUMNS = 10_000
"""Who pipes wants one line a row; nothing that is shown is wider."""


class PipeConsole(Console):
    """A console whose reader may leave at any time."""

    def on_broken_pipe(self) -> NoReturn:
        """Leaves it to ``main`` how to end."""
        raise BrokenPipeError


def show(answer: RenderableType) -> None:
    """Prints the answer: laid out for the terminal, or one line a row for who pipes it."""
    console = answers()
    if console.is_terminal:
        console.print(answer)
        return
    console.width = PIPE_COLUMNS
    with console.capture() as captured:
        console.print(answer)
    for line in captured.get().splitlines():
        print(line.rstrip())


def answers() -> Console:
    """Stdout."""
    return PipeConsole(highlight=False, markup=False, emoji=False)


def err() -> Console:
    """For progress and errors."""
    return PipeConsole(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)


def plain(text: str) -> str:
    """The text without what moves the cursor, changes colours or hides something: that is spelt out."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def shown(text: str) -> Text:
    """Text of others as it may be printed: neither markup nor control characters mean anything."""
    return Text(plain(text))


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

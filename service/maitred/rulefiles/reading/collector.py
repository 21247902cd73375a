"""Loading without the cyclic garbage collector."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_loads = 0
_was_enabled = False


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keeps the collector off until the last of the loads that run at once is done.

    A load makes a million objects that stay and no cycles. The collector would look through
    all of them again and again: a third of the time of a load, and pauses of 100 ms and more
    for the decisions that are made meanwhile, because it holds the interpreter.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _loads, _was_enabled  # noqa: PLW0603 - the collector is one per process, too
    with _lock:
        if not _loads:
            _was_enabled = gc.isenabled()
            gc.disable()
        _loads += 1


def _leave() -> None:
    global _loads  # noqa: PLW0603 - see above
    with _lock:
        _loads -= 1
        if not _loads and _was_enabled:
            gc.enable()

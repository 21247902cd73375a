"""Waits for what another thread or process does."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 30.0
"""Far longer than anything takes on a machine that is busy with other tests."""


def eventually(holds: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Returns as soon as something holds.

    Raises:
        AssertionError: it does not in that time.
    """
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"does not hold after {seconds:g} s"
        time.sleep(0.01)

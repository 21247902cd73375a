"""A log, an observer and a function that keep what they get."""

from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


def _last(*args: Any) -> Any:
    return args[-1]


def spied(
    calls: list[Any], function: Callable[..., Result], note: Callable[..., Any] = _last
) -> Callable[..., Result]:
    """The function; each call appends ``note`` of its arguments to ``calls``, the last one if left out."""

    def spy(*args: Any) -> Result:
        calls.append(note(*args))
        return function(*args)

    return spy


class RecordingLog:
    """A ``Log`` that keeps its lines, as level, event and fields."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Any:
        def append(event: str, /, **fields: Any) -> None:
            self.lines.append((level, event, fields))

        return append

    def of(self, event: str) -> list[tuple[str, dict[str, Any]]]:
        return [(level, fields) for level, name, fields in self.lines if name == event]


class RecordingObserver:
    """An ``Observer`` that keeps its events."""

    def __init__(self, *, tracing: bool = False) -> None:
        self.tracing = tracing
        self.events: list[Any] = []

    def observe(self, event: Any) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def close(self) -> None:
        pass

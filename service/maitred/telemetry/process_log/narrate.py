"""What the process log says of events: rulesets, pauses, and calls that failed."""

import threading
import time
from collections.abc import Callable
from traceback import format_tb

from maitred.engine.errors import Code
from maitred.engine.ports.log import Log
from maitred.engine.ports.observer import (
    CallFailed,
    CallsRefused,
    Event,
    PauseChanged,
    RulesetLoaded,
    RulesetRefused,
    TransportChosen,
)

# Enough to see what is wrong; a flood of bad calls must not become a flood of lines.
CALLS_PER_CODE_AND_SECOND = 10
# Exceptions behind one another; a driver's failure has three or four.
CAUSES_MAX = 8

# Faults of the caller's own, which an operator need not act on.
_CALLERS = frozenset({Code.MALFORMED, Code.NOT_FOUND, Code.OTHER_CONTENT})


class Narrator:
    """Writes the lines of events; any thread may call it."""

    def __init__(self, log: Log, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._throttle = Throttle(CALLS_PER_CODE_AND_SECOND, clock)

    def tell(self, event: Event) -> None:
        """Writes what there is to say; decisions and batches say nothing here."""
        if isinstance(event, CallFailed):
            self._call_failed(event)
        elif isinstance(event, CallsRefused):
            self._calls_refused(event)
        elif isinstance(event, TransportChosen):
            self._transport_chosen(event)
        elif isinstance(event, RulesetLoaded):
            self._ruleset_loaded(event)
        elif isinstance(event, PauseChanged):
            self._pause_changed(event)
        elif isinstance(event, RulesetRefused):
            self._log.error(
                "ruleset_refused", source=event.source, in_force=event.in_force, faults=event.faults
            )

    def _pause_changed(self, event: PauseChanged) -> None:
        if event.paused:
            self._log.warning(
                "action_paused", action=event.action, by="guard" if event.by_guard else "operator"
            )
        else:
            self._log.info("action_resumed", action=event.action)

    def _calls_refused(self, event: CallsRefused) -> None:
        self._log.warning(
            "calls_refused",
            method=event.method,
            code=event.code.name,
            count=event.count,
            seconds=round(event.seconds, 3),
        )

    def _transport_chosen(self, event: TransportChosen) -> None:
        if event.fault:
            self._log.warning("stock_transport", detail=event.fault)

    def _ruleset_loaded(self, event: RulesetLoaded) -> None:
        self._log.info(
            "ruleset_loaded",
            ruleset=event.hash,
            version=event.version,
            commit=event.commit,
            actions=event.actions,
            seconds=round(event.seconds, 3),
        )

    def _call_failed(self, event: CallFailed) -> None:
        held_back = self._throttle.admit(event.code)
        if held_back is None:
            self._held_back(event)
            return
        fields: dict[str, object] = {
            "method": event.method,
            "code": event.code.name if event.code else "INTERNAL",
            "status": event.status,
            "detail": event.detail,
            "error_id": event.error_id,
            "trace_id": event.trace.trace_id if event.trace else "",
            "seconds": round(event.seconds, 6),
            "held_back": held_back,
        }
        said = {name: value for name, value in fields.items() if value != ""}
        if event.code is None:
            self._log.error("call_failed", cause=None, exception=whereabouts(event.cause), **said)
        elif event.code in _CALLERS:
            self._log.info("call_failed", **said)
        else:
            self._log.warning("call_failed", **said)

    def _held_back(self, event: CallFailed) -> None:
        """A caller who has an error id is told by it what happened, if only when and where."""
        if event.error_id:
            self._log.error("call_failed_again", method=event.method, error_id=event.error_id)


def whereabouts(error: BaseException | None) -> str:
    """Where an exception and those behind it came from, and of which class: their texts can hold anything."""
    causes: list[str] = []
    while error is not None and len(causes) < CAUSES_MAX:
        kind = type(error)
        causes.append(f"{''.join(format_tb(error.__traceback__))}{kind.__module__}.{kind.__qualname__}")
        error = error.__cause__ or error.__context__
    return "\nwhich came after:\n".join(causes)


class Throttle:
    """Lets so many through per second and key; the next one let through says how many were not."""

    def __init__(self, per_second: int, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[Code | None, tuple[int, int]] = {}
        self._held_back: dict[Code | None, int] = {}

    def admit(self, key: Code | None) -> int | None:
        """Returns how many of the key were held back since the last one; ``None`` to hold this one back."""
        second = int(self._clock())
        with self._lock:
            last, count = self._seen.get(key, (second, 0))
            count = count + 1 if last == second else 1
            self._seen[key] = second, count
            if count > self._per_second:
                self._held_back[key] = self._held_back.get(key, 0) + 1
                return None
            return self._held_back.pop(key, 0)

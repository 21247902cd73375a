"""Forgets what has been kept long enough: all at once for a command, little by little in a service."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from maitred.engine.ports.store import Store, StoreConflict
from maitred.settings import Keep

FEWEST_ROWS, MAX_ROWS = 25, 1_000
"""Of one piece. A row takes some 0.1 ms; with fewer the commit alone is what decisions wait for."""
PIECE_SECONDS = 0.004
"""What a decision may wait for a piece; pieces are made smaller or larger to take about as long."""
REST_SHARE = 4
"""After each piece decisions have the database for so many times as long as it took ..."""
REST_MIN_SECONDS = 0.01
"""... and for so long at least."""
SLICE_SECONDS = 0.5
"""A service that is to stop waits no longer."""
ROUND_SECONDS = 600.0
AGAIN_SECONDS = 60.0
"""A round that another replica or a database that was away has ended is begun again so late."""

EARLIEST = datetime.min.replace(tzinfo=UTC)


class Piece(NamedTuple):
    """Rows of one class that are gone, and how long that took."""

    data: str
    rows: int
    seconds: float


def terms(keep: Keep, at: datetime) -> Mapping[str, datetime]:
    """For each class of data that is not kept for ever the instant before which it goes."""
    return {data: _before(at, span) for data, span in asdict(keep).items() if span is not None}


def _before(at: datetime, span: timedelta) -> datetime:
    return at - span if at - EARLIEST > span else EARLIEST


def forget(
    store: Store, keep: Keep, at: datetime, clock: Callable[[], float] = time.monotonic
) -> Iterator[Piece]:
    """Deletes a piece each time it is asked for the next one, until nothing is left to go.

    Raises ``StoreDown`` and ``StoreConflict``; what is gone by then stays gone.
    """
    purges: Mapping[str, Callable[[datetime, int], int]] = {
        "decisions": store.purge_decisions,
        "consents": store.purge_consents,
        "ledger": store.purge_ledger,
        "events": partial(store.purge_events, at),
    }
    for data, before in terms(keep, at).items():
        max_rows = FEWEST_ROWS
        while True:
            began = clock()
            if not (rows := purges[data](before, max_rows)):
                break
            piece = Piece(data, rows, clock() - began)
            yield piece
            max_rows = _next_most(max_rows, piece.seconds)


def rest_seconds(piece: Piece) -> float:
    """Returns how long to leave the database alone after a piece."""
    return max(REST_MIN_SECONDS, REST_SHARE * piece.seconds)


def _next_most(max_rows: int, seconds: float) -> int:
    if seconds > PIECE_SECONDS:
        return max(FEWEST_ROWS, max_rows // 2)
    return min(MAX_ROWS, max_rows * 2) if seconds < PIECE_SECONDS / 2 else max_rows


class Retention:
    """Applies terms in a running service. ``tell`` gets the rows of each round in which some went."""

    def __init__(
        self,
        store: Store,
        keep: Keep,
        now: Callable[[], datetime],
        tell: Callable[[Mapping[str, int]], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store, self._keep, self._now, self._tell = store, keep, now, tell
        self._clock, self._rest = clock, rest
        self._round: Iterator[Piece] | None = None
        self._gone: Counter[str] = Counter()
        self._due = clock()

    def step(self) -> None:
        """Does a slice of the round there is or is due, and mostly nothing. Raises ``StoreDown``."""
        if self._clock() < self._due:
            return
        if self._round is None:
            self._round = forget(self._store, self._keep, self._now(), self._clock)
        try:
            self._slice(self._round)
        except StoreConflict:
            # Another replica forgets the same; one of them gets on.
            self._end(AGAIN_SECONDS)
        except Exception:
            self._end(AGAIN_SECONDS)
            raise

    def _slice(self, pieces: Iterator[Piece]) -> None:
        end = self._clock() + SLICE_SECONDS
        while self._clock() < end:
            piece = next(pieces, None)
            if piece is None:
                self._end(ROUND_SECONDS)
                return
            self._gone[piece.data] += piece.rows
            self._rest(rest_seconds(piece))

    def _end(self, next_seconds: float) -> None:
        gone, self._gone, self._round = self._gone, Counter(), None
        self._due = self._clock() + next_seconds
        if gone:
            self._tell(gone)

"""Actions that are stopped everywhere."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.engine import Connection

from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.store import Pause

from .tables import PAUSE, RESUMED

_INSERT = text(
    "INSERT INTO pause (action, paused_at, paused_by, cause) "
    "VALUES (:action, :paused_at, :paused_by, :cause) ON CONFLICT (action) DO NOTHING"
)
_RESUME = text(
    "INSERT INTO resumed (action, resumed_at) VALUES (:action, :resumed_at) "
    "ON CONFLICT (action) DO UPDATE SET resumed_at = excluded.resumed_at"
)
_ALL = select(*PAUSE.columns).order_by(PAUSE.c.action)


def insert(connection: Connection, pause: Pause) -> bool:
    """Keeps the pause, or the one that there is already; whether there was none."""
    row = {
        "action": _data(pause.action),
        "paused_at": to_microseconds(pause.paused_at),
        "paused_by": _data(pause.by),
        "cause": _data(pause.cause),
    }
    return connection.execute(_INSERT, row).rowcount > 0


def remove(connection: Connection, action: str, at: datetime) -> bool:
    """Ends the pause of an action, and notes when; whether there was one."""
    was_paused = connection.execute(delete(PAUSE).where(PAUSE.c.action == _data(action))).rowcount > 0
    if was_paused:
        connection.execute(_RESUME, {"action": _data(action), "resumed_at": to_microseconds(at)})
    return was_paused


def resumed_at(connection: Connection, action: str) -> datetime | None:
    """When the pause of an action was ended last."""
    at_us = connection.scalar(select(RESUMED.c.resumed_at).where(RESUMED.c.action == _data(action)))
    return None if at_us is None else from_microseconds(at_us)


def find_all(connection: Connection) -> Sequence[Pause]:
    """Returns every pause there is, by name of the action."""
    return [
        Pause(_text(action), from_microseconds(paused_at), _text(paused_by), _text(cause))
        for action, paused_at, paused_by, cause in connection.execute(_ALL)
    ]


def _data(words: str) -> bytes:
    # They come from outside: PostgreSQL's text cannot hold U+0000, nor UTF-8 a lone surrogate.
    return words.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")

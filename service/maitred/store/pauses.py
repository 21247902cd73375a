"""Actions that are stopped everywhere."""

from collections.abc import Sequence

from sqlalchemy import delete, select, text
from sqlalchemy.engine import Connection

from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.store import Pause

from .tables import PAUSE

_INSERT = text(
    "INSERT INTO pause (action, paused_at, paused_by, cause) "
    "VALUES (:action, :paused_at, :paused_by, :cause) ON CONFLICT (action) DO NOTHING"
)
_ALL = select(*PAUSE.columns).order_by(PAUSE.c.action)


def insert(connection: Connection, pause: Pause) -> None:
    """Keeps the pause, or the one that there is already."""
    row = {
        "action": _data(pause.action),
        "paused_at": to_microseconds(pause.paused_at),
        "paused_by": _data(pause.by),
        "cause": _data(pause.cause),
    }
    connection.execute(_INSERT, row)


def remove(connection: Connection, action: str) -> bool:
    """Ends the pause of an action; whether there was one."""
    return connection.execute(delete(PAUSE).where(PAUSE.c.action == _data(action))).rowcount > 0


def find_all(connection: Connection) -> Sequence[Pause]:
    """Every pause there is, by name of the action."""
    return [
        Pause(_text(action), from_microseconds(paused_at), _text(paused_by), _text(cause))
        for action, paused_at, paused_by, cause in connection.execute(_ALL)
    ]


def _data(words: str) -> bytes:
    # They come from outside: PostgreSQL's text cannot hold U+0000, nor UTF-8 a lone surrogate.
    return words.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")

"""Turns what SQLAlchemy and the drivers raise into the errors of the port."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from maitred.engine.ports.store import StoreConflict, StoreDown
from maitred.store import messages


class StoreUnusable(StoreDown):
    """The database is not one this maitred can use; trying again does not help."""


Failure = StoreDown | StoreConflict
Classify = Callable[[str, BaseException], Failure]
"""From the name of a database and a driver's exception."""

_SQLITE_PRIMARY_CODE = 0xFF  # the rest of a result code says where it came from
_SQLITE_CONFLICTS = frozenset({5, 6})  # busy, locked: by a program that is not maitred
_SQLITE_NO_ROOM = frozenset({10, 13})  # input/output error, full
_SQLITE_UNUSABLE = {
    8: messages.read_only,
    11: messages.damaged,
    14: messages.cannot_open,
    26: messages.not_a_database,
}

# Serialization, deadlock, lock timeout; and what is unique was written by another replica first.
_POSTGRES_CONFLICTS = frozenset({"40001", "40P01", "55P03", "23505"})
_POSTGRES_TOO_SLOW = frozenset({"57014"})  # statement timeout
_POSTGRES_FULL = frozenset({"53100"})
_POSTGRES_READ_ONLY = frozenset({"25006"})  # a standby
_POSTGRES_GONE = ("08", "57P")  # connection lost, server going down
_POSTGRES_UNUSABLE = ("28", "3D", "42")  # login refused, no such database, no right or other tables


@dataclass(frozen=True, slots=True)
class Failures:
    """Puts what goes wrong with one database into the errors of the port.

    ``driver_error`` is the base of what its driver raises, ``classify`` knows what it means.
    """

    name: str
    driver_error: type[Exception]
    classify: Classify

    @property
    def caught(self) -> tuple[type[Exception], ...]:
        """What ``translate`` is for."""
        return (SQLAlchemyError, self.driver_error)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Lets no exception of the driver or of SQLAlchemy out of its block."""
        try:
            yield
        except self.caught as error:
            raise self.translate(error) from error

    def translate(self, error: Exception) -> Failure:
        """Returns the error of the port that stands for one of the driver or of SQLAlchemy."""
        if isinstance(error, self.driver_error):
            return self.classify(self.name, error)
        if isinstance(error, DBAPIError) and error.orig is not None:
            return self.classify(self.name, error.orig)
        return StoreDown(messages.failed(self.name, _one_line(error)))


def from_sqlite(name: str, error: BaseException) -> Failure:
    """By the primary result code: https://www.sqlite.org/rescode.html."""
    problem, code = _one_line(error), getattr(error, "sqlite_errorcode", 0) & _SQLITE_PRIMARY_CODE
    if code in _SQLITE_CONFLICTS:
        return StoreConflict(messages.lost(name, problem))
    if code in _SQLITE_NO_ROOM:
        return StoreDown(messages.full(name, problem))
    if code in _SQLITE_UNUSABLE:
        return StoreUnusable(_SQLITE_UNUSABLE[code](name))
    return StoreDown(messages.failed(name, problem))


def from_postgres(name: str, error: BaseException) -> Failure:
    """By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html."""
    # The first line only: details may repeat what was written.
    said = getattr(getattr(error, "diag", None), "message_primary", None)
    problem, state = said or _one_line(error), getattr(error, "sqlstate", None)
    if state is None or state.startswith(_POSTGRES_GONE):  # none: the driver says so itself
        return StoreDown(f"database `{name}` cannot be reached: {problem}")
    if state in _POSTGRES_CONFLICTS:
        return StoreConflict(messages.lost(name, problem))
    if state in _POSTGRES_TOO_SLOW:
        return StoreDown(f"database `{name}` does not answer in time: {problem}")
    if state in _POSTGRES_FULL:
        return StoreDown(messages.full(name, problem))
    if state in _POSTGRES_READ_ONLY:
        return StoreDown(messages.read_only(name))
    if state.startswith(_POSTGRES_UNUSABLE):
        return StoreUnusable(messages.failed(name, problem))
    return StoreDown(messages.failed(name, problem))


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())

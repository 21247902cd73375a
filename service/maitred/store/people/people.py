"""Customers as the database knows them: on either database, and for every decision."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.engine import Connection

from maitred.core.privacy.purposes import ConsentState
from maitred.engine.ports.store import Person, StoreConflict
from maitred.store.drivers.connections import Driver, ask, columns, run
from maitred.store.tables import PERSON

KEPT_STATEMENTS = 4_096
"""Most customers have stated the same of the same few purposes."""

_COLUMNS = "ref, pseudonym, key, statements, events, jurisdiction"
_INTO = f"INSERT INTO person ({_COLUMNS})"
# By the index of a customer's claims, whose last entry it is.
CLAIMS_UNTIL = """
coalesce((SELECT max(expires_at) FROM claim WHERE customer = person.ref AND length(customer) > 0), 0)
"""
# Both of its unique columns: a reference that is there already is as much of a conflict.
_UNLESS_THERE = "ON CONFLICT DO NOTHING"
# Who has a share of the key is not erased before the commit; it keeps nobody else out. In one
# order everywhere, and before every lock of the ledger.
_POSTGRES_FIND = f"""
SELECT {_COLUMNS}, {CLAIMS_UNTIL} FROM person
WHERE pseudonym = ANY (%b::bytea[]) ORDER BY pseudonym FOR KEY SHARE
"""  # noqa: S608 -- of constants
_POSTGRES_ADD = f"""
{_INTO} SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[], %b::text[], %b::bigint[],
                             %b::bytea[]) {_UNLESS_THERE}
"""  # noqa: S608 -- of constants
# Those whom another replica is deciding for are left for the next time: two that wait for
# each other's share would wait in a ring.
_POSTGRES_RENEW = """
UPDATE person SET pseudonym = new.pseudonym, key = new.key
FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[]) AS new (ref, pseudonym, key)
WHERE person.ref = new.ref AND person.ref IN (
    SELECT ref FROM person WHERE ref = ANY (%b::bytea[]) FOR UPDATE SKIP LOCKED
)
"""
_SQLITE_FIND = f"""
SELECT json_group_array(json_array(
    hex(ref), hex(pseudonym), hex(key), statements, events, hex(jurisdiction), {CLAIMS_UNTIL}
)) FROM person WHERE pseudonym IN (VALUES {{}})
"""  # noqa: S608 -- of constants
_SQLITE_BLOBS = (0, 1, 2, 5)
_SQLITE_ADD = f"{_INTO} VALUES {{}} {_UNLESS_THERE}"
_SQLITE_RENEW = """
UPDATE person SET pseudonym = new.column2, key = new.column3 FROM (VALUES {}) AS new
WHERE person.ref = new.column1
"""
_SQLITE_PLACE = """
UPDATE person SET jurisdiction = new.column2 FROM (VALUES {}) AS new WHERE person.ref = new.column1
"""
# As for renewing: locks of the ledger may be held by now.
_POSTGRES_PLACE = """
UPDATE person SET jurisdiction = new.jurisdiction
FROM unnest(%b::bytea[], %b::bytea[]) AS new (ref, jurisdiction)
WHERE person.ref = new.ref AND person.ref IN (
    SELECT ref FROM person WHERE ref = ANY (%b::bytea[]) FOR NO KEY UPDATE SKIP LOCKED
)
"""
_P = PERSON.c

Known = Mapping[bytes, Person]


def find_sqlite(driver: Driver, pseudonyms: Collection[bytes]) -> Known:
    """Returns those of the customers that are known, by pseudonym."""
    return _by_pseudonym(ask(driver, _SQLITE_FIND, [(pseudonym,) for pseudonym in pseudonyms], _SQLITE_BLOBS))


def find_postgres(driver: Driver, pseudonyms: Collection[bytes]) -> Known:
    """Returns those of the customers that are known, by pseudonym; not erased before the commit."""
    return _by_pseudonym(driver.execute(_POSTGRES_FIND, (list(pseudonyms),)).fetchall())


def add_sqlite(driver: Driver, people: Sequence[Person]) -> None:
    """Writes new customers. Raises ``StoreConflict`` where one is there."""
    _check_new(sum(part.rowcount for part in run(driver, _SQLITE_ADD, list(map(_values, people)))), people)


def add_postgres(driver: Driver, people: Sequence[Person]) -> None:
    """Writes new customers. Raises ``StoreConflict`` where one is there."""
    values = columns(map(_values, sorted(people, key=attrgetter("pseudonym"))))
    _check_new(driver.execute(_POSTGRES_ADD, values).rowcount, people)


def renew_sqlite(driver: Driver, people: Sequence[Person]) -> None:
    """Writes other pseudonyms and keys."""
    run(driver, _SQLITE_RENEW, [(person.ref, person.pseudonym, person.key) for person in people])


def renew_postgres(driver: Driver, people: Sequence[Person]) -> None:
    """Writes other pseudonyms and keys of those whom nobody else is deciding for."""
    refs, pseudonyms, keys = columns((person.ref, person.pseudonym, person.key) for person in people)
    driver.execute(_POSTGRES_RENEW, (refs, pseudonyms, keys, refs))


def place_sqlite(driver: Driver, jurisdictions: Mapping[bytes, str]) -> None:
    """Writes where customers are."""
    run(driver, _SQLITE_PLACE, [(ref, name.encode()) for ref, name in jurisdictions.items()])


def place_postgres(driver: Driver, jurisdictions: Mapping[bytes, str]) -> None:
    """Writes where those customers are for whom nobody else is writing."""
    refs = list(jurisdictions)
    names = [name.encode() for name in jurisdictions.values()]
    driver.execute(_POSTGRES_PLACE, (refs, names, refs))


def find(connection: Connection, pseudonyms: Sequence[bytes]) -> Person | None:
    """Returns the customer known by one of the pseudonyms, the first that is known."""
    row = (*(_P[name] for name in _COLUMNS.split(", ")), literal_column(CLAIMS_UNTIL))
    wanted = select(*row).where(_P.pseudonym.in_(pseudonyms))
    by_pseudonym = _by_pseudonym(connection.execute(wanted))
    return next((by_pseudonym[pseudonym] for pseudonym in pseudonyms if pseudonym in by_pseudonym), None)


def stated(connection: Connection, refs: Collection[bytes]) -> Mapping[bytes, Mapping[str, ConsentState]]:
    """Returns what those of the customers have stated who have stated anything, by their references."""
    wanted = select(_P.ref, _P.statements).where(_P.ref.in_(refs), func.length(_P.statements) > 0)
    return {ref: unpacked(statements) for ref, statements in connection.execute(wanted)}


def packed(statements: Mapping[str, ConsentState]) -> str:
    """Returns the column ``statements``: JSON in ASCII, empty for none. Equal ones are written alike."""
    return json.dumps({key: statements[key].value for key in sorted(statements)}) if statements else ""


@lru_cache(maxsize=KEPT_STATEMENTS)
def unpacked(statements: str) -> Mapping[str, ConsentState]:
    """From ``packed``."""
    states = json.loads(statements) if statements else {}
    return MappingProxyType({purpose: ConsentState(state) for purpose, state in states.items()})


def row(person: Person) -> dict[str, Any]:
    """Returns the customer as a row, by the names of the columns."""
    return dict(zip(_COLUMNS.split(", "), _values(person), strict=True))


def _check_new(written: int, people: Sequence[Person]) -> None:
    if written != len(people):
        raise StoreConflict("a new customer of the batch was met by another replica at the same moment")


def _by_pseudonym(rows: Iterable[Sequence[Any]]) -> Known:
    return {
        pseudonym: Person(ref, pseudonym, key, unpacked(statements), events, jurisdiction.decode(), until_us)
        for ref, pseudonym, key, statements, events, jurisdiction, until_us in rows
    }


def _values(person: Person) -> tuple[Any, ...]:
    return (
        person.ref,
        person.pseudonym,
        person.key,
        packed(person.statements),
        person.events,
        person.jurisdiction.encode(),
    )

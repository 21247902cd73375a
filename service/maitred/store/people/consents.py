"""What customers have stated, with the proof of it.

Of two statements on one purpose the later counts, of two at one instant the stricter, whenever
they arrive. The ones that count are written beside the customer too, for decisions to read.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.engine import Connection

from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.ports.store import Person, StoreConflict
from maitred.store import lookup
from maitred.store.drivers.connections import WriteConnection
from maitred.store.tables import CONSENT, PERSON

from . import people

_C = CONSENT.c
_LATER = CONSENT.alias("later")
# Stricter states have higher numbers. The rest only makes the order total.
_ORDER = (_C.made_at, _C.state, _C.request, _C.place)
_STATED = (_C.purpose, _C.state, _C.source, _C.made_at, _C.text_version)


class Proof(NamedTuple):
    """Of which request statements are, and when it was recorded."""

    request: bytes
    fingerprint: bytes
    recorded_at: datetime


def record(line: WriteConnection, person: Person, proof: Proof, consents: Sequence[Consent]) -> bool:
    """See ``engine.ports.store.Store``. Raises ``StoreConflict`` where the person was erased meanwhile."""
    connection = line.connection
    earlier = connection.scalar(select(_C.fingerprint).where(_C.request == proof.request).limit(1))
    if earlier is not None:
        return bytes(earlier) == proof.fingerprint
    ref = _lock(line, person)
    if consents:
        rows = [_row(ref, proof, place, consent) for place, consent in enumerate(consents)]
        connection.execute(insert(CONSENT), rows)
        standing = people.packed(_counting(connection, ref))
        connection.execute(update(PERSON).where(PERSON.c.ref == ref).values(statements=standing))
    return True


def find(connection: Connection, ref: bytes) -> Sequence[Consent]:
    """Returns every statement of a customer, the one that counts last."""
    return [
        _consent(row) for row in connection.execute(select(*_STATED).where(_C.ref == ref).order_by(*_ORDER))
    ]


def purge(connection: Connection, before: datetime, max_rows: int) -> int:
    """Deletes statements made before then that a later one on the purpose has replaced; says how many."""
    old = select(_C.request, _C.place).where(_C.made_at < to_microseconds(before), _is_replaced())
    gone = delete(CONSENT).where(tuple_(_C.request, _C.place).in_(old.order_by(_C.made_at).limit(max_rows)))
    return connection.execute(gone).rowcount


def count_replaced(connection: Connection, before: datetime) -> int:
    """Returns how many statements ``purge`` would delete."""
    old = (_C.made_at < to_microseconds(before)) & _is_replaced()
    return connection.scalar(select(func.count()).select_from(CONSENT).where(old)) or 0


def _lock(line: WriteConnection, person: Person) -> bytes:
    """Returns the reference the customer is known by, who is written down where they are new.

    Keeps others from recording consents of theirs, and from erasing them, but not from deciding.
    """
    connection = line.connection
    known = select(PERSON.c.ref).where(
        or_(PERSON.c.ref == person.ref, PERSON.c.pseudonym == person.pseudonym)
    )
    refs = [bytes(ref) for ref in connection.scalars(known.with_for_update(key_share=True))]
    if refs:
        return person.ref if person.ref in refs else refs[0]
    # With decisions of theirs they were known: bringing back the key would bring back the decisions.
    if connection.scalar(select(exists().where(lookup.of_customers(connection, line.recent, (person.ref,))))):
        raise StoreConflict("the customer was erased at the same moment")
    connection.execute(insert(PERSON).values(people.row(person)))
    return person.ref


def _counting(connection: Connection, ref: bytes) -> Mapping[str, ConsentState]:
    rows = connection.execute(select(_C.purpose, _C.state).where(_C.ref == ref, ~_is_replaced()))
    return {_text(purpose): ConsentState(state) for purpose, state in rows}


def _is_replaced() -> ColumnElement[bool]:
    same = (_LATER.c.ref == _C.ref) & (_LATER.c.purpose == _C.purpose)
    return exists().where(same, tuple_(*(_LATER.c[column.name] for column in _ORDER)) > tuple_(*_ORDER))


def _row(ref: bytes, proof: Proof, place: int, consent: Consent) -> dict[str, Any]:
    return {
        "request": proof.request,
        "place": place,
        "ref": ref,
        "fingerprint": proof.fingerprint,
        "purpose": _data(consent.purpose),
        "state": consent.state.value,
        "source": _data(consent.source),
        "made_at": to_microseconds(consent.at),
        "text_version": _data(consent.text_version),
        "recorded_at": to_microseconds(proof.recorded_at),
    }


def _consent(row: Sequence[Any]) -> Consent:
    purpose, state, source, made_at, text_version = row
    return Consent(
        _text(purpose), ConsentState(state), _text(source), from_microseconds(made_at), _text(text_version)
    )


def _data(words: str) -> bytes:
    return words.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")

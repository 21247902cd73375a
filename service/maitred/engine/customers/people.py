"""Customers as the database knows them: by a pseudonym, with a key that seals what is kept of them."""

from collections.abc import Callable, Iterable, Mapping

from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.ports.store import DecisionRecord, EventRow, Person, Transaction
from maitred.engine.ports.vault import KEY_OF_NOBODY, SealBroken, Vault

REF_BYTES = 16


class People:
    """Finds customers, and makes those that are new. ``new_ref`` gives 16 random bytes."""

    def __init__(self, vault: Vault, new_ref: Callable[[], bytes]) -> None:
        self._vault, self._new_ref = vault, new_ref

    def pseudonyms(self, customer_id: str) -> tuple[bytes, ...]:
        """How a customer may be known, the newest first; nobody is known by none."""
        return self._vault.pseudonyms(customer_id) if customer_id else ()

    def subject_pseudonym(self, subject: str) -> str:
        """What stands for a person where units are counted."""
        return self._vault.subject_pseudonym(subject)

    def stranger(self, pseudonyms: tuple[bytes, ...]) -> Person:
        """A customer who is not known yet."""
        return Person(self._new_ref(), pseudonyms[0], self._vault.new_key(), {})

    def known(self, transaction: Transaction, asked: Iterable[tuple[bytes, ...]]) -> Mapping[bytes, Person]:
        """Those who are known, by their newest pseudonym; who was known by an older one is renewed."""
        wanted = {pseudonyms[0]: pseudonyms for pseudonyms in asked}
        by_pseudonym = transaction.people([codes for pseudonyms in wanted.values() for codes in pseudonyms])
        people = {key: person for key, codes in wanted.items() if (person := _first(by_pseudonym, codes))}
        renewed = [fresh for key, person in people.items() if (fresh := self._renewed(key, person))]
        if renewed:
            transaction.renew_people(renewed)
        return people | {person.pseudonym: person for person in renewed}

    def forget(self, person: Person) -> None:
        """Lets go of the key of one who has been erased."""
        self._vault.forget(person.key)

    def seal(self, person: Person, body: bytes, decision_id: bytes) -> bytes:
        """The body of a customer's decision, sealed."""
        return self._vault.seal(person.key if person.ref else KEY_OF_NOBODY, body, decision_id)

    def seal_event(self, key: bytes, body: bytes, event_id: bytes) -> bytes:
        """The body of an event, sealed with its customer's key."""
        return self._vault.seal(key, body, event_id)

    def open_event(self, key: bytes, row: EventRow) -> bytes:
        """The plain body of an event. Raises ``SealBroken``."""
        return self._vault.open(key, row.body, row.id)

    def opened(self, record: DecisionRecord) -> bytes:
        """The record's plain body. Raises ``CallError`` where nobody can read it any more."""
        if not _key_of(record):
            raise CallError(
                Code.NOT_FOUND, "the customer of this decision has been erased", Cause.CUSTOMER_ERASED
            )
        try:
            return self._vault.open(_key_of(record), record.body, record.decision_id)
        except SealBroken as broken:
            message = "the decision cannot be opened with the keys in use"
            raise CallError(Code.NOT_FOUND, message, Cause.KEY_LOST) from broken

    def _renewed(self, pseudonym: bytes, person: Person) -> Person | None:
        key = self._vault.rewrapped(person.key)
        if key is None and person.pseudonym == pseudonym:
            return None
        return person._replace(pseudonym=pseudonym, key=key or person.key)


def _key_of(record: DecisionRecord) -> bytes:
    """Empty where the customer has been erased."""
    return record.key if record.customer else KEY_OF_NOBODY


def _first(people: Mapping[bytes, Person], pseudonyms: tuple[bytes, ...]) -> Person | None:
    return next((people[pseudonym] for pseudonym in pseudonyms if pseudonym in people), None)

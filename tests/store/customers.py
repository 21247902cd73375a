"""Customers that somebody is to be erased from among."""

import os
from datetime import UTC, datetime, timedelta

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.limits.lots import Origin, Take
from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.core.values.instants import to_microseconds
from maitred.engine.ports.store import OutcomeRow, Person

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def origin_of(record, action):
    """What a lot of a decision's action is taken for."""
    return Origin(record.decision_id, action, to_microseconds(record.decided_at))


class Customer:
    """Somebody with a decision of their own, and what a test does for them."""

    def __init__(self, store, make_record):
        self.store = store
        self.person = Person(os.urandom(16), os.urandom(18), os.urandom(60), {})
        self.record = make_record(customer=self.person.ref, key=self.person.key)
        with store.transaction() as transaction:
            transaction.add_people([self.person])
            transaction.append([self.record])

    @property
    def ref(self):
        return self.person.ref

    def take(self, *needs, hold_us=None, reuse=b"", now=NOON):
        key = os.urandom(16)
        origin = origin_of(self.record, "free-pizza")
        take = Take(key, b"as sent", (needs,), hold_us, (reuse,) if reuse else (), origin)
        with self.store.transaction() as transaction:
            transaction.settle(now, [take])
        return key

    def report(self, count):
        rows = [
            OutcomeRow(
                os.urandom(16),
                b"sent",
                self.record.decision_id,
                "a",
                OutcomeKind.PRESENTED,
                NOON,
                recorded=True,
                detail="",
            )
            for _ in range(count)
        ]
        with self.store.transaction() as transaction:
            transaction.append_outcomes(rows)

    def state(self, count):
        consents = [
            Consent("ads", ConsentState.GRANTED, "app", NOON + timedelta(number)) for number in range(count)
        ]
        with self.store.transaction() as transaction:
            transaction.record_consents(self.person, os.urandom(16), b"sent", consents, NOON)

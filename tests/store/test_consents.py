import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.engine.ports.store import Person, StoreConflict
from maitred.store import open_store

NOON = datetime(2026, 12, 1, 12, 0, 0, 1, tzinfo=UTC)
GRANTED, DENIED, OBJECTED = ConsentState


@pytest.fixture
def ann():
    return Person(os.urandom(16), os.urandom(18), os.urandom(60), {})


def consent(state=GRANTED, after_us=0, purpose="ads", **fields):
    plain = {"source": "app-settings", "text_version": "v7"} | fields
    return Consent(purpose, state, at=NOON + timedelta(microseconds=after_us), **plain)


def record(store, person, *consents, request=None, fingerprint=b"as sent"):
    with store.transaction() as transaction:
        return transaction.record_consents(
            person, request or os.urandom(16), fingerprint, consents, datetime.now(UTC)
        )


def standing(store, person):
    return dict(store.person([person.pseudonym]).statements)


def test_statements_are_kept_with_their_proof_and_count(store, ann):
    stated = [
        consent(),
        consent(DENIED, 1, "profiling", source="\x00", text_version=""),
        consent(OBJECTED, 2, "\ud800"),
    ]
    assert record(store, ann, *stated)
    assert store.statements(ann.ref) == stated
    assert store.person([ann.pseudonym]) == ann._replace(
        statements={"ads": GRANTED, "profiling": DENIED, "\ud800": OBJECTED}
    )
    with store.transaction() as transaction:
        assert transaction.people([ann.pseudonym])[ann.pseudonym] == store.person([ann.pseudonym])
    assert store.statements(b"another person's") == []


def test_a_repeated_request_changes_nothing_and_another_content_is_refused(store, ann):
    request = b"a request of 16!"
    assert record(store, ann, consent(), consent(purpose="b"), request=request)
    assert record(store, ann, consent(DENIED, 1), request=b"another of 16..!")
    assert record(store, ann, consent(), consent(purpose="b"), request=request)
    assert not record(store, ann, consent(OBJECTED, 5), request=request, fingerprint=b"other")
    assert len(store.statements(ann.ref)) == 3
    assert standing(store, ann) == {"ads": DENIED, "b": GRANTED}


def test_the_later_counts_and_at_one_instant_the_stricter_in_whatever_order_they_arrive(store):
    stated = [consent(DENIED, 0), consent(GRANTED, 1), consent(OBJECTED, 1), consent(DENIED, 1)]
    for order in itertools.permutations(stated):
        ann = Person(os.urandom(16), os.urandom(18), b"key", {})
        for statement in order:
            record(store, ann, statement)
        assert standing(store, ann) == {"ads": OBJECTED}
    record(store, ann, consent(GRANTED, 2))
    assert standing(store, ann) == {"ads": GRANTED}
    assert store.statements(ann.ref)[-1] == consent(GRANTED, 2)


def test_a_customer_whom_others_have_met_in_the_meantime_is_one(store, ann):
    record(store, ann, consent())
    late = ann._replace(ref=os.urandom(16), key=b"another")
    record(store, late, consent(DENIED, 1))
    assert store.person([ann.pseudonym]) == ann._replace(statements={"ads": DENIED})
    assert store.statements(late.ref) == []


def test_a_customer_who_was_renewed_in_the_meantime_is_the_same(store, ann):
    record(store, ann, consent())
    with store.transaction() as transaction:
        transaction.renew_people([ann._replace(pseudonym=b"renewed", key=b"anew")])
    record(store, ann, consent(DENIED, 1))
    assert store.person([b"renewed"]) == Person(ann.ref, b"renewed", b"anew", {"ads": DENIED})
    assert store.person([ann.pseudonym]) is None


def test_a_customer_who_was_erased_in_the_meantime_does_not_come_back(store, ann, make_record, append):
    append(store, make_record(customer=ann.ref))
    with pytest.raises(StoreConflict, match="the customer was erased at the same moment"):
        record(store, ann, consent())
    assert store.person([ann.pseudonym]) is None


def test_consents_on_a_customer_do_not_wait_for_a_decision_on_them(postgres_url, ann, closed_after):
    stores = [closed_after(open_store(postgres_url)) for _ in range(2)]
    record(stores[0], ann, consent())
    with stores[0].transaction() as deciding:
        assert deciding.people([ann.pseudonym])
        assert record(stores[1], ann, consent(DENIED, 1))
    assert standing(stores[0], ann) == {"ads": DENIED}


def test_replicas_that_record_at_once_agree_on_what_counts(postgres_url, ann, closed_after):
    stores = [closed_after(open_store(postgres_url)) for _ in range(3)]
    record(stores[0], ann, consent())

    def work(number):
        for statement in range(10):
            record(
                stores[number],
                ann,
                consent(DENIED, statement * 3 + number + 1),
                consent(purpose=f"p{number}"),
            )

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    record(stores[0], ann, consent(GRANTED, 1_000))
    assert standing(stores[0], ann) == {"ads": GRANTED, "p0": GRANTED, "p1": GRANTED, "p2": GRANTED}
    assert len(stores[0].statements(ann.ref)) == 62


def test_statements_that_were_replaced_are_purged_and_those_that_count_are_not(store, ann):
    other = ann._replace(ref=os.urandom(16), pseudonym=b"other")
    record(
        store, ann, *(consent(DENIED, after) for after in range(5)), consent(GRANTED, 5), consent(purpose="b")
    )
    record(store, other, consent())
    kept = {ann.ref: [*store.statements(ann.ref)[-1:], consent(purpose="b")], other.ref: [consent()]}
    assert store.purge_consents(NOON + timedelta(microseconds=2), 1_000) == 2
    assert [store.purge_consents(NOON + timedelta(days=1), 2) for _ in range(3)] == [2, 1, 0]
    for ref, statements in kept.items():
        assert set(store.statements(ref)) == set(statements)
    assert standing(store, ann) == {"ads": GRANTED, "b": GRANTED}


STATEMENTS = st.lists(
    st.builds(consent, st.sampled_from(ConsentState), st.integers(0, 3), st.sampled_from(["a", "b"])),
    max_size=6,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=st.lists(STATEMENTS, max_size=3))
def test_what_counts_is_a_function_of_what_was_stated(store, requests):
    person = Person(os.urandom(16), os.urandom(18), b"key", {})
    for stated in requests:
        record(store, person, *stated)
    expected = {
        recorded.purpose: recorded.state
        for recorded in sorted(itertools.chain(*requests), key=lambda recorded: (recorded.at, recorded.state))
    }
    if any(requests):
        assert standing(store, person) == expected
        store.purge_consents(NOON + timedelta(days=1), 100)
        assert {statement.purpose: statement.state for statement in store.statements(person.ref)} == expected
        assert len(store.statements(person.ref)) == len(expected)

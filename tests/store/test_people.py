import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from maitred.core.privacy.purposes import ConsentState
from maitred.core.values.instants import to_microseconds
from maitred.engine.ports.store import ClaimRow, Person, StoreConflict
from maitred.store import open_store

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def person(**fields):
    plain = Person(os.urandom(16), b"\x00\x01" + os.urandom(16), os.urandom(60), {})
    return plain._replace(**fields)


def add(store, *people):
    with store.transaction() as transaction:
        transaction.add_people(people)


def known(store, *pseudonyms):
    with store.transaction() as transaction:
        return dict(transaction.people(pseudonyms))


def test_customers_are_found_by_their_pseudonyms_in_one_go(store):
    people = [person() for _ in range(200)]
    add(store, *people)
    wanted = [row.pseudonym for row in people]
    assert known(store, *wanted, wanted[0], b"nobody") == {row.pseudonym: row for row in people}
    assert known(store) == {}
    assert known(store, b"nobody") == {}


def test_no_people_to_write_is_fine(store):
    with store.transaction() as transaction:
        transaction.add_people([])
        transaction.renew_people([])
    assert known(store, b"nobody") == {}


def test_statements_come_back_with_their_customer(store):
    stated = {"": ConsentState.DENIED, "\ud800\x00": ConsentState.GRANTED, "ads": ConsentState.OBJECTED}
    one = person(statements=stated)
    add(store, one)
    assert known(store, one.pseudonym) == {one.pseudonym: one}
    assert store.person([one.pseudonym]) == one


def test_with_a_customer_it_is_known_until_when_they_have_claims(store):
    ann, bob = person(), person()
    add(store, ann, bob)
    expiries = [NOON + timedelta(minutes=minutes) for minutes in (20, 90, 45)]
    claims = [
        ClaimRow(os.urandom(16), os.urandom(16), "pizza", customer, "", expiry)
        for customer in (ann.ref, b"")
        for expiry in expiries
    ]
    with store.transaction() as transaction:
        transaction.append_claims(NOON, claims)
    until_us = to_microseconds(max(expiries))
    assert known(store, ann.pseudonym, bob.pseudonym) == {
        ann.pseudonym: ann._replace(claims_until_us=until_us),
        bob.pseudonym: bob,
    }
    assert known(store, ann.pseudonym)[ann.pseudonym].claims_until_us == until_us
    assert store.person([ann.pseudonym]).claims_until_us == until_us


def test_a_customer_is_found_by_the_first_pseudonym_that_is_known(store):
    old, new = person(), person()
    add(store, old, new)
    assert store.person([b"unknown", new.pseudonym, old.pseudonym]) == new
    assert store.person([b"unknown"]) is None
    assert store.person([]) is None


@pytest.mark.parametrize("same", ["pseudonym", "ref"])
def test_a_customer_who_is_there_is_a_conflict_and_nobody_is_written(store, same):
    first, other = person(), person()
    add(store, first)
    with pytest.raises(StoreConflict, match="was met by another replica"):
        add(store, other, person(**{same: getattr(first, same)}))
    assert known(store, first.pseudonym, other.pseudonym) == {first.pseudonym: first}


def test_customers_are_renewed(store):
    people = [person() for _ in range(40)]
    add(store, *people)
    renewed = [
        row._replace(pseudonym=b"\x00\x02" + row.pseudonym[2:], key=b"anew " + row.key) for row in people
    ]
    with store.transaction() as transaction:
        transaction.renew_people(renewed[:30])
    assert known(store, *(row.pseudonym for row in people)) == {row.pseudonym: row for row in people[30:]}
    assert known(store, *(row.pseudonym for row in renewed)) == {row.pseudonym: row for row in renewed[:30]}


def test_a_decision_comes_with_the_key_of_its_customer_while_there_is_one(store, make_record, append):
    one = person()
    add(store, one)
    record, nobodys = make_record(customer=one.ref), make_record(customer=b"erased before 16")
    append(store, record, nobodys)
    assert store.decision(record.decision_id) == record._replace(key=one.key)
    assert store.decision(nobodys.decision_id) == nobodys
    with store.transaction() as transaction:
        records = transaction.find([record.decision_id, nobodys.decision_id])
        again = transaction.append([record])
    assert records == {record.decision_id: record._replace(key=one.key), nobodys.decision_id: nobodys}
    assert again == {record.decision_id: record._replace(key=one.key)}


def test_keys_are_kept_and_other_ones_named(store):
    assert store.check_keys({}) == []
    assert store.check_keys({1: b"one", 2: b"two"}) == []
    assert store.check_keys({2: b"other", 3: b"three"}) == [2]
    assert store.check_keys({1: b"else", 2: b"two", 3: b"three"}) == [1]


def test_of_replicas_that_meet_a_customer_at_once_one_writes_them(postgres_url, closed_after):
    stores = [closed_after(open_store(postgres_url)) for _ in range(2)]
    one = person()
    with ThreadPoolExecutor(1) as pool:
        with stores[0].transaction() as transaction:
            transaction.add_people([one])
            waiting = pool.submit(add, stores[1], one._replace(ref=os.urandom(16)))
        with pytest.raises(StoreConflict, match="was met by another replica"):
            waiting.result(10)
    assert stores[1].person([one.pseudonym]) == one


def test_a_customer_another_replica_is_deciding_for_is_renewed_later(postgres_url, closed_after):
    stores = [closed_after(open_store(postgres_url)) for _ in range(2)]
    one = person()
    add(stores[0], one)
    renewed = one._replace(pseudonym=b"renewed")
    with stores[0].transaction() as first:
        assert first.people([one.pseudonym])
        with stores[1].transaction() as second:
            assert second.people([one.pseudonym])
            second.renew_people([renewed])
    assert stores[0].person([one.pseudonym]) == one
    with stores[1].transaction() as second:
        assert second.people([one.pseudonym])
        second.renew_people([renewed])
    assert stores[0].person([b"renewed"]) == renewed

import os
import random
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from tests.store.customers import NOON, origin_of

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.limits.limits import LockRank, Need, counter_of
from maitred.core.limits.lots import Part, Release, Status, Take, UnitState, lots_begin, own_lot_id
from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.core.values.reasons import Reason
from maitred.engine.ports.store import OutcomeRow, StoreConflict
from maitred.store import open_store

MINUTE_US = 60_000_000
NOTHING = {"key": 0, "consents": 0, "outcomes": 0, "events": 0, "caps": 0, "claims unlinked": 0}
POOL = Need(counter_of("pool", "", "day"), 1_000_000, Reason.CAPACITY_EXHAUSTED)


def cap_of(subject, lookback_us=None):
    window = "rolling" if lookback_us else "day"
    counter = counter_of("cap", subject, window, heat=LockRank.PERSON)
    return Need(counter, 1_000_000, Reason.FREQUENCY_CAPPED, lookback_us)


@pytest.fixture
def live():
    def count(store, *needs, now=NOON):
        with store.transaction() as transaction:
            return [(count.held, count.used, count.live) for count in transaction.read_counts(now, needs)]

    return count


def rows(store, table):
    with store._readers.connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()


def test_somebody_unknown_has_nothing_to_erase(store):
    assert store.erase(b"nobody's ref 16!") == NOTHING


def test_what_is_theirs_goes_and_what_is_shared_stays_counted(store, customer, live):
    ann, ben = customer(store), customer(store)
    own, rolling, other = cap_of("ann"), cap_of("ann", 3_600_000_000), cap_of("ben")
    for who, needs in [(ann, (own, rolling, POOL)), (ben, (other, POOL))]:
        who.take(*needs)
        who.take(*needs, hold_us=MINUTE_US, reuse=os.urandom(16))
        who.report(3)
        who.state(2)
    denied = ann.take(own._replace(maximum=0))

    assert store.erase(ann.ref) == {
        "key": 1,
        "consents": 2,
        "outcomes": 3,
        "events": 0,
        "caps": 2,
        "claims unlinked": 3,
    }

    assert live(store, own, rolling, POOL, other) == [(0, 0, 0), (0, 0, 0), (2, 2, 4), (1, 1, 2)]
    assert store.person([ann.person.pseudonym]) is None
    assert store.statements(ann.ref) == []
    assert store.outcomes(ann.record.decision_id) == store.histories(ann.record.decision_id) == []
    assert store.decision(ann.record.decision_id) == ann.record._replace(key=b"")
    assert store.person([ben.person.pseudonym]).statements == {"ads": ConsentState.GRANTED}
    assert len(store.outcomes(ben.record.decision_id)) == 3
    assert len(store.histories(ben.record.decision_id)) == 2
    assert (store.lot(denied).state, store.lot(denied).origin) == (UnitState.DENIED, None)
    assert rows(store, "ledger_lot WHERE length(decision_id) = 0 AND decided_at = 0") == 3
    assert rows(store, "ledger_unit") == 0
    assert store.audit(lambda _: None).broken == ()
    assert store.erase(ann.ref) == NOTHING


def test_what_was_held_of_what_is_shared_expires_and_is_released_as_before(store, customer, live):
    ann = customer(store)
    kept = ann.take(cap_of("ann"), POOL, hold_us=MINUTE_US, reuse=b"a key of sixteen")
    released = ann.take(cap_of("ann"), POOL, hold_us=MINUTE_US)
    store.erase(ann.ref)
    lot = store.lot(kept)
    assert (lot.state, lot.origin, lot.reuse, len(lot.units)) == (UnitState.HELD, None, b"", 1)
    assert live(store, POOL) == [(2, 0, 2)]
    with store.transaction() as transaction:
        (answer,) = transaction.settle(NOON, [Release(os.urandom(16), b"sent", released)])
    assert answer.status is Status.RELEASED
    later = NOON + timedelta(minutes=2)
    with store.transaction() as transaction:
        transaction.settle(later, [])
    assert live(store, POOL, now=later) == [(0, 0, 0)]
    assert store.lot(kept).state is UnitState.EXPIRED


def test_whoever_comes_back_begins_at_zero_and_old_holds_do_not_count_for_them(store, customer, live):
    ann = customer(store)
    ann.take(cap_of("ann"), POOL, hold_us=MINUTE_US)
    store.erase(ann.ref)
    customer(store).take(cap_of("ann"))
    later = NOON + timedelta(minutes=2)
    with store.transaction() as transaction:
        transaction.settle(later, [])
    assert live(store, cap_of("ann"), POOL, now=later) == [(0, 1, 1), (0, 0, 0)]


def test_a_counter_that_others_have_units_of_is_not_the_customers_alone(store, customer, live):
    ann, ben = customer(store), customer(store)
    household, idle = cap_of("household"), cap_of("idle household")
    ann.take(household)
    ben.take(household)
    ann.take(idle)
    assert store.erase(ann.ref)["caps"] == 1
    assert live(store, household, idle) == [(0, 2, 2), (0, 0, 0)]
    assert store.erase(ben.ref)["caps"] == 0


def test_what_decisions_took_as_they_were_made_is_erased_decision_by_decision(
    store, customer, live, make_record
):
    ann, ben = customer(store), customer(store)
    own, other = cap_of("ann"), cap_of("ben")
    records = [make_record(customer=ann.ref, decided_at=NOON + timedelta(days=day)) for day in range(100)]
    with store.transaction() as transaction:
        transaction.append(records)
        transaction.settle(NOON, [take for record in records for take in own_takes(record, own, POOL)])
        transaction.settle(NOON, own_takes(ben.record, other, POOL))
    before = [store.histories(record.decision_id) for record in (records[0], records[99], ben.record)]
    assert [sorted(history.lot.origin.action for history in lots) for lots in before] == [["a", "b", "c"]] * 3

    erased = store.erase(ann.ref)

    assert (erased["caps"], erased["claims unlinked"]) == (1, 300)
    assert live(store, own, other, POOL) == [(0, 0, 0), (0, 3, 3), (0, 303, 303)]
    assert not any(store.histories(record.decision_id) for record in records)
    assert len(store.histories(ben.record.decision_id)) == 3


def own_takes(record, *needs):
    """What a decision takes for three actions."""
    begin = lots_begin(record.decision_id, record.decided_at)
    origins = [origin_of(record, action) for action in "abc"]
    return [
        Take(own_lot_id(Part.DECIDED, origin, begin), b"sent", (needs,), origin=origin, part=Part.DECIDED)
        for origin in origins
    ]


def test_more_than_one_transaction_holds_is_erased_whole(store, customer, live, make_record):
    ann = customer(store)
    with store.transaction() as transaction:
        transaction.append([make_record(customer=ann.ref) for _ in range(300)])
        origin = origin_of(ann.record, "a")
        needs = (cap_of("ann"), POOL)
        takes = [Take(os.urandom(16), b"sent", (needs,), origin=origin) for _ in range(600)]
        transaction.settle(NOON, takes)
    ann.report(600)
    ann.state(300)
    expected = {"key": 1, "consents": 300, "outcomes": 600, "events": 0, "caps": 1, "claims unlinked": 600}
    assert store.erase(ann.ref) == expected
    assert live(store, POOL) == [(0, 600, 600)]


def test_an_erasure_that_was_interrupted_can_be_begun_again(store, customer, live, monkeypatch):
    ann = customer(store)
    ann.take(cap_of("ann"), POOL)
    ann.report(2)

    def fail(*_):
        raise StoreConflict("halfway")

    with monkeypatch.context() as broken:
        broken.setattr("maitred.store.erasing.erase_rest", fail)
        with pytest.raises(StoreConflict, match="halfway"):
            store.erase(ann.ref)
    assert store.person([ann.person.pseudonym])
    assert store.erase(ann.ref)["key"] == 1
    assert live(store, cap_of("ann"), POOL) == [(0, 0, 0), (0, 1, 1)]


def test_decisions_of_a_customer_come_page_by_page(store, customer, make_record, append):
    ann = customer(store)
    customer(store)
    more = [make_record(customer=ann.ref, key=ann.person.key) for _ in range(10)]
    append(store, *more)
    wanted = sorted([ann.record, *more])
    first = store.decisions_of(ann.ref, b"", 4)
    assert list(first) == wanted[:4]
    assert list(store.decisions_of(ann.ref, first[-1].decision_id, 100)) == wanted[4:]
    assert list(store.decisions_of(ann.ref, wanted[-1].decision_id, 4)) == []
    assert list(store.decisions_of(b"nobody", b"", 4)) == []


def test_old_decisions_are_purged_from_the_beginning_of_each_chain(
    database_url, make_record, append, closed_after
):
    at, total = NOON, 0
    hours = [[0, 1, 2, 3], [0, 5, 1], [9]]
    for chain in hours:
        store = closed_after(open_store(database_url))
        records = [make_record(decided_at=at + timedelta(hours=hour)) for hour in chain]
        for record in records:
            append(store, record)
            total += 1
        report = OutcomeRow(
            os.urandom(16),
            b"f",
            records[0].decision_id,
            "a",
            OutcomeKind.PRESENTED,
            at,
            recorded=True,
            detail="",
        )
        with store.transaction() as transaction:
            transaction.append_outcomes([report])
        store.close()
    store = closed_after(open_store(database_url))
    before = at + timedelta(hours=3)
    assert [store.purge_decisions(before, 2) for _ in range(3)] == [2, 2, 0]
    audit = store.audit(lambda _: None)
    assert audit.broken == ()
    assert [(chain.rows, chain.purged) for chain in audit.chains] == [(4, 3), (3, 1), (1, 0)]
    assert rows(store, "outcome") == 1
    assert store.purge_decisions(at + timedelta(days=1), 100) == 4
    audit = store.audit(lambda _: None)
    assert (audit.rows, audit.broken) == (0, ())
    append(store, make_record())
    assert store.audit(lambda _: None).broken == ()


def test_erasing_amid_claims_leaves_others_exact(database_url, customer, live, closed_after):
    replicas = [
        closed_after(open_store(database_url)) for _ in range(1 if database_url.startswith("sqlite") else 3)
    ]
    people = [customer(replicas[0]) for _ in range(6)]
    taken, stop, lock = [0] * len(people), threading.Event(), threading.Lock()
    erased = people[:3]

    def work(number):
        choose = random.Random(number)
        replica = replicas[number % len(replicas)]
        while not stop.is_set():
            place = choose.randrange(len(people))
            who = people[place]
            origin = origin_of(who.record, "a")
            needs = (cap_of(f"customer {place}"), POOL)
            take = Take(choose.randbytes(16), b"sent", (needs,), origin=origin)
            try:
                with replica.transaction() as transaction:
                    if not transaction.people([who.person.pseudonym]):
                        continue
                    transaction.settle(NOON, [take])
            except StoreConflict:
                continue
            with lock:
                taken[place] += 1

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(work, number) for number in range(3)]
        for who in erased:
            threading.Event().wait(0.3)
            for _ in range(20):
                try:
                    replicas[0].erase(who.ref)
                    break
                except StoreConflict:
                    continue
        stop.set()
        for worker in workers:
            worker.result()
    caps = [cap_of(f"customer {place}") for place in range(len(people))]
    *own, (_, pool_used, _) = live(replicas[0], *caps, POOL)
    assert [used for _, used, _ in own] == [0, 0, 0, *taken[3:]]
    assert pool_used == sum(taken)
    assert all(replicas[0].person([who.person.pseudonym]) is None for who in erased)
    assert sum(taken) > 10
    for replica in replicas:
        assert replica.audit(lambda _: None).broken == ()
        replica.close()


def test_nothing_of_an_erased_customer_is_found_in_the_file_or_its_log(sqlite_url, customer, closed_after):
    store = closed_after(open_store(sqlite_url))
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    others = [customer(store) for _ in range(50)]
    ann = customer(store)
    ann.state(3)
    canaries = {ann.person.key, ann.person.pseudonym}
    source, subject, detail = b"canary-source-27", "canary-subject-27", "canary-detail-27"
    canaries |= {source, subject.encode(), detail.encode()}
    statement = Consent("ads", ConsentState.DENIED, source.decode(), NOON + timedelta(9))
    with store.transaction() as transaction:
        transaction.record_consents(ann.person, os.urandom(16), b"sent", [statement], statement.at)
    ann.take(cap_of(subject), cap_of(subject, 3_600_000_000), POOL, hold_us=MINUTE_US)
    outcome = OutcomeRow(
        os.urandom(16),
        b"sent",
        ann.record.decision_id,
        "a",
        OutcomeKind.REJECTED,
        NOON,
        recorded=False,
        detail=detail,
    )
    with store.transaction() as transaction:
        transaction.append_outcomes([outcome])
    store._writer.run_apart("PRAGMA wal_checkpoint(PASSIVE)")
    others += [customer(store) for _ in range(50)]

    def canaries_on_disk():
        held = file.read_bytes() + Path(f"{file}-wal").read_bytes()
        return {canary for canary in canaries if canary in held}

    assert canaries_on_disk() == canaries
    store.erase(ann.ref)
    assert canaries_on_disk() == set()
    assert all(store.person([who.person.pseudonym]) for who in others)
    store.close()
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert not [canary for canary in canaries if canary in file.read_bytes()]


def test_whoever_is_being_decided_for_is_erased_after_it(postgres_url, customer, closed_after):
    stores = [closed_after(open_store(postgres_url)) for _ in range(2)]
    ann = customer(stores[0])
    with ThreadPoolExecutor(1) as pool:
        with stores[0].transaction() as deciding:
            assert deciding.people([ann.person.pseudonym])
            erasing = pool.submit(stores[1].erase, ann.ref)
            threading.Event().wait(0.3)
            assert not erasing.done()
            deciding.append([ann.record._replace(decision_id=os.urandom(16))])
        assert erasing.result(10)["key"] == 1
    with stores[0].transaction() as deciding:
        assert deciding.people([ann.person.pseudonym]) == {}

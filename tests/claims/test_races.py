"""Batches that lose races, many callers at once, and instants that callers make up."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from tests.claims.house import DAY, MINUTE, House, action, cap, capacity, refused

from maitred.core.deciding.decisions import Explain
from maitred.core.rules.reasons import Reason
from maitred.engine.deciding.committer import MAX_CONFLICT_RETRIES
from maitred.engine.errors import CallError, Code
from maitred.engine.ports.ledger import Count
from maitred.engine.ports.store import StoreConflict
from maitred.store import open_store

PIZZA = action("pizza")


class Behind:
    """A transaction that reads counters as they were before another replica took everything."""

    def __init__(self, transaction):
        self._transaction = transaction

    def __getattr__(self, name):
        return getattr(self._transaction, name)

    def read_counts(self, now, needs):
        self._transaction.read_counts(now, needs)
        return [Count() for _ in needs]


class LosingStore:
    """A store that is ``behind`` so many times, and loses so many ``commits`` at their end."""

    def __init__(self, store):
        self._store, self.behind, self.commits, self.tries = store, 0, 0, 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    @contextmanager
    def transaction(self):
        self.tries += 1
        with self._store.transaction() as transaction:
            if self.behind:
                self.behind -= 1
                yield Behind(transaction)
            else:
                yield transaction
            if self.commits:
                self.commits -= 1
                raise StoreConflict("lost")


@pytest.fixture
def losing_house(sqlite_url, keys):
    made = House(LosingStore(open_store(sqlite_url)), keys)
    yield made
    made.close()


def test_who_loses_the_last_unit_gets_the_next_best(losing_house):
    house = losing_house
    house.rules(action("a", score=9), action("b"), capacity(applies_to="{actions: [a]}", counts="presented"))
    assert house.names("ann") == ["a"]
    house.store.behind, house.store.tries = 1, 0
    answer = house.decide("bob", explain=Explain.EXPLAIN_FULL)
    assert [each.action for each in answer.proposals] == ["b"]
    assert house.store.tries == 2
    assert [(each.action, each.reason) for each in answer.refusals] == [("a", Reason.CAPACITY_EXHAUSTED)]
    assert house.live("ovens") == [1]
    again = house.engine.decider.get_decision(answer.decision_id, Explain.EXPLAIN_FULL).answer
    assert again == answer


def test_what_a_lost_batch_held_of_other_actions_is_not_kept(losing_house):
    house = losing_house
    house.rules(
        action("a", score=9),
        action("b", score=8),
        action("c"),
        capacity("of-a", applies_to="{actions: [a]}", counts="presented", limit=9),
        capacity("of-b", applies_to="{actions: [b]}", counts="presented"),
    )
    assert house.names("ann", most=2) == ["a", "b"]
    house.store.behind = 1
    assert house.names("bob", most=2) == ["a", "c"]
    assert house.live("of-a", "of-b") == [2, 1]


def test_who_never_sees_what_is_left_still_gets_an_answer_and_takes_nothing(losing_house):
    house = losing_house
    house.rules(PIZZA, capacity(counts="presented"))
    house.decide("ann")
    house.store.behind = 99
    assert house.names("bob") == []
    assert house.live("ovens") == [1]


@pytest.mark.parametrize("lost", range(MAX_CONFLICT_RETRIES + 1))
def test_a_lost_commit_is_run_again_and_counts_once(losing_house, lost):
    house = losing_house
    house.rules(PIZZA, cap(limit=9), capacity(limit=9))
    house.store.commits = lost
    decided = house.decide()
    house.store.commits = lost
    claim = house.claim(decided)
    house.store.commits = lost
    house.redeem(claim)
    house.store.commits = lost
    assert house.report(decided, "PRESENTED", "REDEEMED") == [True, True]
    assert house.live("cap", "ovens") == [1, 1]


def test_who_loses_again_and_again_is_told_to_retry_and_nothing_is_taken(losing_house):
    house = losing_house
    house.rules(PIZZA, cap(limit=9))
    house.store.commits = MAX_CONFLICT_RETRIES + 1
    with refused(Code.RETRY):
        house.decide(request="r")
    assert house.live("cap") == [0]
    assert house.names(request="r") == ["pizza"]
    assert house.live("cap") == [1]


def test_mixed_calls_at_once_never_exceed_what_there_is(house):
    house.rules(PIZZA, capacity(limit=7), cap("seen", limit=3, counts="presented"))

    def life(number):
        decided = house.decide(f"c-{number % 5}")
        if not decided.proposals:
            return 0
        claim = house.claim(decided, request=f"claim-{number}")
        if not claim.granted:
            return 0
        assert house.claim(decided, request=f"claim-{number}") == claim
        if number % 3 == 0:
            house.release(claim)
            return 0
        if number % 3 == 1:
            house.redeem(claim)
        house.report(decided, "PRESENTED")
        return 1

    with ThreadPoolExecutor(12) as pool:
        kept = sum(pool.map(life, range(36)))
    assert house.live("ovens") == [kept]
    assert kept <= 7


def test_instants_that_callers_make_up_have_batches_of_their_own(lone_house):
    """Time never steps back: an instant before the last one that was named is the last one."""
    house = lone_house
    house.rules(
        PIZZA, action("free"), cap(applies_to="{actions: [pizza]}", hold="10m", window="{calendar: day}")
    )
    held = house.decide("now", most=2)
    instants = [house.now + number * DAY for number in range(1, 7)]
    gate, answers = threading.Barrier(len(instants) + 2), []

    def ask(moment):
        gate.wait(30)
        answers.append(house.decide("ann", at=moment, most=2))

    def free():
        gate.wait(30)
        house.decide("bob", at=house.now + 99 * DAY, channel="mobile")

    threads = [threading.Thread(target=ask, args=(moment,)) for moment in instants]
    threads += [threading.Thread(target=free)]
    for thread in threads:
        thread.start()
    gate.wait(30)
    for thread in threads:
        thread.join(30)
    # Who comes after a later instant is answered as of that one.
    assert {answer.decided_at for answer in answers} <= {*instants, house.now + 99 * DAY}
    assert all([each.action for each in answer.proposals] == ["free", "pizza"] for answer in answers)
    for answer in answers:
        (pizza,) = [each for each in answer.proposals if each.action == "pizza"]
        assert pizza.hold_expires_at >= answer.decided_at + 10 * MINUTE
    assert [each.action for each in held.proposals] == ["free", "pizza"]


def test_a_store_that_is_down_keeps_nothing_and_says_so(lone_house):
    lone_house.rules(PIZZA, capacity())
    decided = lone_house.decide()
    claim = lone_house.claim(decided)
    lone_house.store.close()
    outcome = lone_house.outcome(decided, "PRESENTED")
    calls = [
        lambda: lone_house.decide("bob"),
        lambda: lone_house.claim(decided),
        lambda: lone_house.redeem(claim),
        lambda: lone_house.release(claim),
        lambda: lone_house.record(outcome),
        lambda: lone_house.engine.operator.pause("pizza", "", ""),
    ]
    for call in calls:
        with pytest.raises(CallError) as found:
            call()
        assert found.value.code is Code.STORE_DOWN

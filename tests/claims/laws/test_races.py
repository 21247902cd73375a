"""Batches that lose races, many callers at once, and instants that callers make up."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from tests.claims.harness import DAY, MINUTE, EngineHarness, refused
from tests.rules import action, cap, capacity

from maitred.core.deciding.decisions import Explain
from maitred.core.values.reasons import Reason
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
    made = EngineHarness(LosingStore(open_store(sqlite_url)), keys)
    yield made
    made.close()


def test_who_loses_the_last_unit_gets_the_next_best(losing_house):
    harness = losing_house
    harness.rules(
        action("a", score=9), action("b"), capacity(applies_to="{actions: [a]}", counts="presented")
    )
    assert harness.names("ann") == ["a"]
    harness.store.behind, harness.store.tries = 1, 0
    answer = harness.decide("bob", explain=Explain.EXPLAIN_FULL)
    assert [proposal.action for proposal in answer.proposals] == ["b"]
    assert harness.store.tries == 2
    assert [(refusal.action, refusal.reason) for refusal in answer.refusals] == [
        ("a", Reason.CAPACITY_EXHAUSTED)
    ]
    assert harness.live("ovens") == [1]
    again = harness.engine.decider.get_decision(answer.decision_id, Explain.EXPLAIN_FULL).answer
    assert again == answer


def test_what_a_lost_batch_held_of_other_actions_is_not_kept(losing_house):
    harness = losing_house
    harness.rules(
        action("a", score=9),
        action("b", score=8),
        action("c"),
        capacity("of-a", applies_to="{actions: [a]}", counts="presented", limit=9),
        capacity("of-b", applies_to="{actions: [b]}", counts="presented"),
    )
    assert harness.names("ann", max_actions=2) == ["a", "b"]
    harness.store.behind = 1
    assert harness.names("bob", max_actions=2) == ["a", "c"]
    assert harness.live("of-a", "of-b") == [2, 1]


def test_who_never_sees_what_is_left_still_gets_an_answer_and_takes_nothing(losing_house):
    harness = losing_house
    harness.rules(PIZZA, capacity(counts="presented"))
    harness.decide("ann")
    harness.store.behind = 99
    assert harness.names("bob") == []
    assert harness.live("ovens") == [1]


@pytest.mark.parametrize("lost", range(MAX_CONFLICT_RETRIES + 1))
def test_a_lost_commit_is_run_again_and_counts_once(losing_house, lost):
    harness = losing_house
    harness.rules(PIZZA, cap(limit=9), capacity(limit=9))
    harness.store.commits = lost
    decided = harness.decide()
    harness.store.commits = lost
    claim = harness.claim(decided)
    harness.store.commits = lost
    harness.redeem(claim)
    harness.store.commits = lost
    assert harness.report(decided, "PRESENTED", "REDEEMED") == [True, True]
    assert harness.live("cap", "ovens") == [1, 1]


def test_who_loses_again_and_again_is_told_to_retry_and_nothing_is_taken(losing_house):
    harness = losing_house
    harness.rules(PIZZA, cap(limit=9))
    harness.store.commits = MAX_CONFLICT_RETRIES + 1
    with refused(Code.RETRY):
        harness.decide(request="r")
    assert harness.live("cap") == [0]
    assert harness.names(request="r") == ["pizza"]
    assert harness.live("cap") == [1]


def test_mixed_calls_at_once_never_exceed_what_there_is(harness):
    harness.rules(PIZZA, capacity(limit=7), cap("seen", limit=3, counts="presented"))

    def life(number):
        decided = harness.decide(f"c-{number % 5}")
        if not decided.proposals:
            return 0
        claim = harness.claim(decided, request=f"claim-{number}")
        if not claim.granted:
            return 0
        assert harness.claim(decided, request=f"claim-{number}") == claim
        if number % 3 == 0:
            harness.release(claim)
            return 0
        if number % 3 == 1:
            harness.redeem(claim)
        harness.report(decided, "PRESENTED")
        return 1

    with ThreadPoolExecutor(12) as pool:
        kept = sum(pool.map(life, range(36)))
    assert harness.live("ovens") == [kept]
    assert kept <= 7


def test_instants_that_callers_make_up_have_batches_of_their_own(sqlite_harness):
    """Time never steps back: an instant before the last one that was named is the last one."""
    harness = sqlite_harness
    harness.rules(
        PIZZA, action("free"), cap(applies_to="{actions: [pizza]}", hold="10m", window="{calendar: day}")
    )
    held = harness.decide("now", max_actions=2)
    instants = [harness.now + number * DAY for number in range(1, 7)]
    gate, answers = threading.Barrier(len(instants) + 2), []

    def ask(moment):
        gate.wait(30)
        answers.append(harness.decide("ann", at=moment, max_actions=2))

    def free():
        gate.wait(30)
        harness.decide("bob", at=harness.now + 99 * DAY, channel="mobile")

    threads = [threading.Thread(target=ask, args=(moment,)) for moment in instants]
    threads += [threading.Thread(target=free)]
    for thread in threads:
        thread.start()
    gate.wait(30)
    for thread in threads:
        thread.join(30)
    # Who comes after a later instant is answered as of that one.
    assert {answer.decided_at for answer in answers} <= {*instants, harness.now + 99 * DAY}
    assert all([proposal.action for proposal in answer.proposals] == ["free", "pizza"] for answer in answers)
    for answer in answers:
        (pizza,) = [proposal for proposal in answer.proposals if proposal.action == "pizza"]
        assert pizza.hold_expires_at >= answer.decided_at + 10 * MINUTE
    assert [proposal.action for proposal in held.proposals] == ["free", "pizza"]


def test_a_store_that_is_down_keeps_nothing_and_says_so(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity())
    decided = sqlite_harness.decide()
    claim = sqlite_harness.claim(decided)
    sqlite_harness.store.close()
    outcome = sqlite_harness.outcome(decided, "PRESENTED")
    calls = [
        lambda: sqlite_harness.decide("bob"),
        lambda: sqlite_harness.claim(decided),
        lambda: sqlite_harness.redeem(claim),
        lambda: sqlite_harness.release(claim),
        lambda: sqlite_harness.record(outcome),
        lambda: sqlite_harness.engine.operator.pause("pizza", "", ""),
    ]
    for call in calls:
        with pytest.raises(CallError) as error:
            call()
        assert error.value.code is Code.STORE_DOWN

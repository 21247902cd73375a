"""What observers are told of claims, expired holds and pauses, by a real engine on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.clock import Clock
from tests.rules import action, capacity, joined, ruleset

from maitred.bootstrap.engine import make_engine, sights_of
from maitred.bootstrap.rules import load_policy
from maitred.core.trace import TraceContext
from maitred.core.values.reasons import Reason
from maitred.engine.calls import ClaimCall, DecideCall, StepCall
from maitred.engine.errors import CallError
from maitred.engine.ports.observer import (
    ClaimMoved,
    ClaimResult,
    DecisionMade,
    HoldsExpired,
    LimitsSeen,
    PauseChanged,
)
from maitred.store import open_store

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TRACE = TraceContext("4b" * 16, "00f067aa0ba902b7", sampled=True)
RULES = joined(ruleset(), action("pizza", title="Pizza"), capacity(applies_to="{actions: [pizza]}")).encode()


@pytest.fixture
def clock():
    return Clock(NOW)


@pytest.fixture
def engine(database_url, keys, observer, clock, closed_after):
    store = closed_after(open_store(database_url))
    made = make_engine(store, keys, observer, load_policy, clock)
    made.rulesets.activate({"shop.yaml": RULES}, "rules", "")
    yield made
    made.committer.stop()


@pytest.fixture
def decide(engine, clock):
    """Decides; every call is as of the clock, also on a database that has its own."""

    def decide(request_id):
        call = DecideCall(request_id, "c-secret", "pos", "", {}, b"f" * 16, at=clock())
        return engine.decider.decide(call).decision_id

    return decide


@pytest.fixture
def claim(engine, clock):
    def claim(request_id, decision_id):
        return engine.claimer.claim(ClaimCall(request_id, decision_id, "pizza", clock(), trace=TRACE))

    return claim


def test_every_move_of_a_claim_is_told_once_and_a_retry_as_one(engine, observer, decide, claim, clock):
    one, other = decide("d-1"), decide("d-2")
    claim_id = claim("c-1", one).claim_id
    claim("c-1", one)
    claim("c-2", other)
    engine.claimer.redeem(StepCall("r-1", claim_id, at=clock()))
    engine.claimer.release(StepCall("r-2", claim_id, "voided", clock()))
    moves = observer.of(ClaimMoved)
    assert [(move.method, move.result, move.replayed) for move in moves] == [
        ("Claim", ClaimResult.GRANTED, False),
        ("Claim", ClaimResult.GRANTED, True),
        ("Claim", ClaimResult.DENIED, False),
        ("Redeem", ClaimResult.REDEEMED, False),
        ("Release", ClaimResult.RELEASED, False),
    ]
    assert [move.decision_id for move in moves] == [one, one, other, one, one]
    assert {move.action for move in moves} == {"pizza"}
    assert (moves[2].reason, moves[2].limit) == (Reason.CAPACITY_EXHAUSTED, "ovens")
    assert (moves[0].trace, moves[3].trace) == (TRACE, None)
    assert all(move.started_ns <= move.ended_ns and move.batch_size >= 1 for move in moves)
    assert "c-secret" not in repr(moves)


def test_a_claim_that_fails_is_not_told_as_one(engine, observer):
    with pytest.raises(CallError):
        engine.claimer.redeem(StepCall("r-1", "ab" * 16))
    assert observer.of(ClaimMoved) == []


def test_refusals_are_told_by_limit(observer, decide, claim):
    claim("c-1", decide("d-1"))
    decide("d-2")
    first, second = observer.of(DecisionMade)
    assert (first.limits, second.limits) == ({}, {("ovens", Reason.CAPACITY_EXHAUSTED): 1})


def test_holds_that_expire_are_told_once(observer, decide, claim, clock):
    claim("c-1", decide("d-1"))
    clock.now += timedelta(minutes=20, seconds=1)
    decide("d-2")
    assert claim("c-2", decide("d-3")).granted
    assert [event.actions for event in observer.of(HoldsExpired)] == [{"pizza": 1}]


def test_pauses_and_how_full_limits_are(engine, observer, decide, claim):
    claim("c-1", decide("d-1"))
    engine.operator.pause("pizza", "somebody", "oven 2")
    (chore,) = sights_of(engine, observer)
    chore.do()
    (report,) = observer.of(LimitsSeen)
    assert ([tuple(limit) for limit in report.limits], report.paused) == ([("ovens", 1.0, 1)], 1)
    since = engine.operator.pause("pizza", "somebody else", "")
    assert engine.operator.pause("pizza", "a third", "") == since
    engine.operator.resume("pizza")
    engine.operator.resume("pizza")
    assert observer.of(PauseChanged) == [
        PauseChanged("pizza", paused=True),
        PauseChanged("pizza", paused=False),
    ]


def test_where_nobody_traces_nothing_is_made_of_it(engine, observer, decide, claim, clock):
    observer.tracing = False
    engine.claimer.redeem(StepCall("r-1", claim("c-1", decide("d-1")).claim_id, at=clock()))
    clock.now += timedelta(days=1)
    decide("d-2")
    assert sights_of(engine, observer) == []
    assert not [
        event for event in observer.events if isinstance(event, DecisionMade | ClaimMoved | HoldsExpired)
    ]

"""A guarded rollout through the engine, on both databases."""

import pytest
from tests.claims.harness import DAY, HOUR, action

from maitred.engine.deciding.records import decide_again
from maitred.engine.operating.gathering import names_in
from maitred.engine.ports.observer import PauseChanged

GUARD = "{outcome: rejected, direction: above, threshold: 20, horizon: 28d}"
PIZZA = action("pizza", rollout="{percent: 90, guard: " + GUARD + "}")
BREAD = action("bread", score=-1)


def come(harness, count, rejecting, first=0):
    """Customers who are decided for; so many of those who are rolled out to reject. Their decisions."""
    decided = []
    for number in range(first, first + count):
        answer = harness.after(HOUR / 60).decide(f"c-{number}")
        if answer.proposals[0].action == "pizza":
            decided.append(answer)
            if len(decided) <= rejecting:
                harness.report(answer, "PRESENTED", "REJECTED")
    return decided


def paused(harness):
    harness.engine.pauses.refresh()
    return harness.engine.pauses.names()


@pytest.fixture
def observed(harness, monkeypatch):
    events = []
    monkeypatch.setattr(harness.engine.operator._observer, "observe", events.append)
    return events


def test_harm_pauses_the_action_once_it_is_beyond_doubt(harness, observed):
    policy = harness.rules(PIZZA, BREAD)
    decided = come(harness, 60, rejecting=40)
    guards = harness.engine.guards
    guards.check()
    assert paused(harness) == frozenset(), "nobody's time is over"
    harness.after(DAY)
    guards.check()
    assert paused(harness) == {"pizza"}
    assert observed[-1] == PauseChanged("pizza", paused=True)
    (pause,) = harness.store.pauses()
    assert pause.by == "guard"
    assert pause.cause.startswith(f"rejected by 40 of {len(decided)} persons")
    assert harness.names("c-1") == ["bread"]
    assert harness.why_not("c-1")["pizza"][0] == "PAUSED"
    assert harness.engine.rulesets.active.ruleset.hash == policy.ruleset.hash


def test_the_pause_stands_in_the_record_and_comes_out_again(harness):
    policy = harness.rules(PIZZA, BREAD)
    come(harness, 60, rejecting=40)
    harness.after(DAY).engine.guards.check()
    answer = harness.decide("c-1")
    record = harness.store.decision(bytes.fromhex(answer.decision_id))
    body = harness.engine.records.body(record)
    assert body.snapshot.paused == {"pizza"}
    assert body.exposures == {}
    harness.engine.operator.resume("pizza")
    assert decide_again(policy, record, body).proposals == body.proposals


def test_no_harm_pauses_nothing(harness):
    harness.rules(PIZZA, BREAD)
    come(harness, 60, rejecting=8)
    harness.after(DAY).engine.guards.check()
    assert paused(harness) == frozenset()


def test_who_resumes_it_begins_anew(harness):
    harness.rules(PIZZA, BREAD)
    come(harness, 60, rejecting=40)
    harness.after(DAY).engine.guards.check()
    harness.engine.operator.resume("pizza")
    harness.engine.guards.check()
    assert paused(harness) == frozenset(), "what came before is not looked at again"
    come(harness, 60, rejecting=40, first=100)
    harness.after(DAY).engine.guards.check()
    assert paused(harness) == {"pizza"}


def test_who_comes_after_the_horizon_is_not_watched(harness):
    harness.rules(PIZZA, BREAD)
    come(harness, 30, rejecting=0)
    harness.after(40 * DAY)
    come(harness, 60, rejecting=50, first=100)
    harness.after(DAY).engine.guards.check()
    assert paused(harness) == frozenset()


def test_a_rollout_with_a_guard_is_no_experiment_of_results(harness):
    harness.rules(PIZZA, BREAD)
    (decided, *_) = come(harness, 5, rejecting=0)
    record = harness.store.decision(bytes.fromhex(decided.decision_id))
    assert harness.engine.records.body(record).exposures["rollout/pizza"].arm == "in"
    assert names_in(harness.store) == []

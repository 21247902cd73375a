"""Guarded rollouts and experiments through the engine, on both databases."""

import random
from fractions import Fraction
from typing import Any

import pytest
from tests.claims.harness import DAY, HOUR, MINUTE, NOON, refused
from tests.recording import spied
from tests.rules import action, document

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.rules.guards import ALPHA
from maitred.core.rules.ruleset import Direction, Guard
from maitred.core.values.instants import to_microseconds
from maitred.engine.calls import OutcomesCall
from maitred.engine.deciding.records import decide_again
from maitred.engine.errors import Code
from maitred.engine.operating.gathering import names_in
from maitred.engine.operating.guards import Watch, Watched, look, seen
from maitred.engine.ports.evidence import DeedRow, Exposed, ExposedPlace
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
    events: list[Any] = []
    monkeypatch.setattr(harness.engine.operator._observer, "observe", events.append)
    return events


def test_harm_pauses_the_action_once_it_is_beyond_doubt(harness, observed):
    policy = harness.rules(PIZZA, BREAD)
    come(harness, 60, rejecting=40)
    guards = harness.engine.guards
    guards.check()
    assert paused(harness) == frozenset(), "nobody's time is over"
    harness.after(DAY + HOUR)
    guards.check()
    assert paused(harness) == {"pizza"}
    assert observed[-1] == PauseChanged("pizza", paused=True, by_guard=True)
    (pause,) = harness.store.pauses()
    assert pause.by == "guard"
    assert pause.cause == "rejected by 3 of 3 persons (100.0 %), more than 20 %"
    assert harness.names("c-1") == ["bread"]
    assert harness.why_not("c-1")["pizza"][0] == "PAUSED"
    assert harness.engine.rulesets.active.ruleset.hash == policy.ruleset.hash


def test_the_pause_stands_in_the_record_and_comes_out_again(harness):
    policy = harness.rules(PIZZA, BREAD)
    come(harness, 60, rejecting=40)
    harness.after(DAY + HOUR).engine.guards.check()
    answer = harness.decide("c-1")
    record = harness.store.decision(bytes.fromhex(answer.decision_id))
    body = harness.engine.records.body(record)
    assert body.snapshot.paused == {"pizza"}
    assert body.exposures == {}
    harness.engine.operator.resume("pizza")
    assert decide_again(policy, record, body).proposals == body.proposals


def test_no_harm_pauses_nothing(harness):
    harness.rules(PIZZA, BREAD)
    come(harness, 52, rejecting=0)
    come(harness, 8, rejecting=8, first=52)
    harness.after(DAY + HOUR).engine.guards.check()
    assert paused(harness) == frozenset()


def test_who_resumes_it_begins_anew(harness):
    harness.rules(PIZZA, BREAD)
    come(harness, 60, rejecting=40)
    harness.after(DAY + HOUR).engine.guards.check()
    harness.engine.operator.resume("pizza")
    harness.engine.guards.check()
    assert paused(harness) == frozenset(), "what came before is not looked at again"
    come(harness, 60, rejecting=40, first=100)
    harness.after(DAY + HOUR).engine.guards.check()
    assert paused(harness) == {"pizza"}


def test_who_comes_after_the_horizon_is_not_watched(harness):
    harness.rules(PIZZA, BREAD)
    come(harness, 30, rejecting=0)
    harness.after(40 * DAY)
    come(harness, 60, rejecting=50, first=100)
    harness.after(DAY + HOUR).engine.guards.check()
    assert paused(harness) == frozenset()


def test_a_rollout_with_a_guard_is_no_experiment_of_results(harness):
    harness.rules(PIZZA, BREAD)
    (decided, *_) = come(harness, 5, rejecting=0)
    record = harness.store.decision(bytes.fromhex(decided.decision_id))
    assert harness.engine.records.body(record).exposures["rollout/pizza"].arm == "in"
    assert names_in(harness.store) == []


HOLDING = "{percent: 50, steps: [{from: 2026-12-03, percent: 90}], guard: " + GUARD[:-1] + ", then: hold}}"
HELD = action("pizza", rollout=HOLDING)
SPOKEN = """{
  control: {weight: 1},
  loud: {weight: 1, treatments: {pos: {say: HELLO}}},
  quiet: {weight: 1, treatments: {pos: {say: psst}}}}"""
WORDS = document("Experiment", "words", {"applies_to": "{actions: [pizza]}", "arms": SPOKEN, "guard": GUARD})


def arm(harness, answer):
    body = harness.engine.records.body(harness.store.decision(bytes.fromhex(answer.decision_id)))
    return body.exposures["words"].arm if "words" in body.exposures else None


def rolled_out(harness):
    return {number for number in range(60) if "pizza" in harness.sees(f"c-{number}")}


def test_a_guard_that_holds_keeps_the_percentage_and_its_steps_raise_nothing(harness):
    policy = harness.rules(HELD, BREAD)
    before = rolled_out(harness)
    come(harness, 60, rejecting=20)
    harness.after(DAY + HOUR).engine.guards.check()
    assert paused(harness) == {"rollout/pizza"}
    harness.after(5 * DAY)
    assert rolled_out(harness) == before
    left_out = next(number for number in range(60) if number not in before)
    _, _, detail = harness.why_not(f"c-{left_out}")["pizza"]
    assert detail.startswith("rolled out to 50 % of customers, held there since 2026-12-02, this one")
    answer = harness.decide("c-1")
    record = harness.store.decision(bytes.fromhex(answer.decision_id))
    body = harness.engine.records.body(record)
    harness.engine.operator.resume("rollout/pizza")
    assert decide_again(policy, record, body).proposals == body.proposals
    assert rolled_out(harness) > before


def test_an_arm_that_harms_ends_its_experiment_and_every_action_is_as_it_is_by_itself(harness, observed):
    harness.rules(action("pizza", treatments="{pos: {say: Hello}}"), WORDS)
    arms = set()
    for number in range(60):
        answer = harness.after(HOUR / 60).decide(f"c-{number}")
        arms.add(arm(harness, answer))
        harness.report(answer, "PRESENTED", *(["REJECTED"] if arm(harness, answer) != "quiet" else []))
    assert arms == {"control", "loud", "quiet"}
    harness.after(DAY + HOUR).engine.guards.check()
    assert paused(harness) == {"experiment/words"}
    assert observed[-1] == PauseChanged("experiment/words", paused=True, by_guard=True)
    (pause,) = harness.store.pauses()
    assert " in arm loud (100.0 %), more than 20 %" in pause.cause, "a control is no harm of the experiment's"
    answers = [harness.decide(f"c-{number}") for number in range(10)]
    assert {answer.proposals[0].treatment.say for answer in answers} == {("Hello",)}
    assert {arm(harness, answer) for answer in answers} == {None}
    harness.engine.operator.resume("experiment/words")
    assert {arm(harness, harness.decide(f"c-{number}")) for number in range(60)} == arms
    harness.after(DAY + HOUR).engine.guards.check()
    assert paused(harness) == frozenset(), "what came before is not looked at again"


def test_what_operators_name_is_an_action_an_experiment_or_steps_that_can_be_held(harness):
    harness.rules(HELD, BREAD, WORDS)
    for name in ("pizza", "experiment/words", "rollout/pizza"):
        harness.engine.operator.pause(name, "ann", "to see")
        assert harness.engine.operator.resume(name)
    with refused(Code.NOT_FOUND) as unknown:
        harness.engine.operator.pause("rollout/bread", "ann", "to see")
    assert unknown.value.message.startswith("no such action")


def test_a_look_reads_what_came_since_the_last_one(harness, monkeypatch):
    """And comes to the same as one that reads everything."""
    harness.rules(PIZZA, BREAD)
    pages: list[Any] = []
    asked: list[Any] = []
    exposed = harness.store.exposed

    def exposed_page(*after):
        pages.append(exposed(*after))
        return pages[-1]

    monkeypatch.setattr(harness.store, "exposed", exposed_page)
    monkeypatch.setattr(harness.store, "became_of", spied(asked, harness.store.became_of))
    rejected = 0
    for first in range(0, 40, 10):
        rejected += len(come(harness, 10, rejecting=1, first=first)) > 0
        harness.after(HOUR).engine.guards.check()
    harness.after(DAY + HOUR).engine.guards.check()
    read = [row.decision_id for page in pages for row in page]
    assert len(read) == len(set(read)) > 30
    assert sorted(decision_id for ids in asked for decision_id in ids) == sorted(read)
    pages.clear()
    harness.engine.guards.check()
    assert not any(pages)
    (watch,) = harness.engine.guards._watches.values()
    (anew,) = seen(harness.store, [watch.watched], harness.now)
    assert watch.counts == anew.counts
    assert watch.counts["in"] == (rejected, len(read))


def test_a_late_look_says_what_one_in_time_would_have_said(harness):
    """The rate was beyond doubt, and is not any more by the time that somebody looks."""
    harness.rules(PIZZA, BREAD)
    come(harness, 20, rejecting=8)
    come(harness, 100, rejecting=0, first=20)
    harness.after(DAY + HOUR).engine.guards.check()
    assert paused(harness) == {"pizza"}


def test_under_simulated_time_guards_look_before_what_happens_at_an_instant(harness):
    harness.rules(PIZZA, BREAD)

    def at(number, duration):
        return harness.decide(f"c-{number}", at=NOON + duration)

    for number in range(30):
        answer = at(number, number * MINUTE)
        if answer.proposals[0].action == "pizza":
            outcome = harness.outcome(answer, "REJECTED", at=NOON + number * MINUTE)
            harness.engine.claimer.record_outcomes(OutcomesCall((outcome,), at=NOON + number * MINUTE))
    assert at(1, DAY - HOUR).proposals[0].action == "pizza"
    assert at(1, DAY + 2 * HOUR).proposals[0].action == "bread"
    (pause,) = harness.store.pauses()
    assert pause.paused_at == NOON + DAY + 2 * HOUR


# By simulation: what came of an experiment, as the log would tell it.

SEEDS, PERSONS = 100, 900
ARMS = ("control", "friendly", "loud")


class SimulatedLog:
    """A log of persons a minute apart, in arms at random; the loud arm is rejected at a rate of its own."""

    def __init__(self, seed, rate):
        draws = random.Random(seed)
        self.rows, self.rejected = [], set()
        for number in range(PERSONS):
            arm, key = draws.choice(ARMS), number.to_bytes(4)
            place = ExposedPlace(to_microseconds(NOON + number * MINUTE), number)
            self.rows.append(Exposed(place, key, key, key, "hash", f"words={arm}"))
            if draws.random() < (rate if arm == "loud" else 0.2):
                self.rejected.add(key)

    def exposed(self, after, max_rows):
        start = after.seq + 1 if after else 0
        return self.rows[start : start + max_rows]

    def reported_late(self, _after, _last_us, _max_rows):
        return []

    def became_of(self, decision_ids):
        for key in self.rejected.intersection(decision_ids):
            yield DeedRow(key, "pizza", OutcomeKind.REJECTED, self.rows[int.from_bytes(key)].place.decided_us)


def breach_of(seed, rate):
    """What the guard of an experiment with two arms beside the control says at the end of its horizon."""
    guard = Guard("rejected", Direction.ABOVE, Fraction(20), 28 * DAY, DAY)
    changing = frozenset(ARMS[1:])
    watch = Watch(Watched(guard, "words", "experiment/words", changing, frozenset({"pizza"})), None)
    log: Any = SimulatedLog(seed, rate)
    look(log, [watch], NOON + 40 * DAY)
    return watch.breach and watch.breach[0]


def test_a_planted_harm_ends_an_experiment_within_its_horizon():
    """40 % reject in one of three arms where 20 % may."""
    assert [breach_of(seed, 0.4) for seed in range(SEEDS)].count("loud") >= 95


def test_an_a_a_experiment_at_the_threshold_is_ended_no_more_often_than_alpha_says():
    assert sum(breach_of(seed, 0.2) is not None for seed in range(SEEDS)) <= ALPHA * SEEDS

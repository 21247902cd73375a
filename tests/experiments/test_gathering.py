"""From decisions and what became of them to persons, on both databases."""

from datetime import timedelta

import pytest
from tests.behaviour.conftest import VISIT
from tests.claims.harness import DAY, HOUR
from tests.experiments.conftest import LAW, state
from tests.rules import action, cap, document

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.privacy.purposes import ConsentState
from maitred.engine.operating.gathering import ResultsQuery, gather, names_in, without_refusals

PIZZA = action("pizza")
WORDS = document(
    "Experiment",
    "words",
    {
        "applies_to": "{actions: [pizza]}",
        "arms": "{control: {weight: 1}, loud: {weight: 1, treatments: {pos: {say: HELLO}}}}",
    },
)
HALF = document("Holdout", "half", {"applies_to": "{all: true}", "percent": 50})
PEOPLE = [f"c-{number}" for number in range(12)]


def question(harness, goal=OutcomeKind.ACCEPTED, name="words", **fields):
    return ResultsQuery(name, goal, harness.now, timedelta(days=7), **fields)


def gathered(harness, *arguments, segment=None, **fields):
    """By when they were exposed first, which tests make different."""
    return gather(harness.store, question(harness, *arguments, **fields), segment)


def test_persons_are_in_one_arm_with_what_became_of_their_decisions(harness):
    harness.rules(PIZZA, WORDS)
    expected = []
    for number, name in enumerate(PEOPLE):
        decided = harness.after(HOUR).decide(name)
        body = harness.engine.records.body(harness.store.decision(bytes.fromhex(decided.decision_id)))
        harness.report(decided, "PRESENTED", *(["ACCEPTED"] if number % 3 == 0 else []))
        if number % 4 == 0:
            harness.redeem(harness.claim(harness.decide(name)))
        expected.append((body.exposures["words"].arm, number % 3 == 0, number % 4 == 0))
    harness.after(8 * DAY)
    results = gathered(harness)
    assert [
        (person.arm, person.reached, OutcomeKind.REDEEMED in person.outcomes) for person in results.people
    ] == expected
    assert all(OutcomeKind.PRESENTED in person.outcomes for person in results.people)
    claimed = [OutcomeKind.CLAIMED in person.outcomes for person in results.people]
    assert claimed == [redeemed for _, _, redeemed in expected]
    assert [person.decisions for person in results.people] == [1 + claim for claim in claimed]
    assert {arm for arm, _, _ in expected} == {"control", "loud"}
    assert names_in(harness.store) == ["words"]
    assert (results.early, results.switched) == (0, 0)


def test_what_came_late_or_too_lately_is_not_counted(harness):
    harness.rules(PIZZA, WORDS)
    early = harness.decide("early")
    harness.after(7 * DAY)
    harness.report(early, "ACCEPTED")
    harness.decide("lately")
    harness.after(HOUR)
    results = gathered(harness)
    assert [(person.reached, person.decisions) for person in results.people] == [(False, 1)]
    assert results.early == 1


def test_what_was_decided_later_than_asked_for_is_nothing_yet(harness):
    harness.rules(PIZZA, WORDS)
    harness.decide("ann")
    asked = question(harness.after(8 * DAY))
    before = gather(harness.store, asked)
    for name in ("ann", "bob"):
        harness.after(HOUR).decide(name)
    assert gather(harness.store, asked) == before
    assert gathered(harness).early == 1


def test_events_are_goals_too_and_the_time_before_is_history(harness, happen):
    harness.rules(PIZZA, WORDS, VISIT)
    for _ in range(3):
        happen(harness, customer="ann")
        harness.after(DAY)
    happen(harness, customer="ann", event_id="wrong")
    happen(harness, customer="ann", withdraws="wrong", kind="")
    for name in ("ann", "bob"):
        harness.after(HOUR).decide(name)
    happen(harness.after(HOUR), customer="bob")
    harness.after(8 * DAY)
    ann, bob = gathered(harness, "visit").people
    assert (ann.before, ann.reached) == (3, False)
    assert (bob.before, bob.reached) == (0, True)


def test_an_action_can_be_looked_at_alone(harness):
    harness.rules(PIZZA, action("bread"), WORDS)
    decided = harness.decide("ann", max_actions=2)
    harness.report(decided, "ACCEPTED", action="bread")
    harness.after(8 * DAY)
    assert gathered(harness).people[0].reached
    assert not gathered(harness, action="pizza").people[0].reached


def test_a_holdout_compares_the_held_out_with_the_others(harness):
    harness.rules(PIZZA, HALF)
    for name in PEOPLE:
        decided = harness.after(HOUR).decide(name)
        if decided.proposals:
            harness.report(decided, "ACCEPTED")
    harness.after(8 * DAY)
    people = gathered(harness, name="half").people
    assert len(people) == len(PEOPLE)
    assert {person.arm for person in people} == {"held_out", "offered"}
    assert all(person.reached == (person.arm == "offered") for person in people)


def test_decisions_that_a_cap_refused_are_told_apart(harness):
    harness.rules(PIZZA, WORDS, cap(counts="presented"))
    harness.report(harness.decide("ann"), "PRESENTED")
    harness.after(HOUR).decide("ann")
    harness.after(8 * DAY)
    (ann,) = gathered(harness).people
    assert dict(ann.refused) == {"FREQUENCY_CAPPED": 1}
    assert ann.decisions == 2


def test_who_was_seen_in_two_arms_is_in_neither(harness):
    harness.rules(PIZZA, WORDS)
    for name in PEOPLE:
        harness.decide(name)
    harness.rules(PIZZA, WORDS.replace("applies_to", "salt: other\napplies_to"))
    for name in PEOPLE:
        harness.after(HOUR).decide(name)
    harness.after(8 * DAY)
    results = gathered(harness)
    assert 0 < results.switched < len(PEOPLE)
    assert len(results.people) == len(PEOPLE) - results.switched


def test_sessions_are_persons_and_who_was_erased_is_nobody(harness):
    harness.rules(PIZZA, WORDS)
    harness.decide("", session="s-1")
    harness.decide("", session="s-1")
    harness.decide("gone")
    harness.engine.privacy.erase("gone")
    harness.after(8 * DAY)
    (visitor,) = gathered(harness).people
    assert (visitor.decisions, visitor.customer) == (2, b"")


def test_who_refuses_the_purpose_later_is_compared_no_more(harness):
    harness.rules(PIZZA, LAW, WORDS.rstrip() + "\npurpose: research\n")
    for person in ("ann", "bob", "cyd", "dan"):
        harness.after(HOUR).decide(person)
    harness.after(HOUR).decide("", session="s-1")
    harness.after(8 * DAY)
    results = gathered(harness)
    everybody = [person.customer for person in results.people]
    assert without_refusals(harness.store, results, "research") == results
    state(harness, "bob", "research", ConsentState.OBJECTED)
    state(harness, "cyd", "ads", ConsentState.DENIED)
    state(harness, "dan", "research", ConsentState.DENIED)
    left = without_refusals(harness.store, results, "research").people
    assert [person.customer for person in left] == [everybody[0], everybody[2], b""]
    assert without_refusals(harness.store, results, "") == results
    state(harness.after(HOUR), "bob", "research", ConsentState.GRANTED)
    assert len(without_refusals(harness.store, results, "research").people) == 4


def test_a_segment_is_asked_for_once_for_each_person(harness):
    harness.rules(PIZZA, WORDS)
    asked = []

    def segment(decision_id):
        asked.append(decision_id.hex())
        return "gold"

    first = harness.decide("ann")
    harness.after(HOUR).decide("ann")
    harness.after(8 * DAY)
    assert [person.segment for person in gathered(harness, segment=segment).people] == ["gold"]
    assert asked == [first.decision_id]


@pytest.mark.parametrize("pages", [1, 2, 5])
def test_pages_of_any_length_give_the_same(harness, monkeypatch, pages):
    harness.rules(PIZZA, WORDS)
    for name in PEOPLE:
        harness.report(harness.decide(name), "ACCEPTED")
    harness.after(8 * DAY)
    whole = gathered(harness)
    monkeypatch.setattr("maitred.engine.operating.gathering.ROWS_AT_ONCE", pages)
    assert gathered(harness) == whole

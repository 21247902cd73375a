"""Learned scores through the engine, on both databases: what is proposed teaches what is proposed next."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.claims.harness import DAY, HOUR
from tests.rules import action, document

from maitred.bootstrap.rules import load_policy
from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.decisions import Explain, Question
from maitred.core.deciding.snapshot import Snapshot
from maitred.core.learning.draws import METHODS, Draws, Mode
from maitred.core.learning.learners import NEWEST_METHOD, Beta
from maitred.core.privacy.purposes import NOTHING_KNOWN, Consent, ConsentState
from maitred.core.rules.ruleset import Location
from maitred.engine.calls import DecideCall, RecordConsentCall
from maitred.engine.deciding.codec import decode_body, encode_body, encode_proposals
from maitred.engine.deciding.records import decide_again, question_of
from maitred.engine.deciding.service import decision_id_of
from maitred.engine.operating.parameters import (
    BadParameters,
    LearnedParameters,
    decode_parameters,
    encode_parameters,
    parameters_of,
)
from maitred.engine.operating.teaching import Seen, teach
from maitred.engine.ports.store import DecisionRecord

NOON, PLACE = datetime(2026, 12, 1, 12, tzinfo=UTC), Location("", "UTC", {})
LEARNER = document("Learner", "uptake", {"enabled": "true", "exploration": 20, "within": "1d"})
PIZZA = action("pizza", score='learned("uptake") * 10')
BREAD = action("bread", score='learned("uptake") * 10')
PLAIN = action("plain", score=-1)


def learn(harness, by_learner):
    """Puts a snapshot into the store, and has the service look for it."""
    parameters = parameters_of(by_learner)
    harness.store.save_learned(encode_parameters(parameters), harness.now)
    harness.engine.learned.refresh()
    return parameters


def given(policy, record, body):
    """What the learner gave each action that stands in the record, drawn again."""
    question = question_of(policy, record, body)
    draws = Draws(policy.taught(body.snapshot.learned), record.decision_id, question.facts)
    return {action: draws.value(action, "uptake") for action in body.learned["uptake"].beliefs}


def body_of(harness, answer):
    records = harness.engine.records
    record = records.find(answer.decision_id)
    return record, records.body(record)


def test_a_snapshot_is_taken_up_while_the_service_runs_and_stands_in_the_record(harness):
    policy = harness.rules(LEARNER, PIZZA, BREAD, PLAIN)
    _, before = body_of(harness, harness.decide("ann"))
    assert before.learned["uptake"].version == ""
    assert before.learned["uptake"].beliefs["pizza"] == Beta(1.0, 1.0)
    parameters = learn(harness, {"uptake": {"pizza": Beta(900.0, 100.0), "bread": Beta(100.0, 900.0)}})
    for number in range(40):
        record, body = body_of(harness, harness.decide(f"c-{number}"))
        learned = body.learned["uptake"]
        assert learned.version == parameters.version
        assert learned.share == 20.0
        assert learned.beliefs == parameters.by_learner["uptake"], "of every action that was ranked by it"
        if learned.mode is Mode.EXPLOIT:
            assert body.proposals[0].action == "pizza"
        assert body.proposals[0].score == 10 * given(policy, record, body)[body.proposals[0].action]
        assert body.exposures["learned/uptake"].arm == learned.mode.value
        assert decide_again(policy, record, body).learned == body.learned


def test_a_snapshot_that_cannot_be_read_leaves_the_one_before_it_in_force(harness):
    harness.rules(LEARNER, PIZZA, BREAD, PLAIN)
    parameters = learn(harness, {"uptake": {"pizza": Beta(900.0, 100.0)}})
    for content in (b'{"format": 99}', b"{"):
        harness.store.save_learned(content, harness.now)
    restarted = LearnedParameters(harness.store)
    for learned, newest in ((harness.engine.learned, 3), (restarted, 3)):
        with pytest.raises(BadParameters, match=f"snapshot {newest} cannot be read: it is not JSON"):
            learned.refresh()
        learned.refresh()
        assert learned.current() == parameters


def test_decisions_replay_to_the_byte_whatever_has_been_learned_since(harness):
    policy = harness.rules(LEARNER, PIZZA, BREAD)
    learn(harness, {"uptake": {"pizza": Beta(30.0, 70.0), "bread": Beta(28.0, 72.0)}})
    answers = [harness.decide(f"c-{number}", max_actions=2) for number in range(30)]
    learn(harness, {"uptake": {"pizza": Beta(1.0, 5000.0), "bread": Beta(5000.0, 1.0)}})
    for answer in answers:
        record, body = body_of(harness, answer)
        again = decide_again(policy, record, body)
        assert again.proposals == body.proposals
        assert encode_proposals(again) == encode_proposals(again._replace(proposals=body.proposals))
        assert (again.learned, again.exposures) == (body.learned, body.exposures)


def test_what_became_of_proposals_is_learned(harness):
    policy = harness.rules(LEARNER, PIZZA, BREAD)
    expected = {"pizza": [0, 0], "bread": [0, 0]}
    for number in range(60):
        answer = harness.after(HOUR / 60).decide(f"c-{number}")
        name = answer.proposals[0].action
        is_accepted = name == "pizza"
        harness.report(answer, "PRESENTED", *(["ACCEPTED"] if is_accepted else []), action=name)
        expected[name][0] += 1
        expected[name][1] += is_accepted
    early = teach(harness.store, policy.ruleset, harness.now)
    assert (early.decisions, early.early) == (0, 60)
    taught = teach(harness.store, policy.ruleset, harness.after(DAY).now)
    assert taught.decisions == 60
    assert taught.seen["uptake"] == {name: Seen(*counts) for name, counts in expected.items()}
    assert all(trials for trials, _ in expected.values())
    assert taught.parameters.by_learner["uptake"] == {
        name: Beta(1.0 + successes, 1.0 + trials - successes)
        for name, (trials, successes) in expected.items()
    }


def test_what_was_not_presented_and_what_came_too_late_is_no_success(harness):
    policy = harness.rules(LEARNER, PIZZA)
    harness.decide("ann")
    harness.report(harness.decide("bob"), "ACCEPTED")
    late = harness.decide("cyd")
    harness.report(late, "PRESENTED")
    harness.after(2 * DAY)
    harness.report(late, "ACCEPTED")
    taught = teach(harness.store, policy.ruleset, harness.after(DAY).now)
    assert taught.seen["uptake"]["pizza"] == Seen(1, 0)


def test_a_learner_that_is_not_enabled_expects_and_learns_nothing(harness):
    policy = harness.rules(
        document("Learner", "uptake", {"prior": "{successes: 1, failures: 3}"}), PIZZA, BREAD
    )
    learn(harness, {"uptake": {"pizza": Beta(900.0, 100.0)}})
    answer = harness.decide("ann", max_actions=2)
    assert [proposal.score for proposal in answer.proposals] == [2.5, 2.5]
    _, body = body_of(harness, answer)
    assert (body.learned, dict(body.exposures)) == ({}, {})
    harness.report(answer, "PRESENTED")
    taught = teach(harness.store, policy.ruleset, harness.after(2 * DAY).now)
    assert (taught.decisions, taught.seen) == (0, {})


@pytest.mark.parametrize("name", ["pizza", "bread"])
def test_an_explanation_says_what_was_learned_and_how_the_value_came_about(harness, name):
    harness.rules(LEARNER, action(name, score='learned("uptake")'))
    learn(harness, {"uptake": {name: Beta(30.0, 70.0)}})
    answer = harness.decide("ann", explain=Explain.EXPLAIN_REASONS)
    (line,) = [line for line in answer.why[0] if line.startswith("learned uptake is ")]
    assert "30 to 70" in line or "explores" in line


LAW = document(
    "Privacy",
    "law",
    {
        "purposes": "{research: Learning what people like.}",
        "default": "here",
        "jurisdictions": "{here: {bases: {research: legitimate_interest}}}",
    },
)
FOR_RESEARCH = document(
    "Learner", "uptake", {"enabled": "true", "exploration": 50, "within": "1d", "purpose": "research"}
)


def refuse(harness, person):
    consent = Consent("research", ConsentState.OBJECTED, "app", harness.now)
    call = RecordConsentCall(f"refusal of {person}", person, (consent,))
    harness.engine.committer.complete(harness.engine.privacy.recording_consent(call))


def shown(harness, person):
    """A decision whose proposal was presented and accepted, and its record."""
    answer = harness.decide(person)
    harness.report(answer, "PRESENTED", "ACCEPTED", action=answer.proposals[0].action)
    return body_of(harness, answer)


def test_who_refuses_the_purpose_takes_no_part(harness):
    policy = harness.rules(LAW, FOR_RESEARCH, PIZZA, BREAD)
    learn(harness, {"uptake": {"pizza": Beta(30.0, 70.0), "bread": Beta(20.0, 80.0)}})
    _, before = shown(harness, "ann")
    assert before.purposes == ("research",)
    assert before.learned["uptake"].mode in {Mode.EXPLORE, Mode.EXPLOIT}
    refuse(harness, "ann")
    for _ in range(10):
        record, body = shown(harness, "ann")
        assert [(proposal.action, proposal.score) for proposal in body.proposals] == [("pizza", 3.0)]
        assert body.learned["uptake"].mode is Mode.EXPECTED
        assert (dict(body.exposures), body.purposes) == ({}, ())
        assert decide_again(policy, record, body).learned == body.learned


def test_nothing_is_learned_any_more_from_who_refuses_or_is_erased(harness):
    policy = harness.rules(LAW, FOR_RESEARCH, action("pizza", score='learned("uptake")'))
    for person in ("ann", "bob", "cyd", ""):
        shown(harness, person)
    harness.after(2 * DAY)
    assert teach(harness.store, policy.ruleset, harness.now).seen["uptake"]["pizza"] == Seen(4, 4)
    refuse(harness, "ann")
    taught = teach(harness.store, policy.ruleset, harness.now)
    assert (taught.seen["uptake"]["pizza"], taught.refused) == (Seen(3, 3), 1)
    harness.engine.privacy.erase("bob")
    assert teach(harness.store, policy.ruleset, harness.now).seen["uptake"]["pizza"] == Seen(2, 2)


def test_an_action_stays_what_it_is_between_its_arms(harness):
    """Learned scores and experiments in one decision: both stand in the record, and come out again."""
    arms = "{loud: {weight: 1, score: 'learned(\"uptake\") * 20'}, control: {weight: 1}}"
    words = document("Experiment", "words", {"applies_to": "{actions: [pizza]}", "arms": arms})
    policy = harness.rules(LEARNER, PIZZA, BREAD, words)
    arm_names = set()
    for number in range(20):
        record, body = body_of(harness, harness.decide(f"c-{number}", max_actions=2))
        arm = body.exposures["words"].arm
        arm_names.add(arm)
        scores = {proposal.action: proposal.score for proposal in body.proposals}
        times = {"pizza": 20 if arm == "loud" else 10, "bread": 10}
        values = given(policy, record, body)
        assert scores == {name: times[name] * values[name] for name in times}
        again = decide_again(policy, record, body)
        assert (again.proposals, again.learned, again.exposures) == (
            body.proposals,
            body.learned,
            body.exposures,
        )
    assert arm_names == {"loud", "control"}


def test_a_stand_in_is_drawn_for_and_stands_in_the_record(harness):
    ovens = document(
        "Capacity",
        "ovens",
        {"applies_to": "{actions: [pizza]}", "limit": 1, "window": "lifetime", "counts": "decided"},
    )
    policy = harness.rules(
        LEARNER,
        ovens,
        action("pizza", score='learned("uptake") + 1', alternatives="[bread]"),
        action("bread", score='learned("uptake")', stand_in_only="true"),
    )
    harness.decide("ann")
    record, body = body_of(harness, harness.decide("bob"))
    (proposal,) = body.proposals
    assert (proposal.action, proposal.substitute_for) == ("bread", "pizza")
    assert proposal.score == given(policy, record, body)["bread"]
    again = decide_again(policy, record, body)
    assert (again.proposals, again.learned) == (body.proposals, body.learned)


GOLDEN = Path(__file__).parent / "learned"
"""Rules, parameters as ``maitred learn --out`` writes them, and what decisions by both came to."""


def bodies_by(policy, parameters, count=16):
    """The bodies of decisions by these rules and parameters, as records have them."""
    for number in range(count):
        call = DecideCall(f"r-{number}", f"c-{number}", "pos", "", {}, b"fingerprint", 2)
        given = policy.given({}, channel="pos", customer_id=call.customer_id, location=PLACE, now=NOON)
        facts = policy.read(given, PLACE, NOON, NOTHING_KNOWN, call.customer_id)
        seed = decision_id_of(call.request_id)
        decision = decide_from(
            policy, Question("pos", facts, NOON, 2, PLACE.zone, seed), Snapshot(learned=parameters)
        )
        yield encode_body(call, facts, decision, Snapshot(), trace_id="", commit="")


def test_decisions_by_parameters_of_a_file_are_the_same_to_the_bit_on_any_day():
    """Experiments and learned scores, whatever is upgraded: recorded decisions stay what they were."""
    policy = load_policy({"rules.yaml": (GOLDEN / "rules.yaml").read_bytes()}, "")
    parameters = decode_parameters((GOLDEN / "parameters.json").read_bytes())
    made = list(bodies_by(policy, parameters))
    recorded = (GOLDEN / f"records-{NEWEST_METHOD}.jsonl").read_bytes().splitlines()
    # Of the content: how a number is spelt is a library's affair, and which number it is is not.
    assert list(map(_content, made)) == list(map(_content, recorded))


def _content(body):
    """What a decision came to: the format is that of whatever wrote it."""
    fields = json.loads(body)
    del fields["format"]
    return fields


@pytest.mark.parametrize("method", METHODS)
def test_recorded_decisions_come_out_again_by_the_way_they_were_drawn(method):
    policy = load_policy({"rules.yaml": (GOLDEN / "rules.yaml").read_bytes()}, "")
    for content in (GOLDEN / f"records-{method}.jsonl").read_bytes().splitlines():
        body = decode_body(content)
        assert {use.method for use in body.learned.values()} == {method}
        record = DecisionRecord(decision_id_of(body.request_id), NOON, policy.ruleset.hash, b"", content, b"")
        again = decide_again(policy, record, body)
        assert encode_proposals(again) == encode_proposals(again._replace(proposals=body.proposals))
        assert (again.proposals, again.learned, again.exposures) == (
            body.proposals,
            body.learned,
            body.exposures,
        )

"""Learned scores through the engine, on both databases: what is proposed teaches what is proposed next."""

import pytest
from tests.claims.harness import DAY, HOUR, action, document

from maitred.core.learning.draws import Mode
from maitred.core.learning.learners import Beta
from maitred.engine.deciding.codec import encode_proposals
from maitred.engine.deciding.records import decide_again
from maitred.engine.operating.parameters import encode_parameters, parameters_of
from maitred.engine.operating.teaching import Seen, teach

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


def body_of(harness, answer):
    records = harness.engine.records
    record = records.find(answer.decision_id)
    return record, records.body(record)


def test_a_snapshot_is_taken_up_while_the_service_runs_and_stands_in_the_record(harness):
    policy = harness.rules(LEARNER, PIZZA, BREAD, PLAIN)
    _, before = body_of(harness, harness.decide("ann"))
    assert before.learned["uptake"].version == ""
    assert before.learned["uptake"].actions["pizza"].belief == Beta(1.0, 1.0)
    parameters = learn(harness, {"uptake": {"pizza": Beta(900.0, 100.0), "bread": Beta(100.0, 900.0)}})
    for number in range(40):
        record, body = body_of(harness, harness.decide(f"c-{number}"))
        learned = body.learned["uptake"]
        assert learned.version == parameters.version
        assert learned.share == 20.0
        assert list(learned.actions) == ["bread", "pizza"], "every action that was ranked by it"
        if learned.mode is Mode.EXPLOIT:
            assert body.proposals[0].action == "pizza"
        assert body.proposals[0].score == 10 * learned.actions[body.proposals[0].action].value
        assert body.exposures["learned/uptake"].arm == learned.mode.value
        assert decide_again(policy, record, body).learned == body.learned


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
    seen = {"pizza": [0, 0], "bread": [0, 0]}
    for number in range(60):
        answer = harness.after(HOUR / 60).decide(f"c-{number}")
        name = answer.proposals[0].action
        is_accepted = name == "pizza"
        harness.report(answer, "PRESENTED", *(["ACCEPTED"] if is_accepted else []), action=name)
        seen[name][0] += 1
        seen[name][1] += is_accepted
    early = teach(harness.store, policy.ruleset, harness.now)
    assert (early.decisions, early.early) == (0, 60)
    taught = teach(harness.store, policy.ruleset, harness.after(DAY).now)
    assert taught.decisions == 60
    assert taught.seen["uptake"] == {name: Seen(*counts) for name, counts in seen.items()}
    assert all(trials for trials, _ in seen.values())
    assert taught.parameters.by_learner["uptake"] == {
        name: Beta(1.0 + successes, 1.0 + trials - successes) for name, (trials, successes) in seen.items()
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
    answer = harness.decide("ann", explain="EXPLAIN_REASONS")
    (line,) = [line for line in answer.why[0] if line.startswith("learned uptake is ")]
    assert "30 to 70" in line or "explores" in line

"""Holdouts and experiments from the rule files through the engine to the decision log."""

import sqlalchemy as sa
from tests.claims.harness import DAY, HOUR, PIZZA, denial
from tests.rules import action, cap, document

from maitred.core.deciding.decisions import Explain
from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.core.rules.experiments import Exposure, exposures_in
from maitred.engine.calls import RecordConsentCall
from maitred.store.tables import DECISION

HALF = document("Holdout", "half", {"applies_to": "{actions: [pizza]}", "percent": 50})
PEOPLE = [f"c-{number}" for number in range(40)]


def experiment(arms, name="words", **fields):
    return document("Experiment", name, {"applies_to": "{actions: [pizza]}", "arms": arms, **fields})


SPOKEN = experiment("{loud: {weight: 1, treatments: {pos: {say: HELLO}}}, control: {weight: 1}}")
PIZZA_SAYS = action("pizza", treatments="{pos: {say: Hello}, mobile: {show: Pizza}}")


def logged(harness):
    """The exposures of every decision, in order of time, by its id."""
    with harness.store._readers.connect() as connection:
        wanted = sa.select(DECISION.c.decision_id, DECISION.c.arms).order_by(DECISION.c.decided_at)
        return {row.decision_id.hex(): arms_in(row.arms) for row in connection.execute(wanted)}


def arms_in(text):
    return {name: exposure.arm for name, exposure in exposures_in(text).items()}


def body(harness, answer):
    record = harness.store.decision(bytes.fromhex(answer.decision_id))
    return harness.engine.records.body(record)


def arms_told(harness, answer):
    return {name: exposure.arm for name, exposure in body(harness, answer).exposures.items()}


def test_an_exposure_stands_in_the_record_and_beside_it(harness):
    harness.rules(PIZZA_SAYS, SPOKEN, HALF, action("water"))
    answers = [harness.decide(person) for person in PEOPLE]
    harness.decide("")
    stood = logged(harness)
    texts: dict[str, set[tuple[str, ...]]] = {}
    for answer in answers:
        held = "pizza" not in [proposal.action for proposal in answer.proposals]
        exposures = arms_told(harness, answer)
        assert stood[answer.decision_id] == exposures
        assert exposures["half"] == ("held_out" if held else "offered")
        assert ("words" in exposures) is not held
        if not held:
            texts.setdefault(exposures["words"], set()).add(answer.proposals[0].treatment.say)
    assert texts == {"control": {("Hello",)}, "loud": {("HELLO",)}}
    assert sum(not exposures for exposures in stood.values()) == 1


def test_a_repeated_request_is_answered_as_it_was_and_stands_once(harness):
    harness.rules(PIZZA_SAYS, SPOKEN)
    first = harness.decide("ann", request="r")
    assert harness.decide("ann", request="r") == first
    assert len(logged(harness)) == 1


def test_one_arm_on_every_channel_for_each_person(sqlite_harness):
    sqlite_harness.rules(PIZZA_SAYS, SPOKEN)
    arms = set()
    for person in PEOPLE:
        texts = [
            arms_told(sqlite_harness, sqlite_harness.decide(person, channel=channel))["words"]
            for channel in ("pos", "mobile", "pos")
        ]
        assert len(set(texts)) == 1
        arms.update(texts)
    assert arms == {"control", "loud"}


def test_a_session_has_an_arm_where_nobody_is_known(sqlite_harness):
    sqlite_harness.rules(PIZZA_SAYS, SPOKEN)
    arms = set()
    for number in range(20):
        one, two = (sqlite_harness.decide("", session=f"s-{number}") for _ in range(2))
        assert arms_told(sqlite_harness, one) == arms_told(sqlite_harness, two)
        arms.update(arms_told(sqlite_harness, one).values())
    assert arms == {"control", "loud"}
    assert arms_told(sqlite_harness, sqlite_harness.decide("")) == {}


def test_what_the_arm_shows_is_shown_of_its_claims(harness):
    loud = "{weight: 1, treatments: {pos: {say: HELLO, claimed: {say: YOURS}}}}"
    harness.rules(PIZZA_SAYS, experiment("{loud: " + loud + ", control: {weight: 1}}"))
    for person in PEOPLE[:8]:
        decided = harness.decide(person)
        arm = arms_told(harness, decided)["words"]
        expected = ("YOURS",) if arm == "loud" else ("Hello",)
        assert harness.claim(decided).treatment.say == expected
        assert harness.decide(person).open_claims[0].treatment.say == expected


def test_the_cap_of_an_arm_counts_on_the_same_units(harness):
    weekly = cap("weekly", applies_to="{actions: [pizza]}", counts="presented", window="{rolling: 7d}")
    arms = "{more: {weight: 1, frequency_cap: {name: weekly, limit: 3}}, control: {weight: 1}}"
    harness.rules(PIZZA, weekly, experiment(arms, "often"))
    times = {"control": 1, "more": 3}
    for person in PEOPLE[:8]:
        first = harness.decide(person)
        arm = arms_told(harness, first)["often"]
        harness.report(first, "PRESENTED")
        for _ in range(times[arm] - 1):
            harness.after(HOUR)
            answer = harness.decide(person)
            assert harness.report(answer, "PRESENTED") == [True]
        reason, rule, detail = harness.why_not(person)["pizza"]
        assert (reason, rule) == ("FREQUENCY_CAPPED", "weekly")
        assert detail.startswith(f"{times[arm]} of {times[arm]} taken")
        refused = body(harness, harness.decide(person))
        assert refused.exposures == {"often": Exposure(arm, "FREQUENCY_CAPPED")}
    harness.rules(PIZZA, weekly)
    assert all(harness.sees(person) == [] for person in PEOPLE[:8])
    harness.after(8 * DAY)
    assert all(harness.sees(person) == ["pizza"] for person in PEOPLE[:8])


def test_the_cap_of_an_arm_holds_for_claims(harness):
    once = cap("once", applies_to="{actions: [pizza]}", counts="claimed")
    arms = "{more: {weight: 1, frequency_cap: {name: once, limit: 2}}, control: {weight: 1}}"
    harness.rules(PIZZA, once, experiment(arms, "often"))
    granted = {"control": 1, "more": 2}
    for person in PEOPLE[:8]:
        decided = [harness.decide(person) for _ in range(3)]
        arm = arms_told(harness, decided[0])["often"]
        answers = [harness.claim(decision) for decision in decided]
        assert [answer.granted for answer in answers].count(True) == granted[arm]
        assert denial(answers[-1]) == "FREQUENCY_CAPPED"


LAW = document(
    "Privacy",
    "law",
    {
        "purposes": "{research: Comparing what works.}",
        "default": "here",
        "jurisdictions": "{here: {bases: {research: legitimate_interest}}}",
    },
)


def object_to(harness, person):
    consent = Consent("research", ConsentState.OBJECTED, "app", harness.now)
    harness.engine.committer.complete(
        harness.engine.privacy.recording_consent(RecordConsentCall("o", person, (consent,)))
    )


def test_who_objects_to_the_purpose_is_left_out(harness):
    arms = "{loud: {weight: 1, treatments: {pos: {say: HELLO}}}, control: {weight: 1}}"
    harness.rules(LAW, PIZZA_SAYS, experiment(arms, purpose="research"))
    loud = next(
        person for person in PEOPLE if arms_told(harness, harness.decide(person)) == {"words": "loud"}
    )
    answer = harness.decide(loud)
    assert answer.proposals[0].treatment.say == ("HELLO",)
    assert body(harness, answer).purposes == ("research",)
    object_to(harness, loud)
    answer = harness.decide(loud)
    assert answer.proposals[0].treatment.say == ("Hello",)
    assert arms_told(harness, answer) == {}
    assert logged(harness)[answer.decision_id] == {}
    assert not any("experiment" in line for line in harness.decide(loud, explain=Explain.EXPLAIN_FULL).why[0])

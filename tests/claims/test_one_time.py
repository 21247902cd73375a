"""The same calls in the same order have the same answers by the real clock and under simulated time."""

import random

import pytest
from tests.claims.harness import NOON, EngineHarness, action, cap, capacity

from maitred.core.deciding.decisions import Outcome, OutcomeKind
from maitred.engine.calls import ClaimCall, LimitsCall, OutcomesCall, StepCall
from maitred.engine.errors import CallError
from maitred.store import open_store

SEEDS, CALLS = 12, 40
RULES = (
    action("pizza", score=2, alternatives="[bread]", claim_within="2h"),
    action("bread", score=1),
    cap("seen", applies_to="{actions: [pizza]}", limit=2, window="{rolling: 1h}", hold="10m"),
    cap("made", applies_to="{actions: [bread]}", limit=3, window="{calendar: day}", counts="decided"),
    capacity("ovens", applies_to="{actions: [pizza]}", limit=2, window="{calendar: day}", hold="5m"),
    capacity("done", limit=4, counts="redeemed", window="{calendar: day}"),
)
STEPS_S = (0, 1, 60, 299, 300, 301, 599, 600, 3_600, 7_200, -5, -600)


class Script:
    """Seeded calls; ``simulated`` says whether each names its instant or the clock is set to it."""

    def __init__(self, harness, seed, *, simulated):
        self.harness, self.rng, self.simulated = harness, random.Random(seed), simulated
        self.at, self.decisions, self.claims = NOON, [], []

    def run(self):
        return [self.call(number) for number in range(CALLS)]

    def call(self, number):
        self.at += NOON.resolution * 1_000_000 * self.rng.choice(STEPS_S)
        if not self.simulated:
            self.harness.at(self.at)
        at = {"at": self.at} if self.simulated else {}
        try:
            return self.made(str(number), at)
        except CallError as error:
            return error.code, error.message

    def made(self, request, at):
        rng, engine = self.rng, self.harness.engine
        kind = rng.choice("dddcccrxoog")
        if kind == "d" or not self.decisions:
            customer = rng.choice(["ann", "bob"])
            named = tuple(claim for _, claim in rng.sample(self.claims, min(1, len(self.claims))))
            answer = self.harness.decide(customer, request=request, claims=named, **at)
            self.decisions += [(answer.decision_id, proposal.action) for proposal in answer.proposals]
            return answer._replace(trace_id="")
        decision, name = rng.choice(self.decisions)
        if kind == "c":
            answer = engine.claimer.claim(ClaimCall(request, decision, rng.choice([name, "bread"]), **at))
            self.claims += [(decision, answer.claim_id)] if answer.granted else []
            return answer
        if kind == "o":
            ago = NOON.resolution * 1_000_000 * rng.choice([0, 60, 600])
            outcome = Outcome(request, decision, name, rng.choice(REPORTED), self.at - ago)
            return engine.claimer.record_outcomes(OutcomesCall((outcome,), **at))
        if kind == "g" or not self.claims:
            return engine.operator.limits(LimitsCall(**at))
        step = StepCall(request, rng.choice(self.claims)[1], **at)
        return engine.claimer.redeem(step) if kind == "r" else engine.claimer.release(step)


REPORTED = [OutcomeKind.PRESENTED, OutcomeKind.REJECTED, OutcomeKind.REDEEMED, OutcomeKind.RELEASED]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_random_script_has_the_same_answers_by_either_clock(seed, tmp_path, keys):
    answers = []
    for simulated in (False, True):
        harness = EngineHarness(open_store(f"sqlite:///{tmp_path / str(simulated)}.db"), keys)
        try:
            harness.rules(*RULES)
            answers.append(Script(harness, seed, simulated=simulated).run())
        finally:
            harness.close()
    real, made_up = answers
    assert real == made_up

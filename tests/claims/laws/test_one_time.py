"""The same calls in the same order have the same answers by the real clock and under simulated time."""

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from tests.claims.harness import NOON, EngineHarness
from tests.rules import action, cap, capacity, document

from maitred.core.behaviour.outcomes import Outcome, OutcomeKind
from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import (
    ClaimCall,
    ClaimsCall,
    EventCall,
    EventsCall,
    LimitsCall,
    OutcomesCall,
    StepCall,
)
from maitred.engine.errors import CallError
from maitred.store import open_store
from maitred.v1.decision_pb2_grpc import DecisionServiceServicer

SEEDS, CALLS = 12, 60
VISITS = "{customer.visits: {over: events.visit, window: {rolling: 1h}, count: true}}"
RULES = (
    action("pizza", score=2, alternatives="[bread]", claim_within="2h"),
    action("bread", score=1),
    action("again", score="customer.visits"),
    document("Event", "visit", {"fields": "{page: string}", "retention": "1d"}),
    document("Context", "seen", {"computed": VISITS}),
    cap("seen", applies_to="{actions: [pizza]}", limit=2, window="{rolling: 1h}", hold="10m"),
    cap("made", applies_to="{actions: [bread]}", limit=3, window="{calendar: day}", counts="decided"),
    cap("no", limit=2, window="{rolling: 2h}", counts="rejected"),
    capacity("ovens", applies_to="{actions: [pizza]}", limit=2, window="{calendar: day}", hold="5m"),
    capacity("done", limit=4, counts="redeemed", window="{calendar: day}", anonymous="allow"),
)
STEPS_S = (0, 1, 60, 299, 300, 301, 599, 600, 3_600, 7_200, -5, -600)
AGO_S = (None, 0, 60, 299, 600, -60, -301)
REPORTED = [OutcomeKind.PRESENTED, OutcomeKind.REJECTED, OutcomeKind.REDEEMED, OutcomeKind.RELEASED]
CUSTOMERS, SESSIONS = ("ann", "bob", ""), ("s-1", "s-2", "")


class Script:
    """Seeded calls; ``simulated`` says whether each names its instant or the clock is set to it."""

    def __init__(self, harness, seed, *, simulated):
        self.harness, self.rng, self.simulated = harness, random.Random(seed), simulated
        self.now, self.decisions, self.claims, self.made = NOON, [], [], set()

    def run(self):
        return [self.call(number) for number in range(CALLS)]

    def call(self, number):
        self.now += timedelta(seconds=self.rng.choice(STEPS_S))
        if not self.simulated:
            self.harness.at(self.now)
        self.at: dict[str, Any] = {"at": self.now} if self.simulated else {}
        name = self.rng.choice(list(MADE))
        self.made.add(name)
        try:
            return name, MADE[name](self, str(number))
        except CallError as error:
            return name, error.code, error.message

    def decide(self, request):
        named = tuple(self.rng.sample(self.claims, min(1, len(self.claims))))
        answer = self.harness.decide(
            self.rng.choice(CUSTOMERS),
            request=request,
            claims=named if self.rng.random() < 0.3 else (),
            session=self.rng.choice(SESSIONS),
            max_actions=self.rng.choice([1, 3]),
            explain=self.rng.choice(list(Explain)),
            dry_run=self.rng.random() < 0.1,
            **self.at,
        )
        self.decisions += [(answer.decision_id, proposal.action) for proposal in answer.proposals]
        return answer._replace(trace_id="")

    def claim(self, request):
        decision, name = self.decided()
        call = ClaimCall(request, decision, self.rng.choice([name, "bread"]), **self.at)
        answer = self.harness.engine.claimer.claim(call)
        self.claims += [answer.claim_id] if answer.granted else []
        return answer

    def redeem(self, request):
        return self.harness.engine.claimer.redeem(StepCall(request, self.claimed(), **self.at))

    def release(self, request):
        return self.harness.engine.claimer.release(StepCall(request, self.claimed(), **self.at))

    def record_outcomes(self, request):
        decision, name = self.decided()
        outcome = Outcome(request, decision, name, self.rng.choice(REPORTED), self.earlier())
        return self.harness.engine.claimer.record_outcomes(OutcomesCall((outcome,), **self.at))

    def record_events(self, request):
        customer, session = self.rng.choice(CUSTOMERS[:2]), self.rng.choice(SESSIONS)
        fields = json.dumps({"page": "home"}).encode()
        event = EventCall(request, customer, "visit", self.earlier(), fields, session)
        return self.harness.engine.recorder.record_events(EventsCall((event,), **self.at))

    def get_decision(self, _request):
        decision, _ = self.decided()
        view = self.harness.engine.decider.get_decision(decision, Explain.EXPLAIN_FULL)
        return view._replace(answer=view.answer._replace(trace_id=""))

    def list_claims(self, _request):
        by: dict[str, Any] = self.rng.choice([{"customer_id": "ann"}, {"session_id": "s-1"}])
        return self.harness.engine.claimer.list_claims(ClaimsCall(**by, page_size=3, **self.at))

    def get_limits(self, _request):
        return self.harness.engine.operator.limits(LimitsCall(**self.at))

    def get_session(self, _request):
        return self.harness.engine.desk.session(self.rng.choice(SESSIONS[:2]), self.at.get("at"))

    def get_customer(self, _request):
        return self.harness.engine.desk.customer(self.rng.choice(CUSTOMERS[:2]), self.at.get("at"))

    def decided(self):
        return self.rng.choice(self.decisions or [("00" * 16, "pizza")])

    def claimed(self):
        return self.rng.choice(self.claims or ["00" * 16])

    def earlier(self):
        ago = self.rng.choice(AGO_S)
        return None if ago is None else self.now - timedelta(seconds=ago)


MADE = {
    name: call
    for name, call in vars(Script).items()
    if name.split("_")[0] in {"decide", "claim", "redeem", "release", "record", "get", "list"}
}
"""Every call that has a time."""


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


def test_the_script_makes_every_call_of_the_service_that_has_a_time():
    calls = {name for name in vars(DecisionServiceServicer) if name[0].isupper()}
    made = {name.title().replace("_", "") for name in MADE}
    # A stream of Decides has the time of each; limits are another service's.
    assert made == calls - {"DecideStream"} | {"GetLimits"}


def test_an_earlier_instant_is_the_last_one_seen(sqlite_harness):
    harness = sqlite_harness
    harness.rules(action("pizza"), capacity(limit=9, hold="5m"))
    decided = harness.decide(session="s", at=NOON)
    harness.engine.claimer.claim(ClaimCall("c", decided.decision_id, "pizza", at=NOON))
    harness.engine.desk.session("s", NOON + timedelta(minutes=6))
    page = harness.engine.claimer.list_claims(ClaimsCall(customer_id="ann", page_size=9, at=NOON))
    assert [claim.state.name for claim in page.claims] == ["EXPIRED"]
    assert harness.engine.desk.session("s", NOON).open_claims == ()
    assert harness.engine.desk.customer("ann", NOON).open_claims == ()
    assert [limit.held for limit in harness.engine.operator.limits(LimitsCall(at=NOON))] == [0]
    assert harness.decide("ann", at=NOON).decided_at == NOON + timedelta(minutes=6)

"""A whole engine around a database, rules written in few words, and a clock that is set by hand."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from tests.recording import RecordingObserver
from tests.rules import action, capacity, document, joined, ruleset

from maitred.bootstrap.engine import make_engine
from maitred.bootstrap.rules import load_policy
from maitred.core.behaviour.outcomes import Outcome, OutcomeKind
from maitred.core.deciding.decisions import Explain
from maitred.core.values.texts import digest
from maitred.engine.calls import ClaimCall, DecideCall, LimitsCall, OutcomesCall, StepCall
from maitred.engine.deciding.tickets import MoveTicket
from maitred.engine.errors import CallError

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

HEAD = joined(
    ruleset("harness", timezone="{zone}", channels="[pos, mobile]"),
    document(
        "Context",
        "harness",
        """\
attributes:
  customer.tier: string
  customer.quota: int
  customer.points: double
  household.id: string
  device.id: string
  session.id: string
  basket.slot: string
""",
    ),
)


def rules_text(*documents, zone="UTC", head=HEAD):
    """The text of a ruleset; `{zone}` in its head is the time zone."""
    return joined(head.replace("{zone}", zone), *documents)


PIZZA = action("pizza")
OF_PIZZA = capacity(applies_to="{actions: [pizza]}")


class EngineHarness:
    """Calls of a business, each with an id of its own unless one is given."""

    def __init__(self, store, keys, first_id=1, **settings):
        self.store, self.keys, self.now, self._ids = store, keys, NOON, count(first_id)
        self.engine = make_engine(store, keys, RecordingObserver(), load_policy, lambda: self.now, **settings)

    def rules(self, *documents, zone="UTC", head=HEAD, **files):
        """Puts rules in force; ``files`` are tables by name without ``.csv``."""
        sources = {"rules.yaml": rules_text(*documents, zone=zone, head=head).encode()}
        sources |= {f"{name}.csv": text.encode() for name, text in files.items()}
        return self.engine.rulesets.activate(sources, "a test")

    def after(self, duration):
        self.now += duration
        return self

    def at(self, moment):
        self.now = moment
        return self

    def new_id(self):
        return f"r-{next(self._ids)}"

    def decide(self, customer="ann", *, request="", explain=Explain.EXPLAIN_NONE, **fields):
        return self.engine.decider.decide(
            self.call(customer, request=request or self.new_id(), explain=explain, **fields)
        )

    def call(
        self, customer="ann", *, request, session="", context=None, location="", max_actions=1, **fields
    ):
        merged = {**(context or {}), **({"session": {"id": session}} if session else {})}
        channel = fields.pop("channel", "pos")
        fingerprint = digest(b"test", customer, location, channel, repr(merged), str(max_actions))
        return DecideCall(request, customer, channel, location, merged, fingerprint, max_actions, **fields)

    def names(self, customer="ann", **fields):
        """What is proposed, best first; nothing is asked twice."""
        return [proposal.action for proposal in self.decide(customer, **fields).proposals]

    def sees(self, customer="ann", **fields):
        """What would be proposed, without taking it."""
        return self.names(customer, dry_run=True, **fields)

    def why_not(self, customer="ann", **fields):
        """Reason, rule and words of every refusal, by action."""
        answer = self.decide(customer, explain=Explain.EXPLAIN_FULL, dry_run=True, **fields)
        return {
            refusal.action: (refusal.reason.name, refusal.rule, refusal.detail) for refusal in answer.refusals
        }

    def claim(self, decided, action="pizza", request=""):
        call = ClaimCall(request or self.new_id(), decided.decision_id, action)
        return self.engine.claimer.claim(call)

    def claim_after_sweep(self, customer):
        """A claim of somebody who asks once what was due has gone back."""
        self.sweep()
        return self.claim(self.decide(customer))

    def sweep(self):
        """Gives back what is due, as the service does every second."""
        self.engine.committer.commit(MoveTicket(plan=lambda: ()))

    def step(self, claimed, request=""):
        return StepCall(request or self.new_id(), claimed.claim_id)

    def redeem(self, claimed, request=""):
        self.engine.claimer.redeem(self.step(claimed, request))

    def release(self, claimed, request="", cause="voided"):
        self.engine.claimer.release(StepCall(request or self.new_id(), claimed.claim_id, cause))

    def report(self, decided, *kinds, action="pizza"):
        """Outcomes in one call; whether each was taken up."""
        outcomes = [self.outcome(decided, kind, action=action) for kind in kinds]
        return [answer.recorded for answer in self.record(*outcomes)]

    def outcome(self, decided, kind, *, action="pizza", outcome_id="", at=None):
        return Outcome(outcome_id or self.new_id(), decided.decision_id, action, OutcomeKind[kind], at)

    def record(self, *outcomes):
        return self.engine.claimer.record_outcomes(OutcomesCall(outcomes))

    def live(self, *limits):
        """Units that count against each limit of the ruleset in force, over all subjects."""
        counts: dict[str, int] = {}
        for limit in self.engine.operator.limits(LimitsCall(max_subjects=1_000)):
            counts[limit.name] = counts.get(limit.name, 0) + limit.used + limit.held
        return [counts.get(name, 0) for name in limits]

    def close(self):
        self.engine.committer.stop()
        self.store.close()


@contextmanager
def refused(code):
    """A call that cannot be answered, for that reason."""
    with pytest.raises(CallError) as error:
        yield error
    assert error.value.code is code, error.value.message


def denial(answer):
    assert not answer.granted
    assert not answer.claim_id
    return answer.reason.name

"""What a decision has proposed, found again under the ruleset in force."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from maitred.core.decisions import Proposal
from maitred.core.limits import Veil
from maitred.core.live import clock_facts
from maitred.core.policy import Policy
from maitred.core.rules import Location

from .codec import RecordBody
from .errors import CallError, Code
from .grants import Grant
from .ports import DecisionRecord
from .records import Records, question_of
from .rulesets import Rulesets


class Proposed(NamedTuple):
    """An action of a decision. ``proposal`` is that of the action, or the one it stands in for."""

    record: DecisionRecord
    body: RecordBody
    action: str
    proposal: Proposal


class Proposals:
    """Finds proposals. ``veil`` is what counters know persons by."""

    def __init__(self, records: Records, rulesets: Rulesets, veil: Veil) -> None:
        self._records, self._rulesets, self._veil = records, rulesets, veil

    def find(self, decision_id: str, action: str) -> Proposed:
        """Raises ``CallError``: no such decision, or it did not propose the action."""
        record = self._records.find(decision_id)
        body = self._records.body(record)
        for proposal in body.proposals:
            if action == proposal.action or action in self._stand_ins(proposal.action):
                return Proposed(record, body, action, proposal)
        raise CallError(Code.NOT_FOUND, f"decision `{decision_id}` did not propose `{action}`")

    def grant(self, proposed: Proposed, now: datetime) -> Grant | None:
        """The proposal as of now; ``None`` where the ruleset in force has no such action.

        Raises ``CallError`` where no ruleset is in force.
        """
        policy = self._policy()
        action = policy.by_name.get(proposed.action)
        if action is None:
            return None
        question = question_of(policy, proposed.record, proposed.body)
        place = policy.location(proposed.body.location_id) or Location("", policy.ruleset.zone, {})
        facts = {**question.facts, **place.attributes, "now": now}
        facts.update(clock_facts(policy.zones, now, place.zone))
        return Grant(policy, question._replace(facts=facts, now=now), action, self._veil)

    def _policy(self) -> Policy:
        active = self._rulesets.active
        if active is None:
            raise CallError(Code.NO_RULESET, "no valid ruleset is in force")
        return active

    def _stand_ins(self, action: str) -> frozenset[str]:
        """Everything that may be claimed in the place of an action."""
        active = self._rulesets.active
        return frozenset(_names(active, action)) if active else frozenset()


def _names(policy: Policy, action: str) -> Iterator[str]:
    found = policy.by_name.get(action)
    for name in found.alternatives if found else ():
        yield name
        yield from _names(policy, name)

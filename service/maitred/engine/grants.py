"""A proposal as of now: the facts of its decision, under the limits of the ruleset in force."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from maitred.core.choose import Pick, stand_ins_of
from maitred.core.decide import proposals_of
from maitred.core.decisions import Proposal, Question
from maitred.core.limits import Counts, Limit, Need, Unknown, Veil, needs_of, parts_of
from maitred.core.lots import Refused
from maitred.core.policy import Policy
from maitred.core.ranking import score_if_it_holds
from maitred.core.reasons import Reason
from maitred.core.rules import Action
from maitred.core.scan import Memo, truth
from maitred.core.snapshot import Snapshot, shortage_among

from .view import View

CLAIM_STEPS = frozenset({Counts.CLAIMED, Counts.REDEEMED})
"""Steps whose units a claim takes or looks at."""
MAX_ALTERNATIVES = 5
"""Proposals in place of a claim that is denied."""

_RECHECKED = frozenset({Reason.NOT_LIVE, Reason.CONSENT_REQUIRED, Reason.SENSITIVE})
"""What may have changed since; who is eligible for what was proposed was decided then."""


class Grant(NamedTuple):
    """An action that a decision has proposed.

    ``question`` holds the facts of the decision, with time and place as of now. ``is_own`` is
    whether the decision itself proposed it, and did not only propose what it may stand in for.
    """

    policy: Policy
    question: Question
    action: Action
    veil: Veil
    is_own: bool = True

    def needs(self, *steps: Counts) -> tuple[Need, ...] | Unknown:
        """One unit of each of the action's limits that count at these steps."""
        found: list[Need] = []
        for limit in self.limits(*steps):
            needs = self._needs_of(limit)
            if isinstance(needs, Unknown):
                return needs
            found.extend(needs)
        return tuple(found)

    def limits(self, *steps: Counts) -> Sequence[Limit]:
        """The action's limits that count at these steps."""
        return [limit for limit in self.action.limits if limit.counts in steps]

    def refused(self) -> Refused | None:
        """Why it can no longer be had, whatever the ledger says."""
        memo: Memo = {}
        each = self.policy.gates[self.action.name]
        gates = (gate for gate in each if gate.reason in _RECHECKED or not self.is_own)
        failing = (gate for gate in gates if truth(gate.condition, self.question.facts, memo) is not True)
        return next((Refused(gate.rule, gate.reason) for gate in failing), None)

    def stand_ins(self) -> "StandIns | None":
        """What could be claimed instead, where the action has alternatives."""
        if not self.action.alternatives:
            return None
        others = tuple(stand_ins_of(self.policy, self.action))
        limits = chain.from_iterable(_from_claim_on(other) for other in others)
        known = ((limit, self._needs_of(limit)) for limit in limits)
        return StandIns(
            self, others, {limit.key: needs for limit, needs in known if not isinstance(needs, Unknown)}
        )

    def _needs_of(self, limit: Limit) -> tuple[Need, ...] | Unknown:
        question = self.question
        return needs_of(limit, question.facts, question.now, question.zone, self.veil)


class StandIns(NamedTuple):
    """The alternatives of an action, theirs included, in the authors' order.

    What counts before a claim was taken for the action whose place they take.
    """

    grant: Grant
    actions: tuple[Action, ...]
    needs: Mapping[str, tuple[Need, ...]]

    def asks(self) -> list[Need]:
        """What to read to know which of them can be had."""
        return list(chain.from_iterable(self.needs.values()))

    def proposals(self, view: View, paused: frozenset[str]) -> tuple[Proposal, ...]:
        """Those that hold and can be had."""
        limits = chain.from_iterable(_from_claim_on(action) for action in self.actions)
        live = {
            part.key: view.live(need)
            for limit in limits
            for part, need in zip(parts_of(limit), self.needs.get(limit.key, ()), strict=False)
        }
        snapshot, grant = Snapshot(live), self.grant
        open_ones = (action for action in self.actions if action.name not in paused)
        picks = [pick for action in open_ones if (pick := self._pick(action, snapshot))]
        return proposals_of(grant.policy, grant.question, picks[:MAX_ALTERNATIVES])

    def _pick(self, action: Action, snapshot: Snapshot) -> Pick | None:
        grant, facts = self.grant, self.grant.question.facts
        score = score_if_it_holds(grant.policy, action, facts, Memo())
        if score is None or shortage_among(_from_claim_on(action), facts, snapshot, {}):
            return None
        return Pick(score, action, grant.action.name)


def _from_claim_on(action: Action) -> Iterator[Limit]:
    """The action's limits that count at a claim or after it."""
    return (limit for limit in action.limits if limit.counts in CLAIM_STEPS)

"""What a decision has proposed, found again under the ruleset in force."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from maitred.core.choose import stand_ins_of
from maitred.core.decisions import Proposal
from maitred.core.limits import Veil
from maitred.core.live import clock_facts
from maitred.core.lots import Origin
from maitred.core.rules import Location
from maitred.core.values import Attribute, Kind

from .codec import RecordBody
from .errors import CallError, Code
from .grants import Grant
from .ports import DecisionRecord
from .records import Records, question_of
from .rulesets import Rulesets


class Proposed(NamedTuple):
    """An action of a decision. ``shown`` is the lot of its proposal, or of the one it stands in for.

    It is empty where presenting takes nothing. ``is_own`` is whether the decision itself proposed it.
    """

    record: DecisionRecord
    body: RecordBody
    action: str
    shown: bytes
    is_own: bool


class Proposals:
    """Finds proposals. ``veil`` is what counters know persons by."""

    def __init__(self, records: Records, rulesets: Rulesets, veil: Veil) -> None:
        self._records, self._rulesets, self._veil = records, rulesets, veil

    def find(self, decision_id: str, action: str) -> Proposed:
        """Raises ``CallError``: no such decision, or the action cannot be had of it."""
        return self.of(self._records.find(decision_id), action)

    def of(self, record: DecisionRecord | None, action: str) -> Proposed:
        """The same where the record has been looked for."""
        if record is None:
            raise CallError(Code.NOT_FOUND, "there is no such decision")
        found = self._in(record, action)
        if found is None:
            raise CallError(Code.NOT_FOUND, "the decision did not propose this action")
        return found

    def taken(self, origin: Origin) -> Proposed:
        """What a lot was taken for, also where by now nothing could be: what was granted stays so.

        Raises ``CallError``: no such decision.
        """
        record = self._records.find(origin.decision.hex())
        found = self._in(record, origin.action)
        if found is not None:
            return found
        return Proposed(record, self._records.body(record), origin.action, b"", is_own=False)

    def grant(self, proposed: Proposed, now: datetime) -> Grant | None:
        """The proposal as of now; ``None`` where the ruleset in force has no such action.

        Raises ``CallError`` where no ruleset is in force.
        """
        policy = self._rulesets.in_force()
        action = policy.by_name.get(proposed.action)
        if action is None:
            return None
        body = proposed.body
        if proposed.record.ruleset != policy.ruleset.hash:
            body = body._replace(facts=_fitting(body.facts, policy.ruleset.attributes))
        question = question_of(policy, proposed.record, body)
        place = policy.location(body.location_id) or Location("", policy.ruleset.zone, {})
        facts = {**question.facts, **place.attributes, "now": now}
        facts.update(clock_facts(policy.zones, now, place.zone))
        as_of_now = question._replace(facts=facts, now=now)
        return Grant(policy, as_of_now, action, self._veil, is_own=proposed.is_own)

    def claimable(self, proposed: Proposed, now: datetime) -> Grant | None:
        """The same without what the customer has refused since: a consent withdrawn serves no more.

        Raises ``CallError`` where no ruleset is in force.
        """
        grant, statements = self.grant(proposed, now), proposed.record.statements
        if grant is None or not grant.policy.ruleset.privacy:
            return grant
        facts = grant.policy.still_allowed(grant.question.facts, statements)
        return grant._replace(question=grant.question._replace(facts=facts))

    def _in(self, record: DecisionRecord, action: str) -> Proposed | None:
        body = self._records.body(record)
        own = next((found for found in body.proposals if found.action == action), None)
        found = own or next((each for each in body.proposals if self._stands_in(action, each)), None)
        return Proposed(record, body, action, found.lot, is_own=own is not None) if found else None

    def _stands_in(self, name: str, proposal: Proposal) -> bool:
        """Whether the action of that name may be claimed in the place of the proposal's."""
        active = self._rulesets.active
        action = active.by_name.get(proposal.action) if active else None
        if active is None or action is None:
            return False
        return any(other.name == name for other in stand_ins_of(active, action))


def _fitting(facts: Mapping[str, Any], attributes: Mapping[str, Attribute]) -> Mapping[str, Any]:
    """Facts of a record that another ruleset's attributes can hold; those of a location are read anew."""
    return {
        name: value
        for name, value in facts.items()
        if not name.startswith("location.") and _fits(value, attributes.get(name))
    }


def _fits(value: Any, attribute: Attribute | None) -> bool:
    if attribute is None or isinstance(value, dict):
        return True
    if attribute.type.is_list:
        return isinstance(value, list) and all(_fits_kind(item, attribute.type.kind) for item in value)
    return _fits_kind(value, attribute.type.kind)


def _fits_kind(value: Any, kind: Kind) -> bool:
    if kind is Kind.TIMESTAMP:
        return isinstance(value, str) and _is_moment(value)
    return type(value) in _JSON_TYPES[kind]


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


_JSON_TYPES: Mapping[Kind, frozenset[type]] = {
    Kind.BOOL: frozenset({bool}),
    Kind.INT: frozenset({int}),
    Kind.DOUBLE: frozenset({int, float}),
    Kind.STRING: frozenset({str}),
    Kind.DURATION: frozenset({int}),
}

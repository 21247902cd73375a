"""What a customer has claimed and not yet redeemed: the till sees what was claimed in the app."""

from collections.abc import Iterable, Iterator
from itertools import islice

from maitred.core.deciding.decide import claimed_treatment
from maitred.core.deciding.decisions import Question
from maitred.core.deciding.policy import Policy
from maitred.core.rules.experiments import as_assigned
from maitred.core.rules.ruleset import RedeemAt
from maitred.engine.calls import OpenClaim
from maitred.engine.ports.store import ClaimRow

OPEN_MAX = 20
"""Promised in the API: nobody redeems more in one sale."""


def open_claims_of(
    policy: Policy, question: Question, location_id: str, rows: Iterable[ClaimRow]
) -> tuple[OpenClaim, ...]:
    """Those of a customer's open claims that can be redeemed there, with the words for that channel."""
    return tuple(islice(_redeemable(policy, question, location_id, rows), OPEN_MAX))


def _redeemable(
    policy: Policy, question: Question, location_id: str, rows: Iterable[ClaimRow]
) -> Iterator[OpenClaim]:
    for row in rows:
        action = policy.by_name.get(row.action)
        if action is None or row.expires_at <= question.now:
            continue
        if action.channels and question.channel not in action.channels:
            continue
        if action.redeem_at is RedeemAt.CLAIMED and row.location not in ("", location_id):
            continue
        action = as_assigned(action, question.facts)
        words = claimed_treatment(policy, action, question, row.expires_at)
        yield OpenClaim(row.id.hex(), row.action, words, row.expires_at, row.location)

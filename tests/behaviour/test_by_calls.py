"""Attributes over what was claimed and redeemed see the calls as they see reports, and each once."""

import pytest
from tests.claims.harness import DAY, PIZZA
from tests.rules import capacity, document

from maitred.core.deciding.decisions import Explain

COUNTED = document(
    "Context",
    "past",
    """\
computed:
  customer.claimed: {over: outcomes.claimed, where: outcome.action == "pizza", count: true}
  customer.redeemed: {over: outcomes.redeemed, window: {rolling: 1d}, count: true}
""",
)
READER = document(
    "Action",
    "reader",
    {
        "title": "r",
        "type": "message",
        "treatments": '{pos: {say: "${customer.claimed} ${customer.redeemed}"}}',
    },
)


@pytest.fixture
def past(harness):
    harness.rules(
        PIZZA, capacity(applies_to="{actions: [pizza]}", limit=9, counts="claimed"), COUNTED, READER
    )
    return harness


def counts(past, customer="ann"):
    decided = past.decide(customer, explain=Explain.EXPLAIN_NONE, dry_run=True, max_actions=9)
    proposal_of_reader = next(proposal for proposal in decided.proposals if proposal.action == "reader")
    return tuple(map(int, proposal_of_reader.treatment.say[0].split()))


def test_a_claim_and_its_redemption_are_seen_by_later_decisions(past):
    assert counts(past) == (0, 0)
    claimed = past.claim(past.decide(max_actions=9))
    assert counts(past.after(DAY / 24 / 60)) == (1, 0)
    for _ in range(2):
        past.redeem(claimed, request="receipt")
    assert counts(past) == (1, 1)
    assert counts(past, "bob") == (0, 0)
    assert counts(past.after(DAY)) == (1, 0)


def test_a_redemption_that_is_reported_counts_once(past):
    decided = past.decide(max_actions=9)
    past.claim(decided)
    assert past.report(decided, "REDEEMED") == [True]
    assert counts(past) == (1, 1)


def test_a_redemption_that_is_reported_without_a_claim_counts_once(past):
    assert past.report(past.decide(max_actions=9), "REDEEMED") == [True]
    assert counts(past)[1] == 1

"""What each call takes and gives back: every row of the table in docs/rule-files.md, on both databases."""

import re
from pathlib import Path

import pytest
from tests.claims.harness import DAY, MINUTE, action, cap, capacity

NAMES = ("decided", "presented", "claimed", "redeemed", "rejected")
RULES = (
    action("pizza"),
    cap("decided", limit=9, counts="decided"),
    cap("presented", limit=9, hold="10m"),
    capacity("claimed", limit=9, hold="10m"),
    capacity("redeemed", limit=9, counts="redeemed"),
    cap("rejected", limit=9, counts="rejected"),
)
DOCUMENT = Path(__file__).parents[2] / "docs" / "rule-files.md"


def decide(harness):
    harness.decide()


def decide_again_while_held(harness):
    harness.decide()
    harness.decide(session="another")


def presented_reported(harness):
    harness.report(harness.decide(), "PRESENTED")


def presented_reported_twice(harness):
    harness.report(harness.decide(), "PRESENTED", "PRESENTED", "ACCEPTED")


def presented_reported_of_two_decisions(harness):
    for decided in (harness.decide(), harness.decide()):
        harness.report(decided, "PRESENTED")


def claim(harness):
    return harness.claim(harness.decide())


def claim_again(harness):
    decided = harness.decide()
    first, again = harness.claim(decided), harness.claim(decided)
    assert (again.claim_id, again.existing, first.existing) == (first.claim_id, True, False)


def presented_reported_after_claim(harness):
    decided = harness.decide()
    harness.claim(decided)
    harness.report(decided, "PRESENTED")


def redeem(harness):
    harness.redeem(claim(harness))


def release(harness):
    harness.release(claim(harness))


def release_after_presented_reported(harness):
    decided = harness.decide()
    granted = harness.claim(decided)
    harness.report(decided, "PRESENTED")
    harness.release(granted)


def release_after_redeem(harness):
    granted = claim(harness)
    harness.redeem(granted)
    harness.release(granted)


def claim_expires(harness):
    claim(harness)
    harness.after(11 * MINUTE)


def rejected_reported(harness):
    decided = harness.decide()
    harness.claim(decided)
    harness.report(decided, "REJECTED", "REJECTED")


def rejected_reported_after_presented(harness):
    harness.report(harness.decide(), "PRESENTED", "REJECTED")


def released_reported(harness):
    decided = harness.decide()
    harness.redeem(harness.claim(decided))
    harness.report(decided, "RELEASED")


def redeemed_reported_without_claim(harness):
    harness.report(harness.decide(), "REDEEMED", "REDEEMED")


ROWS = {
    decide: (1, 1, 0, 0, 0),
    decide_again_while_held: (2, 1, 0, 0, 0),
    presented_reported: (1, 1, 0, 0, 0),
    presented_reported_twice: (1, 1, 0, 0, 0),
    presented_reported_of_two_decisions: (2, 2, 0, 0, 0),
    claim: (1, 1, 1, 0, 0),
    claim_again: (1, 1, 1, 0, 0),
    presented_reported_after_claim: (1, 1, 1, 0, 0),
    redeem: (1, 1, 1, 1, 0),
    release: (0, 0, 0, 0, 0),
    release_after_presented_reported: (0, 1, 0, 0, 0),
    release_after_redeem: (0, 0, 0, 0, 0),
    claim_expires: (1, 1, 0, 0, 0),
    rejected_reported: (0, 0, 0, 0, 1),
    rejected_reported_after_presented: (0, 1, 0, 0, 1),
    released_reported: (0, 0, 0, 0, 0),
    redeemed_reported_without_claim: (1, 1, 1, 1, 0),
}


@pytest.mark.parametrize("calls", ROWS, ids=lambda calls: calls.__name__)
def test_what_each_call_takes_and_gives_back(harness, calls):
    harness.rules(*RULES)
    calls(harness)
    assert tuple(harness.live(*NAMES)) == ROWS[calls]


def test_the_table_has_every_row():
    table = DOCUMENT.read_text().partition("What each call takes (+)")[2].partition("\n\n- ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [calls.__name__ for calls in ROWS]


def test_claims_that_were_released_or_have_expired_take_their_units_anew(harness):
    harness.rules(*RULES)
    decided = harness.decide()
    harness.release(harness.claim(decided))
    assert harness.claim(decided).granted
    assert harness.live(*NAMES[1:3]) == [1, 1]
    harness.after(11 * MINUTE)
    anew = harness.claim(decided)
    assert (anew.granted, anew.existing) == (True, False)
    assert harness.live(*NAMES[1:3]) == [1, 1], "its presentation still counts in its window"


def test_the_claim_window_ends_to_the_microsecond(harness):
    harness.rules(action("pizza", claim_within="2h"), action("tea"), capacity("claimed", limit=9, hold="30h"))
    decided, late, tea = (
        harness.decide(max_actions=2),
        harness.decide("bob", max_actions=2),
        harness.decide("cem", max_actions=2),
    )
    start = harness.now
    harness.at(start + 120 * MINUTE - harness.now.resolution)
    granted = harness.claim(decided)
    harness.at(start + 120 * MINUTE)
    assert harness.claim(late).reason.name == "CLAIM_WINDOW_OVER"
    assert harness.claim(decided).claim_id == granted.claim_id, "a live claim is answered whatever the window"
    harness.at(start + DAY - harness.now.resolution)
    assert harness.claim(tea, "tea").granted
    harness.at(start + DAY)
    assert harness.claim(late, "tea").reason.name == "CLAIM_WINDOW_OVER"


def test_a_claim_that_expired_is_redeemed_late_only_while_its_place_has_no_other(harness):
    harness.rules(action("pizza"), capacity("claimed", limit=9, hold="5m"))
    decided = harness.decide()
    first = harness.claim(decided)
    harness.after(6 * MINUTE)
    second = harness.claim(decided)
    assert second.claim_id != first.claim_id
    with pytest.raises(Exception, match="another claim"):
        harness.redeem(first)
    harness.release(second)
    harness.redeem(first)
    assert harness.claim(decided).reason.name == "ALREADY_REDEEMED"

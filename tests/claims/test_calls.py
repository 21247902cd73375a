"""What each call takes and gives back: every row of the table in docs/rule-files.md, on both databases."""

import re
from pathlib import Path

import pytest
from tests.claims.house import DAY, MINUTE, action, cap, capacity

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


def decide(house):
    house.decide()


def decide_again_while_held(house):
    house.decide()
    house.decide(session="another")


def presented_reported(house):
    house.report(house.decide(), "PRESENTED")


def presented_reported_twice(house):
    house.report(house.decide(), "PRESENTED", "PRESENTED", "ACCEPTED")


def presented_reported_of_two_decisions(house):
    for decided in (house.decide(), house.decide()):
        house.report(decided, "PRESENTED")


def claim(house):
    return house.claim(house.decide())


def claim_again(house):
    decided = house.decide()
    first, again = house.claim(decided), house.claim(decided)
    assert (again.claim_id, again.existing, first.existing) == (first.claim_id, True, False)


def presented_reported_after_claim(house):
    decided = house.decide()
    house.claim(decided)
    house.report(decided, "PRESENTED")


def redeem(house):
    house.redeem(claim(house))


def release(house):
    house.release(claim(house))


def release_after_presented_reported(house):
    decided = house.decide()
    granted = house.claim(decided)
    house.report(decided, "PRESENTED")
    house.release(granted)


def release_after_redeem(house):
    granted = claim(house)
    house.redeem(granted)
    house.release(granted)


def claim_expires(house):
    claim(house)
    house.after(11 * MINUTE)


def rejected_reported(house):
    decided = house.decide()
    house.claim(decided)
    house.report(decided, "REJECTED", "REJECTED")


def rejected_reported_after_presented(house):
    house.report(house.decide(), "PRESENTED", "REJECTED")


def released_reported(house):
    decided = house.decide()
    house.redeem(house.claim(decided))
    house.report(decided, "RELEASED")


def redeemed_reported_without_claim(house):
    house.report(house.decide(), "REDEEMED", "REDEEMED")


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
def test_what_each_call_takes_and_gives_back(house, calls):
    house.rules(*RULES)
    calls(house)
    assert tuple(house.live(*NAMES)) == ROWS[calls]


def test_the_table_has_every_row():
    table = DOCUMENT.read_text().partition("What each call takes (+)")[2].partition("\n\n- ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [calls.__name__ for calls in ROWS]


def test_claims_that_were_released_or_have_expired_take_their_units_anew(house):
    house.rules(*RULES)
    decided = house.decide()
    house.release(house.claim(decided))
    assert house.claim(decided).granted
    assert house.live(*NAMES[1:3]) == [1, 1]
    house.after(11 * MINUTE)
    anew = house.claim(decided)
    assert (anew.granted, anew.existing) == (True, False)
    assert house.live(*NAMES[1:3]) == [1, 1], "its presentation still counts in its window"


def test_the_claim_window_ends_to_the_microsecond(house):
    house.rules(action("pizza", claim_within="2h"), action("tea"), capacity("claimed", limit=9, hold="30h"))
    decided, late, tea = house.decide(most=2), house.decide("bob", most=2), house.decide("cem", most=2)
    start = house.now
    house.at(start + 120 * MINUTE - house.now.resolution)
    granted = house.claim(decided)
    house.at(start + 120 * MINUTE)
    assert house.claim(late).reason.name == "CLAIM_WINDOW_OVER"
    assert house.claim(decided).claim_id == granted.claim_id, "a live claim is answered whatever the window"
    house.at(start + DAY - house.now.resolution)
    assert house.claim(tea, "tea").granted
    house.at(start + DAY)
    assert house.claim(late, "tea").reason.name == "CLAIM_WINDOW_OVER"


def test_a_claim_that_expired_is_redeemed_late_only_while_its_place_has_no_other(house):
    house.rules(action("pizza"), capacity("claimed", limit=9, hold="5m"))
    decided = house.decide()
    first = house.claim(decided)
    house.after(6 * MINUTE)
    second = house.claim(decided)
    assert second.claim_id != first.claim_id
    with pytest.raises(Exception, match="another claim"):
        house.redeem(first)
    house.release(second)
    house.redeem(first)
    assert house.claim(decided).reason.name == "ALREADY_REDEEMED"

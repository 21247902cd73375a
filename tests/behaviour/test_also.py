"""Caps that count what other systems did beside their own units."""

from typing import Any

import pytest
from tests.claims.harness import DAY, HOUR, MINUTE, NOON, PIZZA
from tests.rules import cap, document

from maitred.core.rules.faults import RulesetInvalid
from maitred.engine.calls import LimitsCall

MICRO = MINUTE / 60_000_000
CONTACT = document("Event", "contact", {"fields": "{medium: string}", "retention": "90d"})
WEEKLY: dict[str, Any] = {"limit": 2, "window": "{rolling: 7d}", "also": "[events.contact]"}


def test_contacts_of_others_and_own_units_count_together(harness, happen):
    harness.rules(PIZZA, CONTACT, cap(**WEEKLY))
    happen(harness, kind="contact", at=NOON - 3 * DAY)
    assert harness.sees() == ["pizza"]
    decided = harness.decide()
    harness.report(decided, "PRESENTED")
    reason, rule, detail = harness.why_not()["pizza"]
    assert (reason, rule) == ("FREQUENCY_CAPPED", "cap")
    assert detail == "2 of 2 taken per customer within 7 days, events.contact counted too"
    assert harness.sees("bob") == ["pizza"]


def test_they_leave_the_window_to_the_microsecond(harness, happen):
    harness.rules(PIZZA, CONTACT, cap(**WEEKLY))
    happen(harness, {"kind": "contact", "at": NOON - 2 * DAY}, {"kind": "contact", "at": NOON - HOUR})
    gone = NOON - 2 * DAY + 7 * DAY
    # Simulated time does not go back.
    assert harness.sees(at=NOON - HOUR - MICRO) == ["pizza"]
    assert harness.sees(at=NOON - HOUR) == []
    assert harness.sees(at=gone - MICRO) == []
    assert harness.sees(at=gone) == ["pizza"]


def test_no_more_units_are_taken_than_are_left(harness, happen):
    harness.rules(PIZZA, CONTACT, cap(**WEEKLY, counts="decided"))
    happen(harness, kind="contact")
    assert [harness.names(session=f"s-{number}") for number in range(3)] == [["pizza"], [], []]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"also": "[events.contct]"}, "there are no events `events.contct`, did you mean `events.contact`?"),
        ({"also": "[events.contact]", "per": "[household]"}, "write `per: [customer]`"),
        ({"also": "[]"}, "this is empty"),
    ],
)
def test_faults(sqlite_harness, fields, words):
    with pytest.raises(RulesetInvalid) as error:
        sqlite_harness.rules(PIZZA, CONTACT, cap(**{**WEEKLY, **fields}))
    assert any(words in fault.message for fault in error.value.faults)


def test_operators_see_what_counts_beside_units(harness):
    harness.rules(PIZZA, CONTACT, cap(**WEEKLY))
    (shown,) = harness.engine.operator.limits(LimitsCall())
    assert shown.also == ("events.contact",)

"""Baskets without a card: nobody's, and no two of them the same."""

import pytest
from tests.claims.house import MINUTE, PIZZA, action, cap, capacity, denial, refused

from maitred.core.deciding.decisions import Explain
from maitred.engine.errors import Cause, Code

PRIVATE = """\
apiVersion: maitred/v1
kind: Ruleset
name: house
version: "1"
timezone: {zone}
channels: [pos, mobile]
---
apiVersion: maitred/v1
kind: Context
name: house
attributes:
  customer.id: {{type: string, purpose: perks}}
---
apiVersion: maitred/v1
kind: Privacy
name: law
purposes: {{perks: Giving perks.}}
default: here
jurisdictions:
  here:
    bases: {{perks: consent}}
"""


def nobody(house, **fields):
    return house.decide("", **fields)


def why_not(house, **fields):
    return house.why_not("", **fields)["pizza"]


def people(house):
    with house.store._readers.connect() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM person").scalar()


def test_nothing_is_kept_under_a_person(house):
    house.rules(PIZZA, capacity(limit=9))
    house.claim(nobody(house))
    assert people(house) == 0
    house.decide("ann")
    assert people(house) == 1


def test_its_record_is_sealed_and_read_back(house):
    house.rules(PIZZA)
    answer = nobody(house, context={"basket": {"slot": "a-secret-slot"}})
    record = house.store.decision(bytes.fromhex(answer.decision_id))
    assert (record.customer, record.key) == (b"", b"")
    assert b"pizza" not in record.body
    view = house.engine.decider.get_decision(answer.decision_id, Explain.EXPLAIN_FULL)
    assert view.customer_id == ""
    assert b"customer.id" not in view.facts_json
    assert b"anonymous" not in view.facts_json
    assert [proposal.action for proposal in view.answer.proposals] == ["pizza"]


def test_a_retry_gets_the_stored_answer_and_other_content_is_refused(house):
    house.rules(PIZZA, capacity(limit=2, counts="decided"))
    first = nobody(house, request="r")
    assert nobody(house, request="r") == first
    assert house.live("ovens") == [1]
    with refused(Code.OTHER_CONTENT):
        house.decide("ann", request="r")


@pytest.mark.parametrize("fields", [{}, {"window": "session"}, {"per": "[customer, location]"}])
def test_a_limit_per_customer_refuses_for_want_of_a_subject(lone_house, fields):
    lone_house.rules(PIZZA, cap(**fields))
    reason, rule, detail = why_not(lone_house, session="s", location="l")
    assert (reason, rule) == ("MISSING_ATTRIBUTE", "cap")
    assert "customer.id" in detail


def test_unless_it_says_that_nobody_passes_uncounted(house):
    house.rules(PIZZA, cap(counts="claimed", anonymous="allow"))
    for _ in range(3):
        assert house.claim(nobody(house)).granted
    assert house.live("cap") == [0]
    assert house.claim(house.decide("ann")).granted
    assert house.why_not("ann")["pizza"][0] == "FREQUENCY_CAPPED"
    assert house.sees("") == ["pizza"]


@pytest.mark.parametrize("counts", ["decided", "presented", "claimed", "redeemed"])
def test_every_step_passes_uncounted(lone_house, counts):
    lone_house.rules(PIZZA, cap(counts=counts, anonymous="allow"))
    for _ in range(2):
        decided = nobody(lone_house)
        lone_house.redeem(lone_house.claim(decided))
        lone_house.report(decided, "PRESENTED")
    assert lone_house.live("cap") == [0]


def test_other_limits_still_count(house):
    house.rules(PIZZA, cap(counts="claimed", anonymous="allow"), capacity(limit=1))
    first, second = nobody(house), nobody(house)
    assert house.claim(first).granted
    assert denial(house.claim(second)) == "CAPACITY_EXHAUSTED"


@pytest.mark.parametrize("allow", [False, True])
def test_a_household_without_a_card_is_counted(lone_house, allow):
    """There is a subject: only where there is none does `anonymous` say what becomes of it."""
    fields = {"anonymous": "allow"} if allow else {}
    lone_house.rules(PIZZA, cap(per="[household]", counts="decided", **fields))
    home = {"household": {"id": "h"}}
    assert lone_house.names("", context=home) == ["pizza"]
    assert lone_house.names("", context=home) == []
    assert lone_house.names("") == (["pizza"] if allow else [])
    assert lone_house.names("ann") == []


def test_a_wrong_value_is_no_want_of_a_subject(lone_house):
    lone_house.rules(PIZZA, cap(per="[household]", anonymous="allow"))
    assert why_not(lone_house, context={"household": {"id": " h"}})[0] == "RULE_ERROR"


def test_who_is_known_but_may_not_be_looked_at_is_not_anonymous(house):
    house.rules(PIZZA, cap(counts="claimed", anonymous="allow"), head=PRIVATE)
    assert house.why_not("ann")["pizza"][0] == "MISSING_ATTRIBUTE"
    assert house.sees("") == ["pizza"]


def test_claims_are_held_and_given_back_by_their_ids(house):
    house.rules(PIZZA, capacity(limit=1))
    decided = nobody(house)
    claimed = house.claim(decided, request="c")
    assert claimed == house.claim(decided, request="c")
    house.release(claimed)
    with refused(Code.TOO_LATE) as found:
        house.redeem(claimed)
    assert found.value.cause is Cause.CLAIM_RELEASED
    other = house.claim(nobody(house))
    house.after(21 * MINUTE).sweep()
    assert house.live("ovens") == [0]
    house.redeem(other)
    assert house.live("ovens") == [1]


def test_two_of_one_session_share_no_hold_with_another(house):
    house.rules(PIZZA, capacity(limit=9, counts="presented"))
    for _ in range(3):
        nobody(house)
    assert house.live("ovens") == [3]


def test_dry_runs_of_nobody_are_answered(lone_house):
    lone_house.rules(action("pizza"), capacity(limit=1))
    assert lone_house.sees("") == ["pizza"]
    lone_house.rules(action("pizza"))
    assert lone_house.sees("") == ["pizza"]

"""Baskets without a card: nobody's, and no two of them the same."""

import pytest
from tests.claims.harness import MINUTE, PIZZA, denial, refused
from tests.rules import action, cap, capacity, document, joined, ruleset

from maitred.core.deciding.decisions import Explain
from maitred.engine.errors import Cause, Code

PRIVATE = joined(
    ruleset("harness", timezone="{zone}", channels="[pos, mobile]"),
    document(
        "Context",
        "harness",
        """\
attributes:
  customer.id: {type: string, purpose: perks}
""",
    ),
    document(
        "Privacy",
        "law",
        """\
purposes: {perks: Giving perks.}
default: here
jurisdictions:
  here:
    bases: {perks: consent}
""",
    ),
)


def nobody(harness, **fields):
    return harness.decide("", **fields)


def why_not(harness, **fields):
    return harness.why_not("", **fields)["pizza"]


def people(harness):
    with harness.store._readers.connect() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM person").scalar()


def test_nothing_is_kept_under_a_person(harness):
    harness.rules(PIZZA, capacity(limit=9))
    harness.claim(nobody(harness))
    assert people(harness) == 0
    harness.decide("ann")
    assert people(harness) == 1


def test_its_record_is_sealed_and_read_back(harness):
    harness.rules(PIZZA)
    answer = nobody(harness, context={"basket": {"slot": "a-secret-slot"}})
    record = harness.store.decision(bytes.fromhex(answer.decision_id))
    assert (record.customer, record.key) == (b"", b"")
    assert b"pizza" not in record.body
    view = harness.engine.decider.get_decision(answer.decision_id, Explain.EXPLAIN_FULL)
    assert view.customer_id == ""
    assert b"customer.id" not in view.facts_json
    assert b"anonymous" not in view.facts_json
    assert [proposal.action for proposal in view.answer.proposals] == ["pizza"]


def test_a_retry_gets_the_stored_answer_and_other_content_is_refused(harness):
    harness.rules(PIZZA, capacity(limit=2, counts="decided"))
    first = nobody(harness, request="r")
    assert nobody(harness, request="r") == first
    assert harness.live("ovens") == [1]
    with refused(Code.OTHER_CONTENT):
        harness.decide("ann", request="r")


@pytest.mark.parametrize("fields", [{}, {"window": "session"}, {"per": "[customer, location]"}])
def test_a_limit_per_customer_refuses_for_want_of_a_subject(sqlite_harness, fields):
    sqlite_harness.rules(PIZZA, cap(**fields))
    reason, rule, detail = why_not(sqlite_harness, session="s", location="l")
    assert (reason, rule) == ("MISSING_ATTRIBUTE", "cap")
    assert "customer.id" in detail


def test_unless_it_says_that_nobody_passes_uncounted(harness):
    harness.rules(PIZZA, cap(counts="claimed", anonymous="allow"))
    for _ in range(3):
        assert harness.claim(nobody(harness)).granted
    assert harness.live("cap") == [0]
    assert harness.claim(harness.decide("ann")).granted
    assert harness.why_not("ann")["pizza"][0] == "FREQUENCY_CAPPED"
    assert harness.sees("") == ["pizza"]


@pytest.mark.parametrize("counts", ["decided", "presented", "claimed", "redeemed"])
def test_every_step_passes_uncounted(sqlite_harness, counts):
    sqlite_harness.rules(PIZZA, cap(counts=counts, anonymous="allow"))
    for _ in range(2):
        decided = nobody(sqlite_harness)
        sqlite_harness.redeem(sqlite_harness.claim(decided))
        sqlite_harness.report(decided, "PRESENTED")
    assert sqlite_harness.live("cap") == [0]


def test_other_limits_still_count(harness):
    harness.rules(PIZZA, cap(counts="claimed", anonymous="allow"), capacity(limit=1))
    first, second = nobody(harness), nobody(harness)
    assert harness.claim(first).granted
    assert denial(harness.claim(second)) == "CAPACITY_EXHAUSTED"


@pytest.mark.parametrize("allow", [False, True])
def test_a_household_without_a_card_is_counted(sqlite_harness, allow):
    """There is a subject: only where there is none does `anonymous` say what becomes of it."""
    fields = {"anonymous": "allow"} if allow else {}
    sqlite_harness.rules(PIZZA, cap(per="[household]", counts="decided", **fields))
    home = {"household": {"id": "h"}}
    assert sqlite_harness.names("", context=home) == ["pizza"]
    assert sqlite_harness.names("", context=home) == []
    assert sqlite_harness.names("") == (["pizza"] if allow else [])
    assert sqlite_harness.names("ann") == []


def test_a_wrong_value_is_no_want_of_a_subject(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(per="[household]", anonymous="allow"))
    assert why_not(sqlite_harness, context={"household": {"id": " h"}})[0] == "RULE_ERROR"


def test_who_is_known_but_may_not_be_looked_at_is_not_anonymous(harness):
    harness.rules(PIZZA, cap(counts="claimed", anonymous="allow"), head=PRIVATE)
    assert harness.why_not("ann")["pizza"][0] == "MISSING_ATTRIBUTE"
    assert harness.sees("") == ["pizza"]


def test_claims_are_held_and_given_back_by_their_ids(harness):
    harness.rules(PIZZA, capacity(limit=1))
    decided = nobody(harness)
    claimed = harness.claim(decided, request="c")
    assert claimed == harness.claim(decided, request="c")
    harness.release(claimed)
    with refused(Code.TOO_LATE) as error:
        harness.redeem(claimed)
    assert error.value.cause is Cause.CLAIM_RELEASED
    other = harness.claim(nobody(harness))
    harness.after(21 * MINUTE).sweep()
    assert harness.live("ovens") == [0]
    harness.redeem(other)
    assert harness.live("ovens") == [1]


def test_two_of_one_session_share_no_hold_with_another(harness):
    harness.rules(PIZZA, capacity(limit=9, counts="presented"))
    for _ in range(3):
        nobody(harness)
    assert harness.live("ovens") == [3]


def test_dry_runs_of_nobody_are_answered(sqlite_harness):
    sqlite_harness.rules(action("pizza"), capacity(limit=1))
    assert sqlite_harness.sees("") == ["pizza"]
    sqlite_harness.rules(action("pizza"))
    assert sqlite_harness.sees("") == ["pizza"]

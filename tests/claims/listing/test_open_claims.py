"""What is claimed is seen: with every decision, and in lists."""

from datetime import timedelta

import pytest
from tests.claims.harness import MINUTE, PIZZA, refused
from tests.rules import action, cap, capacity, document, ruleset

from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import ClaimsCall, ClaimState
from maitred.engine.errors import Cause, Code
from maitred.store.people.people import CLAIMS_UNTIL
from maitred.store.transactions import SqlTransaction

WORDS = '{mobile: {show: Tap, claimed: {show: "Until ${hold.expires}"}}, pos: {show: FREE PIZZA}}'
BOTH = action("pizza", treatments=WORDS)
OVENS = capacity(limit=999)


def shown(answer):
    return [claim.claim_id for claim in answer.open_claims]


def listed(harness, **fields):
    return harness.engine.claimer.list_claims(ClaimsCall(**fields))


def ids(page):
    return [claim.claim_id for claim in page.claims]


def claimed(harness, customer="ann", **fields):
    return harness.claim(harness.decide(customer, **fields)).claim_id


def test_the_till_sees_what_was_claimed_in_the_app(harness):
    harness.rules(BOTH, OVENS)
    answer = harness.claim(harness.decide(channel="mobile", location="harbour"))
    (claim,) = harness.decide(channel="pos").open_claims
    assert (claim.claim_id, claim.action, claim.location_id) == (answer.claim_id, "pizza", "harbour")
    assert claim.treatment.show == "FREE PIZZA"
    assert claim.expires_at == harness.now + 20 * MINUTE
    (claim,) = harness.decide(channel="mobile").open_claims
    assert claim.treatment.show == "Until 12:20"
    assert harness.decide("bob").open_claims == ()


@pytest.mark.parametrize("explain", list(Explain))
@pytest.mark.parametrize("dry", [False, True])
def test_they_are_told_at_every_level_of_explanation(sqlite_harness, explain, dry):
    sqlite_harness.rules(BOTH, OVENS)
    claim = claimed(sqlite_harness)
    assert shown(sqlite_harness.decide(explain=explain, dry_run=dry)) == [claim]


def test_without_any_limit_they_are_told_as_well(harness):
    harness.rules(PIZZA)
    claim = claimed(harness)
    assert shown(harness.decide()) == [claim]


@pytest.mark.parametrize("end", ["redeem", "release", "expire"])
def test_what_has_ended_is_not_open(harness, end):
    harness.rules(BOTH, OVENS)
    answer = harness.claim(harness.decide())
    if end == "expire":
        # Not swept: it is over by its own instant.
        harness.after(20 * MINUTE)
    else:
        getattr(harness, end)(answer)
    assert harness.decide().open_claims == ()


def test_a_claim_is_open_until_its_last_instant(harness):
    harness.rules(BOTH, OVENS)
    claim = claimed(harness)
    assert shown(harness.after(20 * MINUTE - timedelta(microseconds=1)).decide()) == [claim]


def test_only_what_can_be_redeemed_on_the_channel_and_at_the_location(harness):
    harness.rules(
        action("pizza", redeem_at="claimed", score=3),
        action("ringtone", channels="[mobile]", score=2),
        action("tea", score=1),
        OVENS,
    )
    decided = harness.decide(channel="mobile", location="harbour", max_actions=3)
    pizza, ringtone, tea = (harness.claim(decided, name).claim_id for name in ("pizza", "ringtone", "tea"))
    assert set(shown(harness.decide(channel="mobile", location="harbour"))) == {pizza, ringtone, tea}
    assert set(shown(harness.decide(location="harbour"))) == {pizza, tea}
    assert set(shown(harness.decide(location="market"))) == {tea}
    assert set(shown(harness.decide())) == {tea}


def test_one_of_no_location_is_redeemed_anywhere(sqlite_harness):
    sqlite_harness.rules(action("pizza", redeem_at="claimed"), OVENS)
    claim = claimed(sqlite_harness)
    assert shown(sqlite_harness.decide(location="market")) == [claim]


def test_the_soonest_expiry_comes_first_and_at_most_twenty(harness):
    slow, fast = action("slow"), action("fast", score=1)
    harness.rules(
        slow,
        fast,
        capacity("s", applies_to="{actions: [slow]}", limit=99, hold="2h"),
        capacity("f", applies_to="{actions: [fast]}", limit=99, hold="1h"),
    )
    late = harness.claim(harness.decide(max_actions=2), "slow").claim_id
    soon = [harness.claim(harness.after(MINUTE).decide(), "fast").claim_id for _ in range(21)]
    answer = harness.decide()
    assert shown(answer) == soon[:20]
    assert late not in shown(answer)
    assert [claim.expires_at for claim in answer.open_claims] == sorted(
        claim.expires_at for claim in answer.open_claims
    )


def test_a_retry_gets_the_stored_ones(harness):
    harness.rules(BOTH, OVENS)
    answer = harness.claim(harness.decide(channel="mobile"))
    first = harness.decide(request="r")
    harness.redeem(answer)
    again = harness.after(MINUTE).decide(request="r")
    assert again == first
    assert shown(again) == [answer.claim_id]
    view = harness.engine.decider.get_decision(first.decision_id, Explain.EXPLAIN_NONE)
    assert view.answer.open_claims == first.open_claims


def test_nobody_has_open_claims(harness):
    harness.rules(BOTH, OVENS)
    claimed(harness, "")
    assert harness.decide("").open_claims == ()


def test_a_denied_claim_and_a_repeated_one_are_none_more(harness):
    harness.rules(BOTH, capacity(limit=1))
    decided, other = harness.decide(), harness.decide()
    first = harness.claim(decided, request="c")
    assert not harness.claim(other).granted
    assert harness.claim(decided, request="c") == first
    assert shown(harness.decide()) == [first.claim_id]
    assert ids(listed(harness, customer_id="ann")) == [first.claim_id]


def test_of_an_action_that_is_gone_nothing_is_shown(harness):
    harness.rules(BOTH, OVENS)
    claim = claimed(harness)
    harness.rules(action("tea"), OVENS)
    assert harness.decide().open_claims == ()
    (listed_claim,) = listed(harness, customer_id="ann").claims
    assert (listed_claim.claim_id, listed_claim.treatment.title, listed_claim.state) == (
        claim,
        "pizza",
        ClaimState.HELD,
    )


# Lists


def test_claims_are_listed_by_customer_session_and_location(harness):
    harness.rules(BOTH, OVENS)
    ann = claimed(harness, "ann", session="s-1", location="harbour")
    bob = claimed(harness, "bob", session="s-2", location="market")
    nobody = claimed(harness, "", session="s-2", location="market")
    assert ids(listed(harness, customer_id="ann")) == [ann]
    assert ids(listed(harness, session_id="s-1")) == [ann]
    assert set(ids(listed(harness, session_id="s-2"))) == {bob, nobody}
    assert set(ids(listed(harness, location_id="market"))) == {bob, nobody}
    for unknown in ({"customer_id": "eve"}, {"session_id": "s"}, {"location_id": "moon"}):
        assert listed(harness, **unknown).claims == ()


def test_a_session_that_no_rule_declares_is_found(sqlite_harness):
    head = ruleset("harness", timezone="{zone}")
    sqlite_harness.rules(PIZZA, head=head)
    claim = claimed(sqlite_harness, session="s-1")
    assert ids(listed(sqlite_harness, session_id="s-1")) == [claim]


def test_every_state_is_told(harness):
    harness.rules(BOTH, OVENS)
    answers = [harness.claim(harness.decide(channel="mobile")) for _ in range(3)]
    harness.redeem(answers[0])
    harness.release(answers[1])
    by_id = {claim.claim_id: claim for claim in listed(harness, customer_id="ann").claims}
    states = [by_id[answer.claim_id].state.name for answer in answers]
    assert states == ["REDEEMED", "RELEASED", "HELD"]
    assert by_id[answers[2].claim_id].treatment.show == "Until 12:20"
    at = harness.now + 20 * MINUTE
    last = {claim.claim_id: claim.state for claim in listed(harness, customer_id="ann", at=at).claims}
    assert last[answers[2].claim_id] is ClaimState.EXPIRED
    assert last[answers[0].claim_id] is ClaimState.REDEEMED
    harness.after(20 * MINUTE).sweep()
    assert ClaimState.HELD not in {claim.state for claim in listed(harness, customer_id="ann").claims}


def test_pages_hold_every_claim_once_while_others_are_made(harness):
    harness.rules(BOTH, OVENS)
    there = [claimed(harness.after(MINUTE)) for _ in range(5)]
    claim_ids, token = [], ""
    for number in range(9):
        page = listed(harness, customer_id="ann", page_size=2, page_token=token)
        claim_ids += ids(page)
        token = page.next_page_token
        if not token:
            break
        # One that expires last and one that expires with those there.
        claimed(harness.after(MINUTE) if number % 2 else harness)
    assert len(claim_ids) == len(set(claim_ids))
    assert set(there) <= set(claim_ids)


def test_the_last_page_says_that_it_is(sqlite_harness):
    sqlite_harness.rules(BOTH, OVENS)
    for _ in range(4):
        claimed(sqlite_harness)
    first = listed(sqlite_harness, customer_id="ann", page_size=2)
    last = listed(sqlite_harness, customer_id="ann", page_size=2, page_token=first.next_page_token)
    assert (len(last.claims), last.next_page_token) == (2, "")


@pytest.mark.parametrize("token", ["x", "00", "ff" * 24, "00" * 23, "00" * 25, "é", "' OR 1=1 --"])
def test_a_forged_token_is_malformed(sqlite_harness, token):
    sqlite_harness.rules(BOTH, OVENS)
    with refused(Code.MALFORMED) as error:
        listed(sqlite_harness, customer_id="ann", page_token=token)
    assert "`page_token`" in error.value.message


def test_a_token_of_another_list_shows_nothing_of_it(sqlite_harness):
    sqlite_harness.rules(BOTH, OVENS)
    for customer in ("ann", "ann", "bob"):
        claimed(sqlite_harness, customer)
    token = listed(sqlite_harness, customer_id="ann", page_size=1).next_page_token
    others = listed(sqlite_harness, customer_id="bob", page_size=9, page_token=token)
    assert set(ids(others)) <= set(ids(listed(sqlite_harness, customer_id="bob")))


def test_a_location_that_the_rules_do_not_list_is_unknown(sqlite_harness):
    locations = document("Locations", "stores", {"table": "{file: stores.csv}"})
    sqlite_harness.rules(BOTH, locations, stores="id\nharbour\n")
    assert listed(sqlite_harness, location_id="harbour").claims == ()
    with refused(Code.NOT_FOUND) as error:
        listed(sqlite_harness, location_id="moon")
    assert error.value.cause is Cause.UNKNOWN_LOCATION


def test_what_was_erased_is_in_no_list(harness):
    harness.rules(BOTH, OVENS, cap(counts="claimed", limit=9))
    claimed(harness, session="s", location="harbour")
    kept = claimed(harness, "bob", session="s", location="harbour")
    harness.engine.privacy.erase("ann")
    assert listed(harness, customer_id="ann").claims == ()
    assert ids(listed(harness, session_id="s")) == ids(listed(harness, location_id="harbour")) == [kept]
    assert harness.decide("ann").open_claims == ()


def test_what_was_purged_is_in_no_list(harness):
    harness.rules(BOTH, OVENS)
    answer = harness.claim(harness.decide(location="harbour"))
    harness.release(answer)
    later = harness.after(timedelta(days=900)).now
    while harness.store.purge_ledger(later, 99):
        pass
    assert listed(harness, location_id="harbour").claims == ()
    with harness.store._readers.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM claim").scalar() == 0


@pytest.fixture
def asked_of(monkeypatch):
    """How many customers open claims were asked of, batch by batch."""
    asked, ask = [], SqlTransaction.open_claims

    def open_claims(self, customers, after):
        asked.append(len(customers))
        return ask(self, customers, after)

    monkeypatch.setattr(SqlTransaction, "open_claims", open_claims)
    return asked


def test_they_are_asked_for_only_of_customers_who_may_have_some(harness, asked_of):
    harness.rules(BOTH, OVENS)
    harness.decide("bob")
    assert asked_of == []
    claim = claimed(harness, "ann")
    harness.decide("bob")
    assert asked_of == []
    assert shown(harness.decide("ann")) == [claim]
    assert asked_of == [1]
    later = harness.after(timedelta(days=1))
    assert shown(later.decide("ann")) == []
    assert asked_of == [1, 0]


def test_open_claims_are_found_by_an_index(sqlite_harness):
    """Whatever a customer has claimed before, and however many customers there are."""
    sqlite_harness.rules(BOTH, OVENS)
    claimed(sqlite_harness, session="s", location="l")
    with sqlite_harness.store._readers.connect() as connection:
        for column in ("customer", "session", "location"):
            plan = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT lot_id FROM (SELECT DISTINCT column1 AS ref, column2 AS since"
                f" FROM (VALUES (x'00', 1))) AS wanted JOIN claim ON claim.{column} = wanted.ref"
                f" AND claim.expires_at > wanted.since AND length(claim.{column}) > 0"
            ).fetchall()
            assert any(f"claim_{column}" in str(row) for row in plan), plan
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN SELECT {CLAIMS_UNTIL} FROM person WHERE pseudonym = x'00'"
        ).fetchall()
        assert any("SEARCH claim USING COVERING INDEX claim_customer" in str(row) for row in plan), plan

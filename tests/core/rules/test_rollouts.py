import hmac
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import combinations
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.decisions import Explain, Question
from maitred.core.deciding.policy import compile_policy
from maitred.core.explaining.explain import explain
from maitred.core.rules.rollouts import PLACES, is_among_first, place_of
from maitred.core.rules.ruleset import Action, ActionType, Location, Rollout, RolloutStep, Ruleset
from maitred.core.values.reasons import Reason

NOON = datetime(2026, 12, 8, 12, tzinfo=UTC)
OSLO, ROME = Location("oslo-1", "Europe/Oslo", {}), Location("rome-1", "Europe/Rome", {})
BUCKETS = 100
CHI_SQUARE_MAX = 175.0
"""Of 99 degrees of freedom: chance goes beyond it once in a million."""

VECTORS = [
    ("pizza", "c-1", 13_117_872_122_123_101_645),
    ("pizza", "c-2", 10_111_247_513_573_599_245),
    ("pizza-2", "c-1", 7_911_230_520_465_523_414),
    ("pizza", "Zoë", 3_316_581_431_383_431_417),
    ("größe", "客-7", 9_283_199_693_088_706_587),
]


@pytest.mark.parametrize(("salt", "customer", "place"), VECTORS)
def test_places_are_the_documented_ones(salt, customer, place):
    assert place_of(salt, customer) == place


@given(st.text(alphabet=st.characters(codec="utf-8")), st.text(alphabet=st.characters(codec="utf-8")))
@example("s" * 65, "c-1")
def test_places_are_those_of_hmac(salt, customer):
    message = normalize("NFC", customer).encode()
    expected = hmac.digest(salt.encode(), message, "sha256")[:8]
    assert place_of(salt, customer) == int.from_bytes(expected)


def test_one_spelling_of_an_id_has_one_place():
    assert place_of("pizza", "Zoe\u0308") == place_of("pizza", "Zo\u00eb")
    assert place_of("pizza", "c-1") != place_of("pizza", "C-1")


@given(
    st.text(),
    st.text(min_size=1),
    st.fractions(0, 100, max_denominator=1000),
    st.fractions(0, 100, max_denominator=1000),
)
def test_who_is_in_stays_in_when_the_percentage_rises(salt, customer, one, other):
    low, high = sorted((one, other))
    assert is_among_first(low, salt, customer) <= is_among_first(high, salt, customer)
    assert is_among_first(Fraction(100), salt, customer)
    assert not is_among_first(Fraction(0), salt, customer)


def test_places_are_uniform_and_salts_independent():
    assert_laws(salts=10, customers=10_000)


@pytest.mark.torture
def test_places_of_very_many_are_uniform_and_salts_independent():
    assert_laws(salts=100, customers=100_000)


def assert_laws(salts, customers):
    """Every tenth of every salt has its share, and two salts share a hundredth."""
    inside = [_tenth_of(f"salt-{number}", customers) for number in range(salts)]
    expected = customers / 100
    deviation = (expected * 0.99) ** 0.5
    for one, other in combinations(inside, 2):
        assert abs((one & other).bit_count() - expected) < 6 * deviation


def _tenth_of(salt, customers):
    """Who is in the first tenth, as bits; the places of all are spread evenly over a hundred buckets."""
    places = [place_of(salt, f"customer-{number}") for number in range(customers)]
    counts = [0] * BUCKETS
    for place in places:
        counts[place * BUCKETS // PLACES] += 1
    expected = customers / BUCKETS
    assert sum((count - expected) ** 2 / expected for count in counts) < CHI_SQUARE_MAX, salt
    return int("".join("1" if place < PLACES // 10 else "0" for place in places), 2)


def policy_of(rollout, **fields):
    action = Action("pizza", "Pizza", ActionType.OFFER, rollout=rollout, **fields)
    ruleset = Ruleset("hash", "1", "UTC", actions=(action,))
    return compile_policy(ruleset, lambda _situations: pytest.fail("no situations here"))


def refusal_of(policy, customer="c-1", location=OSLO, now=NOON):
    """The refusal's rule and detail; ``None`` where it is proposed."""
    facts = policy.facts({}, channel="pos", customer_id=customer, location=location, now=now)
    question = Question("pos", facts, now, 1, location.zone)
    proposals = decide_from(policy, question).proposals
    refusals = explain(policy, question, proposals, Explain.EXPLAIN_REASONS).refusals
    if proposals:
        return None
    assert refusals[0].reason is Reason.NOT_IN_ROLLOUT
    return refusals[0].rule, refusals[0].detail


IN = next(f"c-{number}" for number in range(99) if is_among_first(Fraction(10), "salt", f"c-{number}"))
OUT = next(f"c-{number}" for number in range(99) if not is_among_first(Fraction(90), "salt", f"c-{number}"))


def test_the_share_of_customers_decides_and_is_told():
    policy = policy_of(Rollout("salt", Fraction("12.5")))
    assert refusal_of(policy, IN) is None
    words = "rolled out to 12.5 % of customers, this one is not among them"
    assert refusal_of(policy, OUT) == ("salt", words)


def test_who_is_not_known_is_in_no_rollout_below_all():
    words = "rolled out to 99 % of customers, a request without customer_id is in no rollout below 100 %"
    assert refusal_of(policy_of(Rollout("salt", Fraction(99))), "") == ("salt", words)
    assert refusal_of(policy_of(Rollout("salt", Fraction(100), locations=frozenset({"oslo-1"}))), "") is None


def test_steps_raise_the_share_by_the_calendar_of_the_place():
    steps = (RolloutStep(date(2026, 12, 1), Fraction(0)), RolloutStep(date(2026, 12, 9), Fraction(100)))
    policy = policy_of(Rollout("salt", Fraction(0), steps))
    words = "rolled out to 0 % of customers since 2026-12-01, this one is not among them"
    late = datetime(2026, 12, 8, 23, 30, tzinfo=UTC)
    assert refusal_of(policy, now=late.replace(hour=22), location=OSLO) == ("salt", words)
    assert refusal_of(policy, now=late, location=OSLO) is None
    assert refusal_of(policy, now=late, location=Location("ny", "America/New_York", {})) == ("salt", words)
    assert refusal_of(policy, now=datetime(2026, 11, 30, tzinfo=UTC))[1].startswith(
        "rolled out to 0 % of customers,"
    )


def test_groups_and_locations_narrow_it_and_are_told_apart():
    groups = (("staff", frozenset({"c-1"})), ("friends", frozenset({"Zo\u00eb"})))
    policy = policy_of(Rollout("salt", groups=groups, locations=frozenset({"oslo-1"})))
    assert refusal_of(policy) is None
    assert refusal_of(policy, "Zoe\u0308") is None
    assert refusal_of(policy, "c-2") == (
        "salt",
        "rolled out to [staff, friends], the customer is in none of them",
    )
    assert (
        refusal_of(policy, "")[1]
        == "rolled out to [staff, friends], a request without customer_id is in no group"
    )
    assert refusal_of(policy, location=ROME) == ("salt", 'rolled out at ["oslo-1"], this is rome-1')
    assert refusal_of(policy, location=Location("", "UTC", {}))[1].endswith("this request names no location")

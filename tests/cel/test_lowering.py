"""What every construct becomes."""

from datetime import UTC, datetime, timedelta

import pytest

from maitred.core.conditions.model import (
    FALSE,
    TRUE,
    All,
    Any,
    Literal,
    OneOf,
    Overlaps,
    Present,
    Residual,
    Within,
    negate,
)


def one_of(name, *values, wanted=True):
    return Literal(name, OneOf(frozenset(values)), wanted)


def overlaps(name, *values, wanted=True):
    return Literal(name, Overlaps(frozenset(values)), wanted)


AGE, TIER, AFFINITY, VIP = "customer.age", "customer.tier", "customer.affinity", "customer.vip"
TAGS, SINCE, AWAY = "customer.tags", "customer.since", "customer.away"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
OLDER = Literal(AGE, Within(low=18, low_open=True))
GOLD = one_of(TIER, "gold")
IS_VIP = one_of(VIP, True)
KNOWN_AGE = Literal(AGE, Present())

COMPARISONS = {
    "customer.age == 18": one_of(AGE, 18),
    "18 == customer.age": one_of(AGE, 18),
    "customer.age == dyn(18)": one_of(AGE, 18),
    "customer.age != 18": one_of(AGE, 18, wanted=False),
    "customer.age > 18": OLDER,
    "18 < customer.age": OLDER,
    "customer.age >= 18": Literal(AGE, Within(low=18)),
    "18 >= customer.age": Literal(AGE, Within(high=18)),
    "customer.age < 18": Literal(AGE, Within(high=18, high_open=True)),
    "!(customer.age > 18)": negate(OLDER),
    "customer.age < -(-9223372036854775807)": Literal(AGE, Within(high=2**63 - 1, high_open=True)),
    "customer.affinity >= 0.5": Literal(AFFINITY, Within(low=0.5)),
    "customer.affinity == 0.0 / 0.0": one_of(AFFINITY),
    "customer.affinity != 0.0 / 0.0": one_of(AFFINITY, wanted=False),
    "customer.affinity < 0.0 / 0.0": one_of(AFFINITY),
    "customer.affinity < 1.0 / 0.0": Literal(AFFINITY, Within(high=float("inf"), high_open=True)),
    "customer.name < 'm'": Literal("customer.name", Within(high="m", high_open=True)),
    "customer.name == 'a\\u0000b'": one_of("customer.name", "a\0b"),
    "customer.since < timestamp('2026-01-01T00:00:00Z')": Literal(
        SINCE, Within(high=NEW_YEAR, high_open=True)
    ),
    "customer.since < timestamp('2026-01-01T01:00:00+01:00')": Literal(
        SINCE, Within(high=NEW_YEAR, high_open=True)
    ),
    "customer.since < timestamp(1767225600)": Literal(SINCE, Within(high=NEW_YEAR, high_open=True)),
    "now == timestamp('2026-01-01T00:00:00.000001Z')": one_of("now", NEW_YEAR + timedelta(microseconds=1)),
    "customer.away >= duration('36h')": Literal(AWAY, Within(low=timedelta(hours=36))),
    "customer.away >= duration('1h') + duration('-30m')": Literal(AWAY, Within(low=timedelta(minutes=30))),
}
BOOLEANS = {
    "customer.vip": IS_VIP,
    "!customer.vip": negate(IS_VIP),
    "!!customer.vip": IS_VIP,
    "customer.vip == true": IS_VIP,
    "false == customer.vip": one_of(VIP, False),
    "customer.vip != true": negate(IS_VIP),
    "customer.vip < true": one_of(VIP, False),
    "customer.vip >= false": one_of(VIP, False, True),
    "situation.vip_at_risk": one_of("situation.vip_at_risk", True),
    "(customer.age > 18) == true": OLDER,
    "false == (customer.age > 18)": negate(OLDER),
    "has(customer.age)": KNOWN_AGE,
    "!has(customer.age)": negate(KNOWN_AGE),
    "has( customer . age )": KNOWN_AGE,
    "has(now)": Literal("now", Present()),
}
LISTS = {
    "customer.tier in ['gold']": GOLD,
    "customer.tier in ['gold', 'basic']": one_of(TIER, "gold", "basic"),
    "!(customer.tier in ['gold'])": negate(GOLD),
    "customer.tier in []": one_of(TIER),
    "customer.name in list.fruit": one_of("customer.name", "apple", "pear"),
    "customer.name in list.nothing": one_of("customer.name"),
    "customer.name in ['fig'] + list.fruit": one_of("customer.name", "apple", "pear", "fig"),
    "customer.affinity in [1.5, 0.0 / 0.0]": one_of(AFFINITY, 1.5),
    "customer.age in [1 + 1, 3]": one_of(AGE, 2, 3),
    "'a' in customer.tags": overlaps(TAGS, "a"),
    "customer.tags.exists(t, t == 'a')": overlaps(TAGS, "a"),
    "customer.tags.exists(t, 'a' == t)": overlaps(TAGS, "a"),
    "customer.tags.exists(t, t in ['a', 'b'])": overlaps(TAGS, "a", "b"),
    "customer.tags.exists(t, t == 'a' || t in list.fruit)": overlaps(TAGS, "a", "apple", "pear"),
    "customer.tags.exists(t, !(t != 'a'))": overlaps(TAGS, "a"),
    "customer.tags.exists(t, t in [])": overlaps(TAGS),
    "!customer.tags.exists(t, t == 'a')": overlaps(TAGS, "a", wanted=False),
    "customer.tags.all(t, t != 'a')": overlaps(TAGS, "a", wanted=False),
    "customer.tags.all(t, t != 'a' && !(t in ['b']))": overlaps(TAGS, "a", "b", wanted=False),
    "basket.weights.exists(w, w == 0.0 / 0.0)": overlaps("basket.weights"),
    "list.fruit.exists(f, f in customer.tags)": overlaps(TAGS, "apple", "pear"),
    "list.nothing.exists(f, f in customer.tags)": FALSE,
    "!list.fruit.exists(f, f in customer.tags)": overlaps(TAGS, "apple", "pear", wanted=False),
    "list.fruit.all(f, !(f in customer.tags))": overlaps(TAGS, "apple", "pear", wanted=False),
    "list.fruit.all(f, f in customer.tags)": All((overlaps(TAGS, "apple"), overlaps(TAGS, "pear"))),
    "list.nothing.all(f, f in customer.tags)": TRUE,
}
LOGIC = {
    "customer.age > 18 && customer.vip": All((OLDER, IS_VIP)),
    "customer.age > 18 || customer.vip": Any((OLDER, IS_VIP)),
    "!(customer.age > 18 && customer.vip)": Any((negate(OLDER), negate(IS_VIP))),
    "customer.vip && (customer.age > 18 && has(now))": All((IS_VIP, OLDER, Literal("now", Present()))),
    "true": TRUE,
    "dyn(1) == true": FALSE,
    "dyn(1) == 1.0": TRUE,
    "1 < 2 && 'a' != 'a'": FALSE,
    "customer.vip && true": IS_VIP,
    "customer.vip && false": FALSE,
    "customer.vip || 1 < 2": TRUE,
    "customer.vip || false": IS_VIP,
    "customer.tier == 'gold' || customer.tier in ['basic']": one_of(TIER, "gold", "basic"),
    "customer.tier != 'gold' && customer.tier != 'basic'": one_of(TIER, "gold", "basic", wanted=False),
    "'a' in customer.tags || 'b' in customer.tags": overlaps(TAGS, "a", "b"),
    "'a' in customer.tags && 'b' in customer.tags": All((overlaps(TAGS, "a"), overlaps(TAGS, "b"))),
    "true ? customer.vip : has(now)": IS_VIP,
    "has(customer.age) ? customer.age > 18 : customer.vip": Any(
        (All((KNOWN_AGE, OLDER)), All((negate(KNOWN_AGE), IS_VIP)))
    ),
    "customer.vip ? customer.age > 18 : false": Any((All((IS_VIP, OLDER)), All((IS_VIP, negate(IS_VIP))))),
}


@pytest.mark.parametrize(
    ("text", "expected"), [*COMPARISONS.items(), *BOOLEANS.items(), *LISTS.items(), *LOGIC.items()]
)
def test_becomes(lowered, text, expected):
    assert lowered(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "customer.age + 1 > 18",
        "customer.age > customer.visits[0]",
        "customer.name == channel",
        "customer.name in customer.tags",
        "customer.name in ['a', channel]",
        "customer.name.startsWith('a')",
        "customer.tags.size() > 1",
        "customer.tags == ['a']",
        "customer.tags.exists(t, t.startsWith('a'))",
        "customer.tags.exists(t, t == 'a' && customer.vip)",
        "customer.tags.exists(t, t != 'a')",
        "customer.tags.all(t, t == 'a')",
        "customer.tags.exists_one(t, t == 'a')",
        "customer.tags.exists(t, t == customer.name)",
        "dyn(customer.age) == 1.0",
        "customer.age in [1, 2.0]",
        "customer.age in [dyn(1.0)]",
        "customer.age == dyn(1.0)",
        "dyn(1.0) in customer.visits",
        "customer.vip == has(now)",
        "customer.away < duration('1ns')",
        "now < timestamp('2026-01-01T00:00:00.000000001Z')",
        "now < timestamp('2026-01-01T00:00:00Z') + duration('1500ns')",
        "now - customer.since > duration('720h')",
        "1 / 0 > 1",
        "int('9223372036854775807') + 1 == customer.age",
        "customer.tags.map(t, t + 'x').exists(t, t == 'ax')",
        "[customer.name].exists(t, t == 'a')",
        "{'a': 1}.a == customer.age",
        "now.getFullYear() == 2026",
    ],
)
def test_stays_with_cel(residual, text):
    assert residual(text).text == text


def test_residuals_are_the_smallest_boolean_parts(lowered):
    text = "customer.vip && !( customer.age + 1 > 2 ) || (has(now) ? (channel == customer.name) : true)"
    condition = lowered(text)
    residuals = {}

    def collect(part):
        if isinstance(part, Residual):
            residuals[part.expression.text] = part.wanted
        elif isinstance(part, All | Any):
            for term in part.terms:
                collect(term)

    collect(condition)
    assert residuals == {"customer.age + 1 > 2": False, "channel == customer.name": True}


def test_long_lists_of_all_are_not_unrolled(lowered):
    values = ", ".join(f"'{n}'" for n in range(33))
    assert isinstance(lowered(f"[{values}].all(v, v in customer.tags)"), Residual)


def test_nested_ternaries_do_not_explode(lowered):
    text = "customer.vip"
    for _ in range(12):
        text = f"(({text}) ? has(now) : customer.age > 1)"
    assert len(repr(lowered(text))) < 20_000


def test_flat_chains_of_any_length_stay_flat(lowered):
    text = " && ".join(f"customer.age != {n}" for n in range(500))
    assert lowered(text) == one_of(AGE, *range(500), wanted=False)


def test_named_lists_share_one_set(lowered):
    first, second = (
        lowered("customer.name in list.fruit"),
        lowered("customer.tags.exists(t, t in list.fruit)"),
    )
    assert first.test.values is second.test.values

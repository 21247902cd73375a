from maitred.core.explaining.explain import MAX_TOLD_CHARS, tell
from maitred.core.rules.situations import Derivation


def derivation(because, unknown=()):
    return Derivation(frozenset(because), frozenset(unknown), tuple(because.items()))


def test_a_chain_is_told_down_to_its_conditions():
    chains = derivation(
        {
            "service_failure": ("session.failed_calls >= 3",),
            "vip_at_risk": ("service_failure", 'customer.tier == "platinum"'),
        }
    )
    assert tell(chains, "vip_at_risk") == (
        'vip_at_risk because service_failure (session.failed_calls >= 3) and customer.tier == "platinum"'
    )
    assert tell(chains, "service_failure") == "service_failure because session.failed_calls >= 3"


def test_a_situation_is_followed_where_it_is_first_named_only():
    chains = derivation({"top": ("left", "right"), "left": ("base",), "right": ("base",), "base": ("x > 1",)})
    assert tell(chains, "top") == "top because left (base (x > 1)) and right (base)"


def test_support_that_goes_round_comes_to_an_end():
    assert tell(derivation({"a": ("b",), "b": ("a", "c"), "c": ("c",)}), "a") == "a because b (a and c (c))"


def test_what_does_not_hold_is_said_so():
    chains = derivation({}, unknown=("maybe",))
    assert tell(chains, "maybe") == "maybe is not known"
    assert tell(chains, "other") == "other does not hold"


def test_without_support_the_name_is_all_there_is_to_say():
    assert tell(derivation({"a": ()}), "a") == "a"


def test_long_and_deep_chains_are_cut():
    wide = {"top": tuple(f"s{i}" for i in range(1000))} | {f"s{i}": ("x" * 5000,) for i in range(1000)}
    words = tell(derivation(wide), "top")
    assert len(words) == MAX_TOLD_CHARS
    assert words.endswith("…")
    deep = {f"s{i}": (f"s{i + 1}",) for i in range(5000)}
    assert tell(derivation(deep), "s0").startswith("s0 because s1 (s2 (s3 (")
    assert len(tell(derivation({"x" * 10_000: ()}), "x" * 10_000)) == MAX_TOLD_CHARS

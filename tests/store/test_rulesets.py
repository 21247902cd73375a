from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from maitred.engine.ports.store import StoredRuleset
from maitred.store.log import rulesets

RULESET = StoredRuleset(
    hash="ab" * 32,
    version="2026.12",
    commit="0f" * 20,
    activated_at=datetime(2026, 12, 1, 9, 30, tzinfo=UTC),
    sources={"ruleset.yaml": b"kind: Ruleset\n", "tables/\u00fcber.csv": b"\xff\x00,1\n", "empty": b""},
)


def test_a_ruleset_comes_back(store):
    store.save_ruleset(RULESET)
    assert store.ruleset(RULESET.hash) == RULESET


def test_an_unknown_hash_has_no_ruleset(store):
    assert store.ruleset("no such hash") is None


def test_the_first_ruleset_under_a_hash_stays(store):
    store.save_ruleset(RULESET)
    store.save_ruleset(replace(RULESET, version="other", activated_at=datetime(2027, 1, 1, tzinfo=UTC)))
    assert store.ruleset(RULESET.hash) == RULESET


def test_a_large_ruleset_comes_back_and_is_kept_small(store):
    table = b"".join(b"row-%d,%d,gold\n" % (number, number % 97) for number in range(300_000))
    large = replace(RULESET, sources={"actions.csv": table})
    store.save_ruleset(large)
    assert store.ruleset(large.hash) == large
    assert len(rulesets.pack(large.sources)) * 3 < len(table)


@given(st.dictionaries(st.text(max_size=30), st.binary(max_size=300), max_size=8))
def test_a_bundle_unpacks_to_what_was_packed_whatever_the_order(sources):
    backwards = dict(reversed(list(sources.items())))
    assert rulesets.unpack(rulesets.pack(sources)) == sources
    assert rulesets.pack(backwards) == rulesets.pack(sources)

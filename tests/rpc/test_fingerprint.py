"""The fingerprint: the same for the same content, another one for other content."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rpc.requests import decide_bytes, struct_bytes

from maitred.rpc.convert.decisions import decide_call
from maitred.rpc.convert.fields import Arrival
from maitred.v1 import decision_pb2 as pb

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
CONTEXTS = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(CONTEXTS, st.randoms(use_true_random=False))
def test_the_fingerprint_does_not_depend_on_form_or_order_of_keys(context, random):
    names = list(context)
    random.shuffle(names)
    shuffled = {name: context[name] for name in names}
    prints = {
        decide_call(payload).fingerprint
        for payload in (
            decide_bytes(context_json=json.dumps(context).encode()),
            decide_bytes(context_json=json.dumps(shuffled, ensure_ascii=False, indent=1).encode()),
            struct_bytes(shuffled),
        )
    }
    assert len(prints) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"customer_id": "c2"},
        {"channel": "mobile"},
        {"location_id": "s"},
        {"ruleset": "abc"},
        {"max_actions": 2},
        {"dry_run": True},
        {"at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"context_json": b'{"a":"1"}'},
        {"context_json": b'{"a":1.5}'},
        {"context_json": b'{"b":1}'},
    ],
)
def test_other_content_has_another_fingerprint(change):
    base = decide_call(decide_bytes(context_json=b'{"a":1}'), Arrival(simulated_time=True))
    other = decide_call(decide_bytes(**{"context_json": b'{"a":1}', **change}), Arrival(simulated_time=True))
    assert other.fingerprint != base.fingerprint


def test_neighbouring_fields_do_not_run_into_each_other():
    one = decide_call(decide_bytes(customer_id="ab", channel="c"))
    other = decide_call(decide_bytes(customer_id="a", channel="bc"))
    assert one.fingerprint != other.fingerprint


def test_how_much_is_explained_is_not_content():
    plain, explained = decide_call(decide_bytes()), decide_call(decide_bytes(explain=pb.EXPLAIN_FULL))
    assert plain.fingerprint == explained.fingerprint
    assert decide_call(decide_bytes(request_id="r2")).fingerprint == plain.fingerprint

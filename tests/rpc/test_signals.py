"""Consent signals of a request: read, bounded, part of its content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rpc.requests import malformed

from maitred.engine.calls import ConsentSignals
from maitred.rpc.convert.decisions import SIGNAL_MAX_BYTES, decide_call
from maitred.v1 import decision_pb2 as pb

PURPOSES = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"]), min_size=1, max_size=9),
    max_size=5,
)
SIGNALS = st.fixed_dictionaries(
    {"granted": PURPOSES, "denied": PURPOSES, "gpc": st.booleans(), "tcf": st.text("AB.", max_size=4)}
)


def call_with(**signals):
    request = pb.DecideRequest(
        request_id="r", customer_id="c", channel="pos", consent=pb.ConsentSignals(**signals)
    )
    return decide_call(request.SerializeToString())


def refusal(**signals):
    return malformed(lambda: call_with(**signals))


def test_every_signal_arrives():
    call = call_with(granted=["perks", "ads"], denied=["profiling"], gpc=True, tcf="CP.A", gpp="DBAA~x")
    assert call.consent == ConsentSignals(
        frozenset({"perks", "ads"}), frozenset({"profiling"}), True, "CP.A", "DBAA~x"
    )


def test_no_signal_and_an_empty_one_are_the_same():
    none = decide_call(pb.DecideRequest(request_id="r", customer_id="c", channel="pos").SerializeToString())
    empty = call_with()
    assert none.consent is empty.consent is None
    assert none == empty


@given(SIGNALS, st.randoms(use_true_random=False))
def test_order_and_repetition_are_not_content(signals, random):
    shuffled = {**signals}
    for name in ("granted", "denied"):
        shuffled[name] = random.sample(signals[name] * 2, 2 * len(signals[name]))
    assert call_with(**signals).fingerprint == call_with(**shuffled).fingerprint


@given(SIGNALS, SIGNALS)
def test_other_signals_have_another_fingerprint(one, other):
    first, second = call_with(**one), call_with(**other)
    assert (first.fingerprint == second.fingerprint) == (first.consent == second.consent)


@pytest.mark.parametrize("field", ["granted", "denied"])
def test_purposes_are_bounded(field):
    purposes = [f"p{number}" for number in range(64)]
    assert getattr(call_with(**{field: purposes}).consent, field) == frozenset(purposes)
    assert refusal(**{field: [*purposes, "p"]}) == f"`consent.{field}` must hold at most 64, holds 65"
    assert getattr(call_with(**{field: ["x" * 256]}).consent, field) == {"x" * 256}
    assert refusal(**{field: ["p", "é" * 129]}) == f"`consent.{field}[1]` must be at most 256 bytes"
    assert refusal(**{field: ["p", ""]}) == f"`consent.{field}[1]` is required"
    assert refusal(**{field: ["a\nb"]}) == f"`consent.{field}[0]` must not hold control characters"


@pytest.mark.parametrize("field", ["tcf", "gpp"])
def test_strings_are_bounded_and_otherwise_left_alone(field):
    assert SIGNAL_MAX_BYTES == 65_536
    for text in ("A" * SIGNAL_MAX_BYTES, "\0 is no consent string"):
        assert getattr(call_with(**{field: text}).consent, field) == text
    for text in ("A" * (SIGNAL_MAX_BYTES + 1), "é" * (SIGNAL_MAX_BYTES // 2 + 1)):
        assert refusal(**{field: text}) == f"`consent.{field}` must be at most 65536 bytes"

"""Decisions of before lots had ids by time: what they took is found by the ids it was given then."""

import pytest
from tests.rules import action, cap, capacity

from maitred.compiled import is_compiled
from maitred.core.limits.lots import lot_id
from maitred.engine.deciding import codec, question

ALTERNATIVES = action("pizza", alternatives="[salad]"), action("salad", stand_in_only="true")


AS_BEFORE = pytest.param(
    "before",
    marks=pytest.mark.skipif(is_compiled(), reason="names within compiled modules cannot be replaced"),
)


@pytest.fixture(params=[AS_BEFORE, "by time"])
def decided_with(request, monkeypatch):
    """A decision, of before or as they are now."""

    def decide(harness, **fields):
        with monkeypatch.context() as before:
            if request.param == "before":
                before.setattr(codec, "FORMAT", 2)
                before.setattr(question, "own_lot_id", lambda part, origin, _: lot_id(part, origin))
            return harness.decide(**fields)

    return decide


@pytest.fixture
def limited(harness):
    """Everything counts: what is decided, presented and claimed."""
    harness.rules(
        action("pizza"),
        cap("made", counts="decided", limit=2),
        cap("seen", counts="presented", limit=2, hold="1h"),
        capacity(counts="claimed"),
    )
    return harness


def test_a_claim_gives_back_the_hold_and_spends_what_was_decided_once(limited, decided_with):
    limited.claim(decided_with(limited))
    assert [limited.live(name) for name in ("made", "seen", "ovens")] == [[1], [1], [1]]


def test_a_release_gives_back_what_was_decided(limited, decided_with):
    limited.release(limited.claim(decided_with(limited)))
    assert [limited.live(name) for name in ("made", "seen", "ovens")] == [[0], [0], [0]]


@pytest.mark.parametrize("kinds", [["REJECTED"], ["RELEASED"], ["PRESENTED", "RELEASED"]])
def test_a_report_gives_back_what_the_decision_took(limited, decided_with, kinds):
    decided = decided_with(limited)
    assert all(limited.report(decided, *kinds))
    assert limited.live("made") == [0]
    assert limited.live("seen") == [kinds.count("PRESENTED")]


def test_a_presentation_is_counted_once(limited, decided_with):
    decided = decided_with(limited)
    for _ in range(2):
        assert all(limited.report(decided, "PRESENTED"))
    assert limited.live("seen") == [1]

"""What operators are told of limits, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.ledger.asks import CAP, DAY, DUE, NOW, OVENS, confirm, needs, release, take

from maitred.core.limits.counters import FADE_US
from maitred.core.values.windows import Lifetime
from maitred.engine.ports.store import CounterQuery

MOST = 10
OVENS_ASK, WEEK_US = CounterQuery("ovens"), 7 * 86_400 * 1_000_000
CAP_ASK = CounterQuery("cap", WEEK_US)
OFTEN = replace(CAP, maximum=10)
ROOMY = replace(OVENS, maximum=10_000)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def tallies(store):
    def run(*asks, now=NOW, recent_us=FADE_US, per_limit=MOST):
        return list(store.tallies(now, asks, recent_us, per_limit))

    return run


def test_a_counter_is_told_as_it_stands(settle, tallies):
    lots = [take(), take()]
    settle(*lots, confirm(lots[0]))
    (tally,) = tallies(OVENS_ASK)
    assert (tally.limit, tally.held, tally.used, tally.live) == ("ovens", 1, 1, 2)
    assert (tally.subject, tally.window) == (needs(OVENS)[0].counter.subject, "day/2026-12-01")
    assert tally.resets_at == datetime(2026, 12, 2, tzinfo=UTC)
    assert tallies(CounterQuery("another")) == tallies() == []


def test_of_each_limit_the_fullest_come_first_and_only_so_many(settle, tallies):
    batch = [take(needs(ROOMY, location=f"s-{store}")) for store in range(5) for _ in range(store)]
    settle(*batch, *(take(needs(CAP, customer=f"c-{number}")) for number in range(3)))
    ranked = tallies(OVENS_ASK, CAP_ASK, per_limit=2)
    assert [(tally.limit, tally.live) for tally in ranked] == [
        ("ovens", 4),
        ("ovens", 3),
        ("cap", 1),
        ("cap", 1),
    ]
    assert [tally.subject for tally in ranked[2:]] == sorted(tally.subject for tally in ranked[2:])


def test_a_window_that_has_ended_is_not_told(settle, tallies):
    settle(take(needs(OVENS, replace(OVENS, name="ever", window=Lifetime()))))
    asks = OVENS_ASK, CounterQuery("ever")
    midnight = datetime(2026, 12, 2, tzinfo=UTC)
    assert [tally.limit for tally in tallies(*asks, now=midnight - MINUTE)] == ["ovens", "ever"]
    assert [tally.limit for tally in tallies(*asks, now=midnight)] == ["ever"]


def test_a_rolling_window_tells_what_it_counts_to_the_microsecond(settle, tallies, counts):
    lot = take(needs(CAP))
    settle(lot, confirm(lot))
    for now, live in ((NOW - MINUTE, 1), (NOW + 7 * DAY - timedelta(microseconds=1), 1), (NOW + 7 * DAY, 0)):
        (tally,) = tallies(CAP_ASK, now=now)
        assert (tally.used, tally.live) == (1, live)
        assert counts(CAP, now=now)[0].live == live


def test_a_hold_that_outlasts_a_rolling_window_is_not_held_in_it(settle, tallies):
    lots = [take(needs(OFTEN), hold_us=WEEK_US * 2) for _ in range(2)]
    settle(*lots)
    settle(confirm(lots[0]), take(needs(OFTEN), hold_us=WEEK_US), now=NOW + DAY)
    assert [(tally.live, tally.live_held) for tally in tallies(CAP_ASK, now=NOW + DAY)] == [(3, 2)]
    assert [(tally.live, tally.live_held) for tally in tallies(CAP_ASK, now=NOW + 7 * DAY)] == [(1, 1)]


def test_units_spent_as_they_are_taken_are_not_held(settle, tallies):
    settle(take(needs(CAP), hold_us=None))
    assert [(tally.live, tally.held, tally.live_held) for tally in tallies(CAP_ASK)] == [(1, 0, 0)]


def test_subjects_can_be_chosen_by_how_they_begin(settle, tallies):
    settle(*(take(needs(OVENS, location=f"s-{store}")) for store in ("1", "12", "\u00e9", "2")))
    for store in ("s-1", "s-\u00e9"):
        start = needs(OVENS, location=store)[0].counter.subject
        assert [tally.subject for tally in tallies(CounterQuery("ovens", subject_start=start))] == [start]


def test_what_a_limit_counted_under_another_kind_of_window_is_not_told(settle, tallies):
    settle(take(needs(OVENS)))
    assert tallies(CounterQuery("ovens", WEEK_US)) == []


def test_at_a_steady_pace_the_recent_units_are_those_of_the_while(settle, tallies):
    for minute in range(120):
        settle(*(take(needs(ROOMY), hold_us=None) for _ in range(2)), now=NOW + minute * MINUTE)
    (tally,) = tallies(OVENS_ASK, now=NOW + 120 * MINUTE, recent_us=60 * 60 * 1_000_000)
    assert tally.recent == pytest.approx(120, rel=0.05)


def test_when_nothing_is_taken_any_more_the_pace_is_forgotten(settle, tallies):
    settle(*(take(needs(ROOMY), hold_us=None) for _ in range(100)))
    recent = [tallies(OVENS_ASK, now=NOW + minutes * MINUTE)[0].recent for minutes in (0, 15, 30, 300)]
    assert recent == pytest.approx([100, 36.8, 13.5, 0], abs=0.1)


def test_what_was_given_back_or_has_expired_is_no_pace(settle, tallies):
    lots = [take(needs(ROOMY)) for _ in range(3)]
    settle(*lots)
    settle(release(lots[0]), confirm(lots[1]), now=NOW + MINUTE)
    assert tallies(OVENS_ASK)[0].recent == pytest.approx(2)
    settle(now=DUE)
    assert tallies(OVENS_ASK)[0].recent == pytest.approx(1)


def test_no_more_is_recent_than_there_is(settle, tallies):
    settle(take(needs(ROOMY)))
    assert tallies(OVENS_ASK, recent_us=10 * FADE_US)[0].recent == 1

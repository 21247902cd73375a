"""Frequency caps and capacity: how they are written, and what becomes of them."""

from datetime import timedelta

import pytest

from maitred.core.limits import Counts, LetterCase, LimitKind, OnFailure
from maitred.core.windows import Calendar, Lifetime, Period, Rolling, Session

ACTION = """\
apiVersion: maitred/v1
kind: Action
name: {name}
title: T
type: {type}
labels: {{group: perks}}
"""

LOCATIONS = """\
apiVersion: maitred/v1
kind: Locations
name: stores
table: {file: stores.csv, columns: {oven_slots: int, city: string, size: double}}
"""
STORES = "id,timezone,oven_slots,city,size\n1,Asia/Tokyo,3,Tokyo,1.5\n2,Europe/Rome,4,Rome,2\n"

MORE_CONTEXT = """\
apiVersion: maitred/v1
kind: Context
name: more
attributes:
  session.id: string
  household.id: string
  device.id: string
  basket.slot: string
  customer.quota: int
  customer.at: timestamp
"""

DESIGN = """\
apiVersion: maitred/v1
kind: Capacity
name: store-ovens
applies_to: {actions: [free-pizza]}
per: [location]
limit: location.oven_slots
window: {calendar: day, timezone: location}
pace: {limit: 40, window: {rolling: 15m}}
counts: claimed
hold: 20m
---
apiVersion: maitred/v1
kind: FrequencyCap
name: perks-weekly
applies_to: {labels: {group: perks}}
per: [customer]
limit: 1
window: {rolling: 7d}
counts: presented
"""


def document(kind, **fields):
    lines = {
        "apiVersion": "maitred/v1",
        "kind": kind,
        "name": kind.lower(),
        "applies_to": "{all: true}",
        **({"per": "[customer]"} if kind == "FrequencyCap" else {}),
        "limit": "5",
        "window": "lifetime",
        **fields,
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None)


def cap(**fields):
    return document("FrequencyCap", **fields)


def capacity(**fields):
    return document("Capacity", **fields)


@pytest.fixture
def sources(ruleset):
    def make(*documents, **more):
        return ruleset(
            context__yaml=MORE_CONTEXT,
            locations__yaml=LOCATIONS,
            stores__csv=STORES,
            free__yaml=ACTION.format(name="free-pizza", type="offer"),
            limits__yaml="---\n".join(documents),
            **more,
        )

    return make


@pytest.fixture
def limits_of(bench, sources):
    """The limits of `free-pizza`."""

    def of(*documents, **more):
        actions = bench.load(sources(*documents, **more)).ruleset.actions
        return next(action for action in actions if action.name == "free-pizza").limits

    return of


def test_the_example_of_the_design_as_it_stands(bench, sources):
    loaded = bench.load(sources(DESIGN))
    assert loaded.warnings == ()
    weekly, ovens = next(action for action in loaded.ruleset.actions if action.name == "free-pizza").limits
    assert (weekly.name, weekly.kind, weekly.per) == (
        "perks-weekly",
        LimitKind.FREQUENCY_CAP,
        ("customer.id",),
    )
    assert (weekly.maximum, weekly.window, weekly.counts) == (1, Rolling(timedelta(days=7)), Counts.PRESENTED)
    assert weekly.pace is None
    assert (ovens.kind, ovens.per, ovens.maximum) == (
        LimitKind.CAPACITY,
        ("location.id",),
        "location.oven_slots",
    )
    assert ovens.window == Calendar(Period.DAY, None)
    assert (ovens.counts, ovens.hold) == (Counts.CLAIMED, timedelta(minutes=20))
    assert (ovens.pace.kind, ovens.pace.maximum, ovens.pace.name) == (LimitKind.PACE, 40, "store-ovens/pace")
    assert ovens.pace.window == Rolling(timedelta(minutes=15))
    assert all(limit.scope == "" for limit in (weekly, ovens, ovens.pace))
    pizza = next(action for action in loaded.ruleset.actions if action.name == "pizza")
    assert pizza.limits == ()


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("lifetime", Lifetime()),
        ("session", Session()),
        ("{lifetime: true}", Lifetime()),
        ("{rolling: 30s}", Rolling(timedelta(seconds=30))),
        ("{rolling: 1d12h}", Rolling(timedelta(hours=36))),
        ("{rolling: 2w}", Rolling(timedelta(weeks=2))),
        ("{calendar: day}", Calendar(Period.DAY, "Europe/Berlin")),
        ("{calendar: week, week_starts: sun}", Calendar(Period.WEEK, "Europe/Berlin", 6)),
        ("{calendar: month, timezone: location}", Calendar(Period.MONTH, None)),
        ("{calendar: year, timezone: Asia/Tokyo}", Calendar(Period.YEAR, "Asia/Tokyo")),
    ],
)
def test_windows(limits_of, window, expected):
    assert [limit.window for limit in limits_of(cap(window=window))] == [expected]


@pytest.mark.parametrize(
    ("per", "expected", "scope"),
    [
        ("[customer]", ("customer.id",), ""),
        ("[household]", ("household.id",), ""),
        ("[device]", ("device.id",), ""),
        ("[session]", ("session.id",), ""),
        ("[location, customer]", ("customer.id", "location.id"), ""),
        ("[channel, location.city]", ("channel", "location.city"), ""),
        ("[basket.slot]", ("basket.slot",), ""),
        ("[customer, action]", ("customer.id",), "free-pizza"),
        ("[chain]", (), ""),
        ("[]", (), ""),
        ("[action]", (), "free-pizza"),
    ],
)
def test_whom_units_are_counted_for(limits_of, per, expected, scope):
    (limit,) = limits_of(capacity(per=per, pace="{limit: 2, window: {rolling: 1h}}"))
    assert (limit.per, limit.scope) == (expected, scope)
    assert (limit.pace.per, limit.pace.scope) == (expected, scope)
    assert limit.key == (f"capacity@{scope}" if scope else "capacity")


def test_what_is_left_out(limits_of):
    capped, capacious = sorted(limits_of(cap(), capacity()), key=lambda limit: limit.kind.value, reverse=True)
    assert (capped.counts, capacious.counts) == (Counts.PRESENTED, Counts.CLAIMED)
    assert {limit.hold for limit in (capped, capacious)} == {timedelta(minutes=20)}
    assert (capacious.per, capacious.pace, capacious.overbook_percent) == ((), None, 0)
    assert {limit.on_failure for limit in (capped, capacious)} == {OnFailure.CLOSED}
    assert {limit.letter_case for limit in (capped, capacious)} == {LetterCase.EXACT}

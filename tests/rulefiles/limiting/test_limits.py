"""Frequency caps and capacity: how they are written, and what becomes of them."""

from datetime import timedelta

import pytest
from tests.rulefiles.conftest import perk
from tests.rules import document

from maitred.core.limits.limits import Counts, LetterCase, LimitKind, OnFailure
from maitred.core.values.windows import Calendar, Lifetime, Period, Rolling, Session

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
def test_windows(limits_of, cap, window, expected):
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
def test_whom_units_are_counted_for(limits_of, capacity, per, expected, scope):
    (limit,) = limits_of(capacity(per=per, pace="{limit: 2, window: {rolling: 1h}}"))
    assert (limit.per, limit.scope) == (expected, scope)
    assert (limit.pace.per, limit.pace.scope) == (expected, scope)
    assert limit.key == (f"capacity@{scope}" if scope else "capacity")


def test_what_is_left_out(limits_of, cap, capacity):
    capped, capacious = sorted(limits_of(cap(), capacity()), key=lambda limit: limit.kind.value, reverse=True)
    assert (capped.counts, capacious.counts) == (Counts.PRESENTED, Counts.CLAIMED)
    assert {limit.hold for limit in (capped, capacious)} == {timedelta(minutes=20)}
    assert (capacious.per, capacious.pace, capacious.overbook_percent) == ((), None, 0)
    assert {limit.on_failure for limit in (capped, capacious)} == {OnFailure.CLOSED}
    assert {limit.letter_case for limit in (capped, capacious)} == {LetterCase.EXACT}


def test_everything_said(limits_of, capacity):
    (limit,) = limits_of(
        capacity(
            applies_to="{types: [message]}",
            counts="presented",
            hold="1h30m",
            overbook="{percent: 10}",
            on_failure="open",
            letter_case="ignore",
            per="[customer]",
            pace="{limit: 2, window: {rolling: 1h}}",
        ),
        free__yaml=perk("free-pizza", "message"),
    )
    assert (limit.counts, limit.hold, limit.overbook_percent) == (
        Counts.PRESENTED,
        timedelta(minutes=90),
        10,
    )
    for part in (limit, limit.pace):
        assert (part.on_failure, part.letter_case) == (OnFailure.OPEN, LetterCase.IGNORE)
    assert (limit.pace.counts, limit.pace.hold) == (Counts.PRESENTED, timedelta(minutes=90))


@pytest.mark.parametrize("counts", [step.value for step in Counts])
def test_every_step_for_both_kinds(limits_of, cap, capacity, counts):
    assert {limit.counts for limit in limits_of(cap(counts=counts), capacity(counts=counts))} == {
        Counts(counts)
    }


@pytest.mark.parametrize("limit", ["location.oven_slots", "customer.quota", "0", "1000000000000"])
def test_numbers_of_units(limits_of, capacity, limit):
    (loaded,) = limits_of(capacity(limit=limit, per="[location]"))
    assert loaded.maximum == (int(limit) if limit.isdigit() else limit)


def test_limits_stand_in_order_of_their_keys_and_are_shared(bench, sources, cap, capacity):
    loaded = bench.load(sources(capacity(name="a"), cap(name="c"), capacity(name="b", per="[action]")))
    free, pizza = loaded.ruleset.actions
    assert [limit.key for limit in free.limits] == ["a", "b@free-pizza", "c"]
    assert [limit.key for limit in pizza.limits] == ["a", "b@pizza", "c"]
    assert free.limits[0] is pizza.limits[0]


@pytest.mark.parametrize(
    ("applies_to", "expected"),
    [
        ("{all: true}", {"free-pizza", "pizza"}),
        ("{actions: [pizza]}", {"pizza"}),
        ("{labels: {group: perks}}", {"free-pizza"}),
        ("{labels: {group: perks}, actions: [pizza]}", set()),
        ("{labels: {group: other}}", set()),
        ("{types: [offer], channels: [pos]}", {"free-pizza", "pizza"}),
        ("{channels: [pos], actions: [pizza, free-pizza], labels: {group: perks}}", {"free-pizza"}),
    ],
)
def test_which_actions_a_limit_applies_to(bench, sources, cap, applies_to, expected):
    actions = bench.load(sources(cap(applies_to=applies_to))).ruleset.actions
    assert {action.name for action in actions if action.limits} == expected


TABLE = document(
    "ActionTable",
    "coupons",
    """\
table: {file: coupons.csv, columns: {code: string, units: int, hourly: int, worth: double}}
action:
  name: coupon-${row.code}
  title: Coupon
  type: offer
  labels: {group: coupons}
""",
)
ROWS = "code,units,hourly,worth\na,300,20,1.5\nb,7,3,2\n"


def test_numbers_from_the_rows_of_a_table(bench, sources, capacity):
    limit = capacity(
        applies_to="{labels: {group: coupons}}",
        limit="row.units",
        pace="{limit: row.hourly, window: {rolling: 1h}}",
    )
    loaded = bench.load(sources(limit, coupons__csv=ROWS, table__yaml=TABLE))
    assert loaded.warnings == ()
    limits = {
        action.name: [
            (row_limit.key, row_limit.maximum, row_limit.pace.key, row_limit.pace.maximum)
            for row_limit in action.limits
        ]
        for action in loaded.ruleset.actions
    }
    assert limits == {
        "coupon-a": [("capacity@coupon-a", 300, "capacity/pace@coupon-a", 20)],
        "coupon-b": [("capacity@coupon-b", 7, "capacity/pace@coupon-b", 3)],
        "free-pizza": [],
        "pizza": [],
    }


@pytest.mark.parametrize(
    ("applies_to", "limit", "words"),
    [
        ("{all: true}", "row.units", "action `free-pizza` has no `row.units`: apply the limit to rows"),
        ("{labels: {group: coupons}}", "row.worth", "has no `row.worth`"),
        ("{labels: {group: coupons}}", "row.code", "has no `row.code`"),
        ("{labels: {group: coupons}}", "row.other", "has no `row.other`"),
    ],
)
def test_rows_that_have_no_such_number(bench, sources, capacity, applies_to, limit, words):
    files = sources(capacity(applies_to=applies_to, limit=limit), coupons__csv=ROWS, table__yaml=TABLE)
    (fault,) = bench.faults(files)
    assert (fault.file, fault.line, fault.column) == ("limits.yaml", 5, 8)
    assert words in fault.message


def test_a_row_with_fewer_than_no_units(bench, sources, capacity):
    limit = capacity(applies_to="{labels: {group: coupons}}", limit="row.units")
    rows = ROWS.replace("b,7", "b,-7")
    (fault,) = bench.faults(sources(limit, coupons__csv=rows, table__yaml=TABLE))
    assert (fault.file, fault.line) == ("coupons.csv", 3)
    assert fault.message.startswith("`-7` in `row.units` is not a number of units")


def test_a_location_with_fewer_than_no_units(bench, sources, capacity):
    limit = capacity(limit="location.oven_slots", per="[location]")
    files = sources(limit)
    files["stores.csv"] = files["stores.csv"].replace("Rome,4", "Rome,-4")
    (fault,) = bench.faults(files)
    assert fault.message.startswith("`location.oven_slots` is `-4` at location `2`")

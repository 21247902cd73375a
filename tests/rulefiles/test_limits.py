"""Frequency caps and capacity: how they are written, and what becomes of them."""

import time
from datetime import timedelta

import pytest

from maitred.core.limits import Counts, LetterCase, LimitKind, OnFailure
from maitred.core.lots import MAX_NEEDS
from maitred.core.windows import Calendar, Lifetime, Period, Rolling, Session

PERK = """\
apiVersion: maitred/v1
kind: Action
name: {name}
title: T
type: {type}
labels: {{group: perks}}
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
        free__yaml=PERK.format(name="free-pizza", type="message"),
    )
    assert (limit.counts, limit.hold, limit.overbook_percent) == (
        Counts.PRESENTED,
        timedelta(minutes=90),
        10,
    )
    for each in (limit, limit.pace):
        assert (each.on_failure, each.letter_case) == (OnFailure.OPEN, LetterCase.IGNORE)
    assert (limit.pace.counts, limit.pace.hold) == (Counts.PRESENTED, timedelta(minutes=90))


@pytest.mark.parametrize("counts", [step.value for step in Counts])
def test_every_step_for_both_kinds(limits_of, cap, capacity, counts):
    assert {limit.counts for limit in limits_of(cap(counts=counts), capacity(counts=counts))} == {
        Counts(counts)
    }


@pytest.mark.parametrize("limit", ["location.oven_slots", "customer.quota", "0", "1000000000000"])
def test_numbers_of_units(limits_of, capacity, limit):
    (found,) = limits_of(capacity(limit=limit, per="[location]"))
    assert found.maximum == (int(limit) if limit.isdigit() else limit)


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


TABLE = """\
apiVersion: maitred/v1
kind: ActionTable
name: coupons
table: {file: coupons.csv, columns: {code: string, units: int, hourly: int, worth: double}}
action:
  name: coupon-${row.code}
  title: Coupon
  type: offer
  labels: {group: coupons}
"""
ROWS = "code,units,hourly,worth\na,300,20,1.5\nb,7,3,2\n"


def test_numbers_from_the_rows_of_a_table(bench, sources, capacity):
    limit = capacity(
        applies_to="{labels: {group: coupons}}",
        limit="row.units",
        pace="{limit: row.hourly, window: {rolling: 1h}}",
    )
    loaded = bench.load(sources(limit, coupons__csv=ROWS, table__yaml=TABLE))
    assert loaded.warnings == ()
    found = {
        action.name: [(each.key, each.maximum, each.pace.key, each.pace.maximum) for each in action.limits]
        for action in loaded.ruleset.actions
    }
    assert found == {
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


# Line 5 is `per` of a cap, line 6 its `limit`, line 7 its `window`.
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"per": "[]"}, "5:6 a frequency cap is per somebody: write `[customer]`"),
        ({"per": "[chain]"}, "5:6 a frequency cap is per somebody"),
        ({"per": "[action]"}, "5:6 a frequency cap is per somebody"),
        ({"per": None}, "1:1 `per` is missing"),
        ({"per": "customer"}, "5:6 `customer` is not a list: put it in `[...]`"),
        ({"per": "[costumer]"}, "5:7 nothing is counted per `costumer`, did you mean `customer`?"),
        ({"per": "[Customer]"}, "5:7 nothing is counted per `Customer`, did you mean `customer`?"),
        ({"per": "[slot]"}, "5:7 nothing is counted per `slot`: write one of"),
        ({"per": "[customer, customer]"}, "5:6 `customer.id` stands here twice"),
        ({"per": "[customer, customer.id]"}, "5:6 `customer.id` stands here twice"),
        ({"per": "[customer, chain]"}, "5:6 `chain` is everybody together"),
        (
            {"per": "[customer.ID]"},
            "5:7 attribute `customer.ID` is not declared, did you mean `customer.id`?",
        ),
        ({"per": "[tenant.id]"}, "5:7 attribute `tenant.id` is not declared: write `tenant.id: string` into"),
        ({"per": "[customer.campaigns]"}, "5:7 `customer.campaigns` is of type list<string>"),
        ({"per": "[basket.value]"}, "5:7 `basket.value` is of type double, which names nobody"),
        ({"per": "[customer.at]"}, "5:7 `customer.at` is of type timestamp"),
        ({"per": "[situation.upset]"}, "5:7 attribute `situation.upset` is not declared"),
        ({"limit": "-1"}, "6:8 `-1` units are not possible: write 0 to"),
        ({"limit": "1.5"}, "6:8 `1.5` is not a number of units: write a whole number"),
        ({"limit": "true"}, "6:8 `true` is not a number of units"),
        ({"limit": "many"}, "6:8 `many` is not a number of units"),
        ({"limit": "[3]"}, "6:8 `[3]` is not a number of units"),
        ({"limit": None}, "1:1 `limit` is missing"),
        ({"limit": "1000000000001"}, "6:8 `1000000000001` units are not possible"),
        ({"limit": "1" + 30 * "0"}, f"6:8 `1{30 * '0'}` does not fit into 64 bits"),
        ({"limit": "1e30"}, "6:8 `1e+30` is not a number of units"),
        (
            {"limit": "customer.quote"},
            "6:8 there is no attribute `customer.quote`, did you mean `customer.quota`?",
        ),
        ({"limit": "basket.value"}, "6:8 `basket.value` is of type double: a number of units is an int"),
        ({"limit": "location.city"}, "6:8 `location.city` is of type string"),
        ({"window": None}, "1:1 `window` is missing"),
        ({"window": "{}"}, "7:9 say how long a unit counts"),
        ({"window": "lifetme"}, "7:9 there is no window `lifetme`, did you mean `lifetime`?"),
        ({"window": "7d"}, "7:9 there is no window `7d`: write `{rolling: 7d}`"),
        ({"window": "7"}, "7:9 `7` is not a mapping"),
        ({"window": "{rolling: 7d, calendar: day}"}, "7:23 a window is one of"),
        ({"window": "{session: true, lifetime: true}"}, "7:10 a window is one of"),
        ({"window": "{rolling: 0d}"}, "7:19 `0d` is no time at all"),
        ({"window": "{rolling: 0s}"}, "7:19 `0s` is no time at all"),
        ({"window": "{rolling: 7}"}, "7:19 `7` is not a duration: write it like `7d`"),
        ({"window": "{rolling: -7d}"}, "7:19 `-7d` is not a duration"),
        ({"window": "{rolling: 1.5d}"}, "7:19 `1.5d` is not a duration"),
        ({"window": "{rolling: 30m1h}"}, "7:19 `30m1h` is not a duration"),
        ({"window": "{rolling: ''}"}, "7:19 `` is not a duration"),
        ({"window": "{rolling: 3661d}"}, "7:19 `3661d` is too long: at most `3660d`"),
        ({"window": "{rolling: 999999999w}"}, "7:19 `999999999w` is too long"),
        ({"window": "{rolling: 9999999999w}"}, "7:19 `9999999999w` is not a duration"),
        ({"window": "{calendar: dya}"}, "7:20 `dya` is not known here, did you mean `day`?"),
        ({"window": "{calendar: day, timezone: Europe/Berln}"}, "7:35 there is no time zone `Europe/Berln`"),
        ({"window": "{rolling: 7d, timezone: location}"}, "7:23 only a `calendar` has a time zone"),
        ({"window": "{calendar: day, week_starts: mon}"}, "7:25 only `calendar: week` starts on a day"),
        ({"window": "{calendar: week, week_starts: monday}"}, "7:39 `monday` is not known here"),
        ({"counts": "claim"}, "8:9 `claim` is not known here, did you mean `claimed`?"),
        ({"hold": "0s"}, "8:7 `0s` is no time at all"),
        ({"hold": "20"}, "8:7 `20` is not a duration"),
        ({"on_failure": "ajar"}, "8:13 `ajar` is not known here"),
        (
            {"on_failure": "open"},
            "8:13 `open` is for messages only, and it applies to action `free-pizza` of type `offer`",
        ),
        ({"letter_case": "Exact"}, "8:14 `Exact` is not known here, did you mean `exact`?"),
        ({"pace": "{limit: 1, window: {rolling: 1h}}"}, "8:1 there is no field `pace` here"),
        ({"overbook": "{percent: 5}"}, "8:1 there is no field `overbook` here"),
        ({"applies_to": "{actions: [piza]}"}, "4:24 there is no action `piza`, did you mean `pizza`?"),
        ({"applies_to": "{}"}, "4:13 say what it applies to"),
        ({"applies_to": None}, "1:1 `applies_to` is missing"),
    ],
)
def test_a_fault_of_a_cap(bench, sources, cap, fields, expected):
    faults = [fault for fault in bench.faults(sources(cap(**fields))) if fault.severity.value == "error"]
    assert [fault.file for fault in faults] == ["limits.yaml"], faults
    assert f"{faults[0].line}:{faults[0].column} {faults[0].message}".startswith(expected)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"pace": "{limit: 4}"}, "7:7 `window` is missing"),
        ({"pace": "{window: {rolling: 1h}}"}, "7:7 `limit` is missing"),
        ({"pace": "{limit: 4, window: {calendar: day}}"}, "7:26 a pace looks back from now"),
        ({"pace": "{limit: 4, window: lifetime}"}, "7:26 a pace looks back from now"),
        ({"pace": "{limit: location.city, window: {rolling: 1h}}"}, "7:15 `location.city` is of type string"),
        (
            {"pace": "{limit: row.units, window: {rolling: 1h}}"},
            "7:15 action `free-pizza` has no `row.units`",
        ),
        ({"pace": "{limit: -1, window: {rolling: 1h}}"}, "7:15 `-1` units are not possible"),
        ({"pace": "{limit: 1, window: {rolling: 1h}, pace: 1}"}, "7:41 there is no field `pace` here"),
        ({"overbook": "10"}, "7:11 `10` is not a mapping"),
        ({"overbook": "{percent: 10%}"}, "7:21 `10%` is not a percentage"),
        ({"overbook": "{percent: -1}"}, "7:21 `-1` is not a percentage"),
        ({"overbook": "{percent: 101}"}, "7:21 `101` is not a percentage: write a whole number, 0 to 100"),
        ({"overbook": "{percent: 1.5}"}, "7:21 `1.5` is not a percentage"),
    ],
)
def test_a_fault_of_a_capacity(bench, sources, capacity, fields, expected):
    (fault,) = bench.faults(sources(capacity(**fields)))
    assert f"{fault.line}:{fault.column} {fault.message}".startswith(expected)


@pytest.mark.parametrize("word", ["household", "device", "session"])
def test_a_short_word_whose_attribute_is_not_declared(bench, ruleset, cap, word):
    (fault,) = bench.faults(ruleset(limits__yaml=cap(per=f"[{word}]")))
    assert fault.message == (
        f"attribute `{word}.id` is not declared: write `{word}.id: string` into a `Context`"
    )


@pytest.mark.parametrize(
    ("context", "words"),
    [("", "needs `session.id`: write `session.id: string`"), ("  session.id: int\n", "declared as int")],
)
def test_a_window_of_a_session_that_is_not_known(bench, ruleset, cap, context, words):
    files = ruleset(limits__yaml=cap(window="session"))
    files["ruleset.yaml"] += context
    (fault,) = bench.faults(files)
    assert (fault.line, words in fault.message) == (7, True)


def test_what_follows_from_a_told_fault_is_not_told_of_limits(bench, ruleset, cap):
    files = ruleset(limits__yaml=cap(per="[household]", limit="household.quota", window="session"))
    files["ruleset.yaml"] += "  household.id: strin\n  household.quota: itn\n  session.id: txt\n"
    assert {fault.file for fault in bench.faults(files)} == {"ruleset.yaml"}


def test_all_faults_of_a_limit_at_once(bench, sources, capacity):
    limit = capacity(per="[tenant.id, basket.value]", limit="1.5", window="{rolling: 0s}", hold="x")
    assert [(fault.line, fault.column) for fault in bench.faults(sources(limit))] == [
        (5, 8),
        (6, 19),
        (7, 7),
        (7, 18),
        (8, 7),
    ]


def test_one_name_for_a_cap_and_a_capacity(bench, sources, cap, capacity):
    (fault,) = bench.faults(sources(cap(name="same"), capacity(name="same", per="[location]")))
    assert fault.message.startswith("there is also a FrequencyCap `same` in limits.yaml")


def test_more_limits_on_an_action_than_can_be_taken_together(bench, sources, capacity):
    many = [capacity(name=f"c{number}", limit=str(number + 9)) for number in range(MAX_NEEDS)]
    assert len(bench.load(sources(*many)).ruleset.actions[0].limits) == MAX_NEEDS
    (fault,) = bench.faults(sources(*many, capacity(name="more"), free__yaml=""))
    assert fault.message.startswith(f"action `pizza` has {MAX_NEEDS + 1} limits and paces")


def test_thousands_of_limits_end_soon(bench, sources, cap):
    started = time.process_time()
    faults = bench.faults(sources(*(cap(name=f"c{number}") for number in range(3_000))))
    assert time.process_time() - started < 10
    assert any(fault.message.startswith("there are more than 1,000 limits") for fault in faults)

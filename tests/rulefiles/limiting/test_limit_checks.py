"""Warnings about limits that load and yet cannot mean what they say."""

import pytest
from tests.rules import document

OVENS = {"per": "[location]", "limit": "location.oven_slots"}


@pytest.fixture
def warnings_of(bench, sources):
    def of(*documents, **more):
        loaded = bench.load(sources(*documents, **more))
        return [f"{fault.line}:{fault.column} {fault.message}" for fault in loaded.warnings]

    return of


# Line 4 is `applies_to` of a capacity, line 5 its `limit`, line 6 its `window`.
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"applies_to": "{labels: {group: none}}"}, "4:13 no action meets this, so nothing is limited"),
        ({"limit": "0"}, "5:8 this is never more than 0"),
        ({"pace": "{limit: 0, window: {rolling: 1h}}"}, "7:15 this is never more than 0"),
        ({"limit": "location.oven_slots"}, "5:8 `location.oven_slots` differs by location, but all of them"),
        ({"counts": "decided", "hold": "5m"}, "8:1 nothing is held where a unit counts when decided"),
        ({"counts": "redeemed", "hold": "20m"}, "8:1 nothing is held where a unit counts when redeemed"),
        ({"counts": "rejected", "hold": "5m"}, "8:1 nothing is held where a unit counts when rejected"),
        ({"window": "{rolling: 1h}", "hold": "61m"}, "7:7 a unit held for `1h1m` stops counting before"),
        ({"window": "{rolling: 10m}"}, "6:9 a unit held for `20m` stops counting before"),
        ({"window": "{calendar: day}", "hold": "2d"}, "7:7 a unit held for `2d` stops counting"),
        ({"pace": "{limit: 5, window: {rolling: 1h}}"}, "7:15 a pace of `5` is not below `limit`"),
        (
            {"pace": "{limit: 6, window: {rolling: 1h}}", "window": "{calendar: day}"},
            "7:15 a pace of `6` is not below `limit`",
        ),
        (
            {"pace": "{limit: 2, window: {rolling: 2h}}", "window": "{rolling: 1h}"},
            "7:26 a pace over `2h` looks back longer than `window`",
        ),
        (
            {"pace": "{limit: 2, window: {rolling: 2d}}", "window": "{calendar: day}"},
            "7:26 a pace over `2d` looks back longer",
        ),
        (
            {**OVENS, "pace": "{limit: location.oven_slots, window: {rolling: 1h}}"},
            "8:15 a pace of `location.oven_slots` is not below `limit`",
        ),
        ({"overbook": "{percent: 19}"}, "7:11 this comes to no unit more"),
        ({"overbook": "{percent: 0}", "limit": "100"}, "7:11 this comes to no unit more"),
        ({"letter_case": "ignore"}, "7:1 no text is counted per, so letter case means nothing"),
        ({"letter_case": "ignore", "per": "[customer.quota]"}, "7:1 no text is counted per"),
    ],
)
def test_a_limit_that_cannot_mean_what_it_says(warnings_of, capacity, fields, expected):
    (warning,) = warnings_of(capacity(**fields))
    assert warning.startswith(expected), warning


@pytest.mark.parametrize(
    "fields",
    [
        {},
        OVENS,
        {"pace": "{limit: 4, window: {rolling: 1h}}"},
        {"pace": "{limit: 5, window: {rolling: 1h}}", "overbook": "{percent: 20}"},
        {**OVENS, "window": "{rolling: 1h}", "pace": "{limit: 20, window: {rolling: 15m}}"},
        {**OVENS, "window": "{calendar: day}", "pace": "{limit: 20, window: {rolling: 1d}}"},
        {"limit": "customer.quota", "per": "[customer]"},
        {"overbook": "{percent: 20}"},
        {**OVENS, "overbook": "{percent: 1}"},
        {"counts": "redeemed"},
        {"window": "session", "hold": "1d"},
        {"letter_case": "ignore", "per": "[customer]"},
        {"per": "[action]", "limit": "1"},
    ],
)
def test_what_is_no_cause_to_warn(warnings_of, capacity, fields):
    assert warnings_of(capacity(**fields)) == []


def test_numbers_that_are_nothing_everywhere(warnings_of, capacity):
    nothing = "id,oven_slots,city,size\n1,0,a,1\n2,0,b,1\n"
    (warning,) = warnings_of(capacity(**OVENS), stores__csv=nothing)
    assert "this is never more than 0" in warning
    assert warnings_of(capacity(**OVENS), stores__csv=nothing.replace("2,0", "2,1")) == []


def test_declared_values_that_are_nothing(warnings_of, cap):
    none = document("Context", "more", "attributes:\n  customer.quota: {type: int, values: [0, -1]}\n")
    assert "never more than 0" in warnings_of(cap(limit="customer.quota"), context__yaml=none)[0]
    assert warnings_of(cap(limit="customer.quota"), context__yaml=none.replace("-1", "1")) == []


def test_locations_without_a_number(warnings_of, capacity):
    (warning,) = warnings_of(
        capacity(**OVENS), stores__csv="id,oven_slots,city,size\n1,3,a,1\n2,,b,1\n3,,c,1\n"
    )
    assert "empty for location `2` and 1 more, where the actions are always refused" in warning


def test_attributes_that_differ_by_letter_case(warnings_of, cap):
    context = document("Context", "more", "attributes: {customer.Mail: string, customer.mail: string}\n")
    (warning,) = warnings_of(cap(per="[customer.mail]"), context__yaml=context)
    assert warning.startswith("5:7 `customer.mail` and `customer.Mail` differ in letter case only")


A, B = {"name": "a"}, {"name": "b"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({}, {}, "b this says the same as limit `a`"),
        ({"limit": "3"}, {"limit": "4"}, "b limit `a` refuses first"),
        ({"limit": "4"}, {"limit": "3"}, "a limit `b` refuses first"),
        ({"window": "{rolling: 7d}"}, {"window": "{rolling: 6d}"}, "b limit `a` refuses first"),
        ({"window": "{calendar: day}"}, {}, "a limit `b` refuses first"),
        ({"window": "{calendar: day}"}, {"window": "{calendar: week}"}, "a limit `b`"),
        ({"window": "{calendar: week}"}, {"window": "{calendar: month}"}, None),
        ({"window": "{calendar: day}"}, {"window": "{rolling: 1d}"}, None),
        ({"window": "{calendar: day}"}, {"window": "{rolling: 25h}"}, "a limit `b`"),
        ({"window": "{calendar: day}"}, {"window": "{calendar: day, timezone: location}"}, None),
        (
            {"window": "{calendar: week, week_starts: sun}"},
            {"window": "{calendar: week}"},
            None,
        ),
        ({"window": "session"}, {}, "a limit `b`"),
        ({"window": "session"}, {"window": "{rolling: 7d}"}, None),
        ({"applies_to": "{actions: [pizza]}"}, {}, "a limit `b`"),
        ({"applies_to": "{actions: [pizza]}"}, {"applies_to": "{actions: [free-pizza]}"}, None),
        ({"per": "[customer, location]"}, {}, "a limit `b`"),
        ({"per": "[customer, location]"}, {"per": "[customer, channel]"}, None),
        ({"counts": "claimed"}, {}, None),
        ({"per": "[customer, action]"}, {}, "a limit `b`"),
        ({"per": "[customer, action]", "limit": "4"}, {}, None),
        ({"limit": "6"}, {"per": "[customer, action]"}, None),
        ({"letter_case": "ignore"}, {}, "b limit `a`"),
        ({"limit": "customer.quota"}, {}, None),
        ({"limit": "customer.quota"}, {"limit": "customer.quota"}, "b this says the same"),
        ({"per": "[household]"}, {}, "b this is cap `a` once more, only that one is per `household.id`"),
        ({"per": "[device]"}, {"limit": "6"}, None),
        ({"per": "[location]"}, {}, None),
        ({"per": "[device]"}, {"window": "{rolling: 7d}"}, None),
        (
            {"per": "[device]", "applies_to": "{actions: [pizza]}"},
            {"applies_to": "{actions: [free-pizza]}"},
            None,
        ),
    ],
)
def test_two_caps_of_which_one_is_pointless(bench, sources, cap, one, other, expected):
    files = sources(a__yaml="", b__yaml="") | {
        "limits.yaml": "",
        "a.yaml": cap(**A, **{"limit": "5", **one}),
        "b.yaml": cap(**B, **{"limit": "5", **other}),
    }
    warning = [f"{fault.file[:1]} {fault.message}" for fault in bench.load(files).warnings]
    assert len(warning) == (expected is not None), warning
    assert not expected or warning[0].startswith(expected)


def test_a_capacity_that_a_cap_can_never_reach(bench, sources, cap, capacity):
    files = sources(capacity(limit="3"), cap(counts="claimed", limit="4"))
    (warning,) = bench.load(files).warnings
    assert warning.message.startswith("limit `capacity` refuses first")
    files = sources(capacity(limit="3", overbook="{percent: 50}"), cap(counts="claimed", limit="4"))
    assert len(bench.load(files).warnings) == 1
    files = sources(capacity(limit="3", overbook="{percent: 100}"), cap(counts="claimed", limit="4"))
    assert bench.load(files).warnings == ()


def test_a_pace_keeps_a_limit_from_being_pointless(bench, sources, capacity):
    paced = capacity(name="b", limit="9", pace="{limit: 2, window: {rolling: 1h}}")
    assert bench.load(sources(capacity(name="a"), paced)).warnings == ()
    same = capacity(name="c", limit="9", pace="{limit: 2, window: {rolling: 1h}}")
    assert len(bench.load(sources(same, paced)).warnings) == 1


def test_each_limit_is_told_once(bench, sources, cap):
    caps = [cap(name=f"c{number}", limit=str(number)) for number in range(1, 9)]
    assert len(bench.load(sources(*caps)).warnings) == 7


def test_there_are_no_warnings_about_limits_beside_an_error(bench, sources, cap):
    files = sources(cap(limit="0"))
    files["ruleset.yaml"] += "  customer.x: in\n"
    assert [fault.severity.value for fault in bench.faults(files)] == ["error"]


@pytest.mark.parametrize(
    ("fields", "is_warned"),
    [
        ({"per": "[customer]"}, False),
        ({"per": "[household, location]"}, False),
        ({"window": "session"}, False),
        ({"per": "[location]"}, True),
        ({}, True),
    ],
)
def test_anonymous_on_a_limit_that_is_nobody_s(warnings_of, capacity, fields, is_warned):
    warnings = warnings_of(capacity(**fields, anonymous="allow"))
    assert any("`anonymous` means nothing" in warning for warning in warnings) == is_warned

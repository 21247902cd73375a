"""What can be wrong with frequency caps and capacity: place and words, all of it at once."""

import time

import pytest

from maitred.core.limits.lots import MAX_NEEDS


# Line 5 is `per` of a cap, line 6 its `limit`, line 7 its `window`.
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"per": "[]"}, "5:6 a frequency cap is per somebody: write `[customer]`"),
        ({"per": "[chain]"}, "5:6 a frequency cap is per somebody"),
        ({"per": "[action]"}, "5:6 a frequency cap is per somebody"),
        ({"per": None}, "1:1 `per` is missing"),
        ({"per": "customer"}, "5:6 `customer` is not a list: write `[customer]`"),
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
        ({"window": "{rolling: 7}"}, "7:19 `7` is not a duration: write `7d`"),
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
        ({"overbook": "{percent: 10%}"}, "7:21 `10%` is text: write `10`, without `%` or quotes"),
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

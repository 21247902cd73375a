"""Decide under limits: sessions, sharing, standing in, windows, explanations now and later."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from tests.claims.house import DAY, HOUR, MINUTE, action, cap, capacity, document

from maitred.core.deciding.decisions import Explain
from maitred.engine.errors import CallError, Code

PIZZA = action("pizza")


def test_an_open_hold_serves_later_decisions_of_the_customer(house):
    house.rules(PIZZA, cap(hold="10m"))
    first = house.decide(session="s")
    again = house.after(MINUTE).decide(session="s")
    assert again.proposals == first.proposals
    assert house.names(session="other") == house.names() == house.names(channel="mobile") == ["pizza"]
    assert house.live("cap") == [1]
    assert house.names("bob", session="s") == ["pizza"]


def test_a_hold_of_one_session_is_not_used_in_another_where_each_counts(lone_house):
    lone_house.rules(PIZZA, cap(window="session", limit=1))
    one, two = lone_house.decide(session="s"), lone_house.decide(session="t")
    assert one.proposals[0].lot != two.proposals[0].lot
    assert lone_house.live("cap") == [2]


def test_a_hold_that_is_spent_or_over_is_nobodys_own_any_more(lone_house):
    lone_house.rules(PIZZA, cap(hold="10m"))
    first = lone_house.decide(session="s")
    lone_house.after(11 * MINUTE).sweep()
    second = lone_house.decide(session="s")
    assert second.proposals[0].lot != first.proposals[0].lot
    lone_house.report(second, "PRESENTED")
    assert lone_house.names(session="s") == []


def test_own_holds_are_found_behind_others_that_share_their_limit(lone_house):
    """All counters are read with the first actions; that the last one is held must be looked for."""
    many = [action(f"a-{number}", score=9) for number in range(9)]
    last = action("z", live='{hours: "12:00-12:30"}', score=99)
    lone_house.rules(*many, last, cap(hold="9h"))
    assert lone_house.names(session="s") == ["z"]
    lone_house.rules(*many, action("z"), cap(hold="9h"))
    assert lone_house.names(session="s") == ["z"]
    assert lone_house.live("cap") == [1]


def test_a_hold_of_one_location_is_not_used_at_another(lone_house):
    lone_house.rules(PIZZA, capacity(per="[location]", counts="presented"))
    assert lone_house.names(session="s", location="1") == ["pizza"]
    assert lone_house.names("bob", location="2") == ["pizza"]
    assert lone_house.names(session="s", location="2") == []
    assert lone_house.names(session="s", location="1") == ["pizza"]


def test_a_cap_per_customer_is_the_same_in_every_channel_and_place(lone_house):
    lone_house.rules(PIZZA, cap(counts="decided"))
    assert lone_house.names(channel="pos", location="1") == ["pizza"]
    assert lone_house.names(channel="mobile", location="2") == []


@pytest.mark.parametrize(("letter_case", "expected"), [("exact", ["pizza"]), ("ignore", [])])
def test_ids_that_differ_in_letter_case(lone_house, letter_case, expected):
    lone_house.rules(PIZZA, cap(letter_case=letter_case))
    lone_house.decide("Anna")
    assert lone_house.names("anna") == expected


def test_a_retry_takes_no_second_unit_and_has_the_same_answer(house):
    house.rules(PIZZA, cap(limit=2))
    first = house.decide(request="r")
    assert house.after(DAY).decide(request="r") == first
    with pytest.raises(CallError) as found:
        house.decide("bob", request="r")
    assert found.value.code is Code.OTHER_CONTENT
    house.sweep()
    assert house.live("cap") == [0]


def test_the_same_request_many_times_at_once_takes_one_unit(house):
    house.rules(PIZZA, cap(limit=5))
    answers, threads = [], []
    for _ in range(12):
        threads.append(threading.Thread(target=lambda: answers.append(house.decide(request="r"))))
        threads[-1].start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 12
    assert len({(each.decision_id, each.proposals) for each in answers}) == 1
    assert house.live("cap") == [1]


def test_a_dry_run_takes_nothing_and_writes_nothing(house):
    house.rules(PIZZA, cap())
    answer = house.decide(dry_run=True)
    assert [each.action for each in answer.proposals] == ["pizza"]
    assert (answer.decision_id, answer.proposals[0].lot, house.live("cap")) == ("", b"", [0])


def test_three_actions_of_one_decision_share_one_cap(house):
    house.rules(*(action(name) for name in "abc"), cap(limit=2))
    assert house.names(most=3) == ["a", "b"]
    assert house.live("cap") == [2]
    assert house.why_not(most=3)["c"] == ("FREQUENCY_CAPPED", "cap", "2 of 2 taken per customer ever")


def test_alternatives_stand_in_chained_in_order_and_right_of_whom(lone_house):
    sold_out = "{actions: [pizza, half]}"
    lone_house.rules(
        action("pizza", score=9, alternatives="[half, tea]"),
        action("half", score=8, alternatives="[soup]"),
        action("soup"),
        action("tea"),
        action("water", score=-1),
        capacity(applies_to=sold_out, limit=0),
    )
    for _ in range(3):
        found = lone_house.decide(most=4).proposals
        assert [(each.action, each.substitute_for, each.rank) for each in found] == [
            ("soup", "pizza", 1),
            ("tea", "", 2),
            ("water", "", 3),
        ]
    lone_house.engine.operator.pause("soup", "", "")
    found = lone_house.decide(most=1).proposals
    assert [(each.action, each.substitute_for) for each in found] == [("tea", "pizza")]


def test_the_words_of_a_stand_in_say_for_whom(lone_house):
    lone_house.rules(
        action("pizza", score=9, alternatives="[half]"),
        action("half"),
        capacity(applies_to="{actions: [pizza]}", limit=0),
    )
    answer = lone_house.decide(explain=Explain.EXPLAIN_FULL)
    assert answer.why[0][0] == "stands in for pizza, of which none can be had now"
    assert [(each.action, each.reason.name) for each in answer.refusals] == [("pizza", "CAPACITY_EXHAUSTED")]


def test_a_pace_refuses_though_there_is_capacity(house):
    house.rules(PIZZA, capacity(limit=9, pace="{limit: 2, window: {rolling: 15m}}"))
    decided = [house.decide(name) for name in "abc"]
    assert [house.claim(each).granted for each in decided] == [True, True, False]
    assert house.claim(decided[2], request="p").reason.name == "PACED"
    assert house.why_not()["pizza"] == ("PACED", "ovens/pace", "2 of 2 taken within 15 minutes")
    house.after(15 * MINUTE)
    assert house.claim(decided[2]).granted


CALENDAR = [
    ("{calendar: day}", datetime(2026, 12, 1, 23, 59, 59, 999999, tzinfo=UTC), timedelta(microseconds=1)),
    ("{calendar: week}", datetime(2026, 12, 6, 23, 59, tzinfo=UTC), 2 * MINUTE),
    ("{calendar: month}", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 2 * MINUTE),
    ("{calendar: year}", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 2 * MINUTE),
]


@pytest.mark.parametrize(("window", "before", "step"), CALENDAR)
def test_a_calendar_window_begins_anew_at_midnight(lone_house, window, before, step):
    lone_house.rules(PIZZA, cap(window=window, counts="decided"))
    assert lone_house.at(before).names() == ["pizza"]
    assert lone_house.names() == []
    assert lone_house.after(step).names() == ["pizza"]
    assert lone_house.names() == []


def test_a_rolling_window_looks_across_midnight_to_the_microsecond(lone_house):
    lone_house.rules(PIZZA, cap(window="{rolling: 24h}", counts="decided"))
    start = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
    assert lone_house.at(start).names() == ["pizza"]
    assert lone_house.at(start + 2 * MINUTE).names() == []
    assert lone_house.at(start + DAY - timedelta(microseconds=1)).names() == []
    assert lone_house.at(start + DAY).names() == ["pizza"]


@pytest.mark.parametrize(
    ("start", "hours"),
    [(datetime(2026, 3, 8, 5, tzinfo=UTC), 23), (datetime(2026, 11, 1, 4, tzinfo=UTC), 25)],
)
def test_a_day_of_another_length_is_one_day(lone_house, start, hours):
    lone_house.rules(PIZZA, cap(window="{calendar: day}", counts="decided"), zone="America/New_York")
    assert lone_house.at(start - timedelta(microseconds=1)).names() == ["pizza"]
    assert lone_house.at(start).names() == ["pizza"]
    assert lone_house.at(start + hours * HOUR - timedelta(microseconds=1)).names() == []
    assert lone_house.at(start + hours * HOUR).names() == ["pizza"]


def test_a_day_is_that_of_the_location(lone_house):
    places = document("Locations", "stores", {"table": "{file: stores.csv, columns: {}}"})
    window = "{calendar: day, timezone: location}"
    stores = "id,timezone\ntokyo,Asia/Tokyo\nrome,Europe/Rome\n"
    lone_house.rules(
        PIZZA, places, capacity(per="[location]", window=window, counts="decided"), stores=stores
    )
    lone_house.at(datetime(2026, 12, 1, 14, 59, tzinfo=UTC))
    assert [lone_house.names(name, location=name) for name in ("tokyo", "rome")] == [["pizza"], ["pizza"]]
    lone_house.after(MINUTE)
    assert [lone_house.names(name, location=name) for name in ("tokyo", "rome")] == [["pizza"], []]


def test_a_session_window_counts_one_session(lone_house):
    lone_house.rules(PIZZA, cap(window="session", counts="decided", limit=1, hold="1m"))
    assert lone_house.names(session="s") == ["pizza"]
    lone_house.after(2 * MINUTE).sweep()
    assert lone_house.names(session="s") == []
    assert lone_house.names(session="t") == ["pizza"]
    assert lone_house.why_not()["pizza"][0] == "MISSING_ATTRIBUTE"


def test_an_explanation_is_the_same_years_later_under_other_rules(house):
    documents = [*(action(name, score=ord(name) - 97) for name in "abcd"), cap(applies_to="{actions: [d]}")]
    house.rules(*documents, capacity(applies_to="{actions: [c]}", limit=0))
    house.report(house.decide(), "PRESENTED", action="d")
    house.engine.operator.pause("b", "", "")
    answer = house.decide(explain=Explain.EXPLAIN_FULL)
    assert [each.action for each in answer.proposals] == ["a"]
    assert {each.action: each.reason.name for each in answer.refusals} == {
        "b": "PAUSED",
        "c": "CAPACITY_EXHAUSTED",
        "d": "FREQUENCY_CAPPED",
    }
    house.engine.operator.resume("b")
    house.rules(PIZZA)
    house.after(3_000 * DAY)
    assert house.engine.decider.get_decision(answer.decision_id, Explain.EXPLAIN_FULL).answer == answer


def test_messages_that_may_go_on_do_so_while_the_ledger_is_down(lone_house, monkeypatch):
    message = action("hello", type="message", score=-5)
    other = action("closed", type="message", score=3)
    plain = action("plain", type="message", score=4)
    free = cap("open", applies_to="{actions: [hello]}", on_failure="open")
    lone_house.rules(PIZZA, message, other, plain, cap("shut", applies_to="{actions: [pizza, closed]}"), free)
    lone_house.store.close()
    answer = lone_house.decide(most=5)
    assert [each.action for each in answer.proposals] == ["hello"]
    assert (answer.degraded, answer.decision_id) == (True, "")
    assert answer.proposals[0].hold_expires_at is None
    monkeypatch.setattr(lone_house.engine.pauses, "_names", frozenset({"hello"}))
    with pytest.raises(CallError) as found:
        lone_house.decide(most=5)
    assert found.value.code is Code.STORE_DOWN


def test_what_is_due_goes_back_by_itself(house):
    house.rules(PIZZA, cap(hold="10m"))
    house.decide()
    house.after(10 * MINUTE).sweep()
    assert house.live("cap") == [0]

"""Decide under limits: sessions, sharing, standing in, windows, explanations now and later."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from tests.claims.harness import DAY, HOUR, MINUTE
from tests.rules import action, cap, capacity, document

from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import OutcomesCall
from maitred.engine.errors import CallError, Code

PIZZA = action("pizza")


def test_an_open_hold_serves_later_decisions_of_the_customer(harness):
    harness.rules(PIZZA, cap(hold="10m"))
    first = harness.decide(session="s")
    again = harness.after(MINUTE).decide(session="s")
    assert again.proposals == first.proposals
    assert harness.names(session="other") == harness.names() == harness.names(channel="mobile") == ["pizza"]
    assert harness.live("cap") == [1]
    assert harness.names("bob", session="s") == ["pizza"]


def test_a_hold_of_one_session_is_not_used_in_another_where_each_counts(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(window="session", limit=1))
    one, two = sqlite_harness.decide(session="s"), sqlite_harness.decide(session="t")
    assert one.proposals[0].lot != two.proposals[0].lot
    assert sqlite_harness.live("cap") == [2]


def decided_as_it_is_presented(harness, shown):
    """What the next decision comes to in the batch that takes the presentation of this one."""
    engine = harness.engine
    report = engine.claimer.recording(OutcomesCall((harness.outcome(shown, "PRESENTED"),)))
    again = engine.decider.deciding(harness.call(request="again"))
    engine.committer.settle([next(report), next(again)])
    with pytest.raises(StopIteration) as end:
        next(again)
    return end.value.value


def test_a_hold_that_the_same_batch_gives_back_serves_no_decision(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(limit=2))
    shown = sqlite_harness.decide()
    again = decided_as_it_is_presented(sqlite_harness, shown)
    assert again.proposals[0].lot not in {b"", shown.proposals[0].lot}
    assert sqlite_harness.live("cap") == [2]


def test_who_loses_their_hold_to_the_same_batch_is_decided_for_without_it(sqlite_harness):
    sqlite_harness.rules(PIZZA, action("salad", score=0), cap(applies_to="{actions: [pizza]}", limit=1))
    again = decided_as_it_is_presented(sqlite_harness, sqlite_harness.decide())
    assert [proposal.action for proposal in again.proposals] == ["salad"]
    assert sqlite_harness.live("cap") == [1]


def test_a_hold_that_is_spent_or_over_is_nobodys_own_any_more(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(hold="10m"))
    first = sqlite_harness.decide(session="s")
    sqlite_harness.after(11 * MINUTE).sweep()
    second = sqlite_harness.decide(session="s")
    assert second.proposals[0].lot != first.proposals[0].lot
    sqlite_harness.report(second, "PRESENTED")
    assert sqlite_harness.names(session="s") == []


def test_own_holds_are_found_behind_others_that_share_their_limit(sqlite_harness):
    """All counters are read with the first actions; that the last one is held must be looked for."""
    many = [action(f"a-{number}", score=9) for number in range(9)]
    last = action("z", live='{hours: "12:00-12:30"}', score=99)
    sqlite_harness.rules(*many, last, cap(hold="9h"))
    assert sqlite_harness.names(session="s") == ["z"]
    sqlite_harness.rules(*many, action("z"), cap(hold="9h"))
    assert sqlite_harness.names(session="s") == ["z"]
    assert sqlite_harness.live("cap") == [1]


def test_a_hold_of_one_location_is_not_used_at_another(sqlite_harness):
    sqlite_harness.rules(PIZZA, capacity(per="[location]", counts="presented"))
    assert sqlite_harness.names(session="s", location="1") == ["pizza"]
    assert sqlite_harness.names("bob", location="2") == ["pizza"]
    assert sqlite_harness.names(session="s", location="2") == []
    assert sqlite_harness.names(session="s", location="1") == ["pizza"]


def test_a_cap_per_customer_is_the_same_in_every_channel_and_place(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(counts="decided"))
    assert sqlite_harness.names(channel="pos", location="1") == ["pizza"]
    assert sqlite_harness.names(channel="mobile", location="2") == []


@pytest.mark.parametrize(("letter_case", "expected"), [("exact", ["pizza"]), ("ignore", [])])
def test_ids_that_differ_in_letter_case(sqlite_harness, letter_case, expected):
    sqlite_harness.rules(PIZZA, cap(letter_case=letter_case))
    sqlite_harness.decide("Anna")
    assert sqlite_harness.names("anna") == expected


def test_a_retry_takes_no_second_unit_and_has_the_same_answer(harness):
    harness.rules(PIZZA, cap(limit=2))
    first = harness.decide(request="r")
    assert harness.after(DAY).decide(request="r") == first
    with pytest.raises(CallError) as error:
        harness.decide("bob", request="r")
    assert error.value.code is Code.OTHER_CONTENT
    harness.sweep()
    assert harness.live("cap") == [0]


def test_the_same_request_many_times_at_once_takes_one_unit(harness):
    harness.rules(PIZZA, cap(limit=5))
    answers, threads = [], []
    for _ in range(12):
        threads.append(threading.Thread(target=lambda: answers.append(harness.decide(request="r"))))
        threads[-1].start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 12
    assert len({(answer.decision_id, answer.proposals) for answer in answers}) == 1
    assert harness.live("cap") == [1]


def test_a_dry_run_takes_nothing_and_writes_nothing(harness):
    harness.rules(PIZZA, cap())
    answer = harness.decide(dry_run=True)
    assert [proposal.action for proposal in answer.proposals] == ["pizza"]
    assert (answer.decision_id, answer.proposals[0].lot, harness.live("cap")) == ("", b"", [0])


def test_three_actions_of_one_decision_share_one_cap(harness):
    harness.rules(*(action(name) for name in "abc"), cap(limit=2))
    assert harness.names(max_actions=3) == ["a", "b"]
    assert harness.live("cap") == [2]
    assert harness.why_not(max_actions=3)["c"] == (
        "FREQUENCY_CAPPED",
        "cap",
        "2 of 2 taken per customer ever",
    )


def test_alternatives_stand_in_chained_in_order_and_right_of_whom(sqlite_harness):
    sold_out = "{actions: [pizza, half]}"
    sqlite_harness.rules(
        action("pizza", score=9, alternatives="[half, tea]"),
        action("half", score=8, alternatives="[soup]"),
        action("soup"),
        action("tea"),
        action("water", score=-1),
        capacity(applies_to=sold_out, limit=0),
    )
    for _ in range(3):
        proposals = sqlite_harness.decide(max_actions=4).proposals
        assert [(proposal.action, proposal.substitute_for, proposal.rank) for proposal in proposals] == [
            ("soup", "pizza", 1),
            ("tea", "", 2),
            ("water", "", 3),
        ]
    sqlite_harness.engine.operator.pause("soup", "", "")
    proposals = sqlite_harness.decide(max_actions=1).proposals
    assert [(proposal.action, proposal.substitute_for) for proposal in proposals] == [("tea", "pizza")]


def test_the_words_of_a_stand_in_say_for_whom(sqlite_harness):
    sqlite_harness.rules(
        action("pizza", score=9, alternatives="[half]"),
        action("half"),
        capacity(applies_to="{actions: [pizza]}", limit=0),
    )
    answer = sqlite_harness.decide(explain=Explain.EXPLAIN_FULL)
    assert answer.why[0][0] == "stands in for pizza, of which none can be had now"
    assert [(refusal.action, refusal.reason.name) for refusal in answer.refusals] == [
        ("pizza", "CAPACITY_EXHAUSTED")
    ]


def test_a_pace_refuses_though_there_is_capacity(harness):
    harness.rules(PIZZA, capacity(limit=9, pace="{limit: 2, window: {rolling: 15m}}"))
    decided = [harness.decide(name) for name in "abc"]
    assert [harness.claim(answer).granted for answer in decided] == [True, True, False]
    assert harness.claim(decided[2], request="p").reason.name == "PACED"
    assert harness.why_not()["pizza"] == ("PACED", "ovens/pace", "2 of 2 taken within 15 minutes")
    harness.after(15 * MINUTE)
    assert harness.claim(decided[2]).granted


CALENDAR = [
    ("{calendar: day}", datetime(2026, 12, 1, 23, 59, 59, 999999, tzinfo=UTC), timedelta(microseconds=1)),
    ("{calendar: week}", datetime(2026, 12, 6, 23, 59, tzinfo=UTC), 2 * MINUTE),
    ("{calendar: month}", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 2 * MINUTE),
    ("{calendar: year}", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 2 * MINUTE),
]


@pytest.mark.parametrize(("window", "before", "step"), CALENDAR)
def test_a_calendar_window_begins_anew_at_midnight(sqlite_harness, window, before, step):
    sqlite_harness.rules(PIZZA, cap(window=window, counts="decided"))
    assert sqlite_harness.at(before).names() == ["pizza"]
    assert sqlite_harness.names() == []
    assert sqlite_harness.after(step).names() == ["pizza"]
    assert sqlite_harness.names() == []


def test_a_rolling_window_looks_across_midnight_to_the_microsecond(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(window="{rolling: 24h}", counts="decided"))
    start = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
    assert sqlite_harness.at(start).names() == ["pizza"]
    assert sqlite_harness.at(start + 2 * MINUTE).names() == []
    assert sqlite_harness.at(start + DAY - timedelta(microseconds=1)).names() == []
    assert sqlite_harness.at(start + DAY).names() == ["pizza"]


@pytest.mark.parametrize(
    ("start", "hours"),
    [(datetime(2026, 3, 8, 5, tzinfo=UTC), 23), (datetime(2026, 11, 1, 4, tzinfo=UTC), 25)],
)
def test_a_day_of_another_length_is_one_day(sqlite_harness, start, hours):
    sqlite_harness.rules(PIZZA, cap(window="{calendar: day}", counts="decided"), zone="America/New_York")
    assert sqlite_harness.at(start - timedelta(microseconds=1)).names() == ["pizza"]
    assert sqlite_harness.at(start).names() == ["pizza"]
    assert sqlite_harness.at(start + hours * HOUR - timedelta(microseconds=1)).names() == []
    assert sqlite_harness.at(start + hours * HOUR).names() == ["pizza"]


def test_a_day_is_that_of_the_location(sqlite_harness):
    places = document("Locations", "stores", {"table": "{file: stores.csv, columns: {}}"})
    window = "{calendar: day, timezone: location}"
    stores = "id,timezone\ntokyo,Asia/Tokyo\nrome,Europe/Rome\n"
    sqlite_harness.rules(
        PIZZA, places, capacity(per="[location]", window=window, counts="decided"), stores=stores
    )
    sqlite_harness.at(datetime(2026, 12, 1, 14, 59, tzinfo=UTC))
    assert [sqlite_harness.names(name, location=name) for name in ("tokyo", "rome")] == [["pizza"], ["pizza"]]
    sqlite_harness.after(MINUTE)
    assert [sqlite_harness.names(name, location=name) for name in ("tokyo", "rome")] == [["pizza"], []]


def test_a_session_window_counts_one_session(sqlite_harness):
    sqlite_harness.rules(PIZZA, cap(window="session", counts="decided", limit=1, hold="1m"))
    assert sqlite_harness.names(session="s") == ["pizza"]
    sqlite_harness.after(2 * MINUTE).sweep()
    assert sqlite_harness.names(session="s") == []
    assert sqlite_harness.names(session="t") == ["pizza"]
    assert sqlite_harness.why_not()["pizza"][0] == "MISSING_ATTRIBUTE"


def test_an_explanation_is_the_same_years_later_under_other_rules(harness):
    documents = [*(action(name, score=ord(name) - 97) for name in "abcd"), cap(applies_to="{actions: [d]}")]
    harness.rules(*documents, capacity(applies_to="{actions: [c]}", limit=0))
    harness.report(harness.decide(), "PRESENTED", action="d")
    harness.engine.operator.pause("b", "", "")
    answer = harness.decide(explain=Explain.EXPLAIN_FULL)
    assert [proposal.action for proposal in answer.proposals] == ["a"]
    assert {refusal.action: refusal.reason.name for refusal in answer.refusals} == {
        "b": "PAUSED",
        "c": "CAPACITY_EXHAUSTED",
        "d": "FREQUENCY_CAPPED",
    }
    harness.engine.operator.resume("b")
    harness.rules(PIZZA)
    harness.after(3_000 * DAY)
    assert harness.engine.decider.get_decision(answer.decision_id, Explain.EXPLAIN_FULL).answer == answer


def test_messages_that_may_go_on_do_so_while_the_ledger_is_down(sqlite_harness, monkeypatch):
    message = action("hello", type="message", score=-5)
    other = action("closed", type="message", score=3)
    plain = action("plain", type="message", score=4)
    free = cap("open", applies_to="{actions: [hello]}", on_failure="open")
    sqlite_harness.rules(
        PIZZA, message, other, plain, cap("shut", applies_to="{actions: [pizza, closed]}"), free
    )
    sqlite_harness.store.close()
    answer = sqlite_harness.decide(max_actions=5)
    assert [proposal.action for proposal in answer.proposals] == ["hello"]
    assert (answer.degraded, answer.decision_id) == (True, "")
    assert answer.proposals[0].hold_expires_at is None
    since = {"hello": datetime(2026, 1, 1, tzinfo=UTC)}
    monkeypatch.setattr(sqlite_harness.engine.pauses, "_since", since)
    with pytest.raises(CallError) as error:
        sqlite_harness.decide(max_actions=5)
    assert error.value.code is Code.STORE_DOWN


def test_what_is_due_goes_back_by_itself(harness):
    harness.rules(PIZZA, cap(hold="10m"))
    harness.decide()
    harness.after(10 * MINUTE).sweep()
    assert harness.live("cap") == [0]

"""What was promised comes first, and before what it was promised to come before."""

import pytest
from tests.claims.harness import DAY, MINUTE, PIZZA
from tests.rules import action, document

from maitred.core.deciding.decisions import Explain
from maitred.core.rules.faults import RulesetInvalid
from maitred.engine.calls import bytes_of
from maitred.engine.deciding.records import decide_again

MICRO = MINUTE / 60_000_000
NEWS = action("news", type="message", score=1)
CANCELLED = document("Situation", "cancelled", {"all": "[customer.quota > 0]"})
EVERY = document("Promise", "news-promised", {"action": "news", "every": "15m", "situation": "cancelled"})
REMIND, CANCEL = action("remind", type="message", score=1), action("cancel", type="service", score=9)
BEFORE = document("Promise", "reminders", {"action": "remind", "before": "cancel", "times": 2})
HIT = {"customer": {"quota": 1}}


def test_what_is_due_every_so_often_outranks_everything(harness):
    harness.rules(PIZZA.replace("type:", "score: 99\ntype:"), NEWS, CANCELLED, EVERY)
    assert harness.sees(context=HIT, max_actions=9) == ["news", "pizza"]
    decided = harness.decide(context=HIT, explain=Explain.EXPLAIN_REASONS)
    assert decided.why[0][0] == "is due: promised by news-promised"
    harness.report(decided, "PRESENTED", action="news")
    assert harness.after(15 * MINUTE - MICRO).sees(context=HIT, max_actions=9) == ["pizza", "news"]
    assert harness.after(MICRO).sees(context=HIT, max_actions=9) == ["news", "pizza"]
    assert harness.sees("bob", context=HIT, max_actions=9) == ["news", "pizza"]


def test_nothing_is_due_without_its_situation_or_a_customer(harness):
    harness.rules(PIZZA.replace("type:", "score: 99\ntype:"), NEWS, CANCELLED, EVERY)
    assert harness.sees(context={"customer": {"quota": 0}}, max_actions=9) == ["pizza", "news"]
    assert harness.sees(max_actions=9) == ["pizza", "news"]
    assert harness.sees("", context=HIT, max_actions=9) == ["pizza", "news"]


def test_what_is_due_must_be_appropriate(harness):
    mobile = action("news", type="message", channels="[mobile]")
    harness.rules(PIZZA, mobile, CANCELLED, EVERY)
    assert harness.sees(context=HIT, max_actions=9) == ["pizza"]
    assert harness.why_not(context=HIT)["news"][0] == "WRONG_CHANNEL"


def test_two_reminders_come_before_a_cancellation(harness):
    harness.rules(REMIND, CANCEL, BEFORE)
    for count in (0, 1):
        decided = harness.decide(max_actions=9)
        assert [proposal.action for proposal in decided.proposals] == ["remind"]
        words = f"remind is promised 2 times before, {count} were presented"
        assert harness.why_not()["cancel"] == ("NOT_ELIGIBLE", "reminders", words)
        harness.report(decided, "PRESENTED", action="remind")
        harness.after(DAY)
    assert harness.names(max_actions=9) == ["cancel", "remind"]
    assert harness.names("bob", max_actions=9) == ["remind"]


def test_a_window_lets_a_promise_begin_anew(harness):
    harness.rules(REMIND, CANCEL, BEFORE.replace("times: 2", "window: {rolling: 30d}"))
    harness.report(harness.decide(), "PRESENTED", action="remind")
    assert harness.after(DAY).sees(max_actions=9) == ["cancel", "remind"]
    assert harness.after(29 * DAY).sees(max_actions=9) == ["remind"]


def test_the_record_says_what_was_due(harness):
    harness.rules(PIZZA, NEWS, CANCELLED, EVERY)
    decided = harness.decide(context=HIT, max_actions=9)
    harness.report(decided, "PRESENTED", action="news")
    record = harness.store.decision(bytes_of(decided.decision_id))
    records = harness.engine.records
    body = records.body(record)
    again = decide_again(records.policy(record.ruleset), record, body)
    assert [proposal.action for proposal in again.proposals] == ["news", "pizza"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"action": "news"}, "a promise has either `every` or `before`"),
        ({"action": "news", "every": "1h", "before": "pizza"}, "a promise has either `every` or `before`"),
        ({"action": "nws", "every": "1h"}, "there is no action `nws`"),
        ({"action": "news", "before": "piza"}, "there is no action `piza`"),
        ({"action": "news", "every": "1h", "situation": "canceled"}, "there is no situation `canceled`"),
        ({"action": "news", "every": "1h", "times": 2}, "`times` belongs to `before`"),
        ({"action": "news", "every": "soon"}, "soon"),
    ],
)
def test_faults_of_a_promise(sqlite_harness, fields, words):
    with pytest.raises(RulesetInvalid) as error:
        sqlite_harness.rules(PIZZA, NEWS, CANCELLED, document("Promise", "p", fields))
    assert any(words in fault.message for fault in error.value.faults)

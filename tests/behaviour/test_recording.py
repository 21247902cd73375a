import json

import pytest
from tests.behaviour.conftest import VISIT, event
from tests.claims.harness import DAY, MINUTE, NOON, PIZZA
from tests.rules import action, document

from maitred.engine.calls import EventsCall

PRIVACY = document(
    "Privacy",
    "privacy",
    {
        "purposes": "{service: For the service., ads: For ads.}",
        "default": "eu",
        "jurisdictions": "{eu: {bases: {service: contract, ads: consent}}}",
    },
)


def answers(results):
    return [(result.recorded, result.detail) for result in results]


def of(harness, customer="ann"):
    """What the customer's export tells of events."""
    return json.loads(harness.engine.privacy.export(customer))["events"]


def test_what_happened_is_kept_and_exported(harness, happen):
    harness.rules(PIZZA, VISIT)
    results = happen(harness, page="cars", clicks=3, session="s-1", at=NOON - DAY)
    assert answers(results) == [(True, "")]
    (event,) = of(harness)
    assert (event["kind"], event["fields"], event["session_id"]) == (
        "visit",
        {"page": "cars", "clicks": 3},
        "s-1",
    )
    assert event["happened_at"] == "2026-11-30T12:00:00+00:00"
    assert of(harness, "bob") == []


def test_of_equal_keys_the_last_counts_as_in_a_context(harness, happen):
    harness.rules(PIZZA, VISIT)
    twice = {"event_id": "e", "raw": b'{"page": "cars", "page": "loans"}'}
    assert answers(happen(harness, twice, {"event_id": "e", "page": "loans"})) == [(True, "")] * 2
    assert [event["fields"] for event in of(harness)] == [{"page": "loans"}]


def test_a_retry_is_recorded_once_and_other_content_is_told(harness, happen):
    harness.rules(PIZZA, VISIT)
    same = {"event_id": "e", "page": "cars"}
    assert answers(happen(harness, same, same)) == [(True, ""), (True, "")]
    assert answers(happen(harness.after(MINUTE), same)) == [(True, "")]
    recorded, detail = answers(happen(harness, event_id="e", page="loans"))[0]
    assert (recorded, detail) == (False, "the `event_id` was used before for an event with other content")
    assert answers(happen(harness, event_id="e", page="cars", customer="bob"))[0][0] is False
    assert [event["fields"] for event in of(harness)] == [{"page": "cars"}]


@pytest.mark.parametrize(
    ("faulty", "words"),
    [
        ({"kind": "vist"}, "there is no event `vist` in the rules in force, known are: visit"),
        ({"kind": ""}, "there is no event ``"),
        ({"pages": "x"}, "`visit` has no field `pages`, its fields are: clicks, page"),
        ({"page": 7}, "field `page` is 7, not a string"),
        ({"clicks": "many"}, "field `clicks` is "),
        ({"customer": ""}, "`customer_id` is missing"),
        ({"customer": " ann"}, "`customer_id` is longer than 256 bytes, or has control characters"),
        ({"session": "\x00"}, "`session_id` is longer"),
        ({"event_id": "e" * 129}, "`event_id` is longer than 128 bytes"),
        ({"raw": b"[]"}, "`fields_json` is not a JSON object"),
        ({"raw": b"{"}, "`fields_json` is not a JSON object"),
        ({"raw": b'{"page": "' + b"x" * 16_384 + b'"}'}, "`fields_json` is longer than 16384 bytes"),
        ({"at": NOON + 5 * MINUTE + MINUTE / 60_000_000}, "`at` is more than 5 minutes ahead"),
        ({"at": NOON - 400 * DAY}, "`at` is longer ago than events of kind `visit` are kept"),
    ],
)
def test_a_faulty_event_is_told_and_keeps_no_other_from_it(sqlite_harness, happen, faulty, words):
    sqlite_harness.rules(PIZZA, VISIT)
    before, refused, after = answers(happen(sqlite_harness, {"page": "a"}, faulty, {"page": "b"}))
    assert before == after == (True, "")
    assert refused[0] is False
    assert refused[1].startswith(words)
    assert sorted(event["fields"]["page"] for event in of(sqlite_harness)) == ["a", "b"]


def test_the_edges_of_time_are_recorded(sqlite_harness, happen):
    sqlite_harness.rules(PIZZA, VISIT)
    least = MINUTE / 60_000_000
    edges = ({"at": NOON + 5 * MINUTE}, {"at": NOON - 400 * DAY + least}, {"raw": b""}, {"page": None})
    assert answers(happen(sqlite_harness, *edges)) == [(True, "")] * 4


def test_an_event_whose_purpose_is_not_allowed_is_not_kept(harness, happen):
    visits = VISIT.replace("fields:", "purpose: ads\nfields:")
    harness.rules(
        PIZZA, PRIVACY, visits, document("Event", "call", {"purpose": "service", "retention": "30d"})
    )
    barred = answers(happen(harness, page="cars"))
    assert barred == [(False, "not kept: its purpose `ads` is not allowed, no consent to it is known")]
    assert answers(happen(harness, kind="call")) == [(True, "")]
    assert [event["kind"] for event in of(harness)] == ["call"]


def test_what_is_computed_over_events_that_may_not_be_read_is_told_with_their_purpose(harness):
    visits = VISIT.replace("fields:", "purpose: ads\nfields:")
    computed = {"computed": "{customer.visits: {over: events.visit, count: true, purpose: service}}"}
    regular = action("regular", eligibility="[{require: customer.visits >= 2}]")
    harness.rules(PIZZA, PRIVACY, visits, document("Context", "behaviour", computed), regular)
    reason, _, detail = harness.why_not()["regular"]
    assert reason == "MISSING_ATTRIBUTE"
    assert "is absent, as events.visit may not be read for ads: no consent to it is known" in detail


def test_a_withdrawal_may_come_first_and_names_no_kind(harness, happen):
    harness.rules(PIZZA, VISIT)
    assert (
        answers(
            happen(harness, {"event_id": "w", "kind": "", "withdraws": "e"}, {"event_id": "e", "page": "x"})
        )
        == [(True, "")] * 2
    )
    assert answers(happen(harness, kind="", withdraws="e", page="x")) == [
        (False, "an event with fields needs a `kind`")
    ]
    assert [event["withdraws"] for event in of(harness)] in (["e", ""], ["", "e"])


def test_erasing_a_customer_removes_what_they_did(harness, happen):
    harness.rules(PIZZA, VISIT)
    happen(harness, *[{"page": "a"}] * 300, {"page": "b", "customer": "bob"})
    assert harness.engine.privacy.erase("ann").rows["events"] == 300
    assert of(harness) == []
    assert len(of(harness, "bob")) == 1


def test_what_is_over_is_purged(harness, happen):
    short = document("Event", "call", {"retention": "1d"})
    harness.rules(PIZZA, short, VISIT)
    happen(harness, {"kind": "call"}, {"page": "old", "at": NOON - 10 * DAY}, {"page": "new"})
    purge = harness.store.purge_events
    assert purge(NOON, NOON - 11 * DAY, 100) == 0
    assert purge(NOON, NOON - 9 * DAY, 100) == 1
    assert purge(NOON + DAY, NOON - 9 * DAY, 100) == 1
    assert [event["fields"] for event in of(harness)] == [{"page": "new"}]


def test_what_could_not_be_read_of_one_event_keeps_no_other_from_being_recorded(sqlite_harness):
    sqlite_harness.rules(PIZZA, VISIT)
    call = EventsCall((event("e-1"), event("e-2")), faults={0: "`at` is nonsense"})
    answers = sqlite_harness.engine.recorder.record_events(call)
    assert [(answer.recorded, answer.detail) for answer in answers] == [
        (False, "`at` is nonsense"),
        (True, ""),
    ]


PLACES = document(
    "Privacy",
    "privacy",
    {
        "purposes": "{ads: For ads.}",
        "default": "eu",
        "jurisdiction": "household.id",
        "jurisdictions": "{eu: {bases: {ads: consent}}, us: {bases: {ads: opt_out}}}",
    },
)


def test_an_event_is_judged_by_the_rules_of_where_its_customer_was_last(harness, happen):
    harness.rules(PIZZA, VISIT + "purpose: ads\n", PLACES)

    def kept():
        return [answer.recorded for answer in happen(harness, page="cars", clicks=1)]

    assert kept() == [False]
    for place, is_kept in (("us", True), ("eu", False), ("us", True), ("nowhere", False)):
        harness.decide(context={"household": {"id": place}})
        assert kept() == [is_kept], place
    harness.decide(context={"household": {"id": "us"}}, dry_run=True)
    assert kept() == [False]
    shown = harness.engine.desk.customer("ann", None)
    assert not shown.events
    harness.decide(context={"household": {"id": "us"}})
    assert len(harness.engine.desk.customer("ann", None).events) == 2

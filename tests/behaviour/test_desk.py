"""What whoever serves a customer sees of a session and of the customer."""

from tests.behaviour.conftest import VISIT
from tests.claims.harness import HOUR, MINUTE, NOON, PIZZA
from tests.rules import action, capacity, document

PRIVACY = document(
    "Privacy",
    "privacy",
    {
        "purposes": "{service: For the service., ads: For ads.}",
        "default": "eu",
        "jurisdictions": "{eu: {bases: {service: contract, ads: opt_out}}}",
    },
)
CAKE = action("cake", score=2)


def test_a_session_is_shown_step_by_step(harness):
    harness.rules(PIZZA, CAKE, capacity(applies_to="{actions: [pizza]}", limit=9))
    first = harness.decide(session="s-1", max_actions=2)
    harness.report(first, "REJECTED", action="cake")
    harness.after(MINUTE)
    claimed = harness.claim(first)
    second = harness.decide(session="s-1", channel="mobile")
    harness.decide(session="s-2")
    view = harness.engine.desk.session("s-1", None)
    assert [step.decision_id for step in view.steps] == [first.decision_id, second.decision_id]
    assert [step.channel for step in view.steps] == ["pos", "mobile"]
    assert [proposal.action for proposal in view.steps[0].proposals] == ["cake", "pizza"]
    assert [(outcome.action, outcome.kind.name) for outcome in view.steps[0].outcomes] == [
        ("cake", "REJECTED")
    ]
    assert view.rejected == ("cake",)
    assert [claim.claim_id for claim in view.open_claims] == [claimed.claim_id]
    assert harness.engine.desk.session("s-1", NOON - HOUR).steps == ()
    assert harness.engine.desk.session("nobody", None) == ("nobody", (), (), ())


def test_a_customer_is_shown_as_far_as_purposes_allow(harness, happen):
    ads = document("Event", "click", {"purpose": "ads", "retention": "9d"})
    harness.rules(PIZZA, CAKE, PRIVACY, ads, VISIT.replace("fields:", "purpose: service\nfields:"))
    old = {"page": "old", "at": NOON - HOUR}
    happen(
        harness, old, {"page": "new", "event_id": "e"}, {"page": "wrong", "event_id": "w"}, {"kind": "click"}
    )
    happen(harness, kind="", withdraws="w")
    first = harness.decide(max_actions=2)
    harness.report(first, "REJECTED", action="cake")
    second = harness.after(MINUTE).decide()
    view = harness.engine.desk.customer("ann", None)
    assert [step.decision_id for step in view.last_decisions] == [second.decision_id, first.decision_id]
    assert [rejection.action for rejection in view.rejections] == ["cake"]
    assert [event.kind for event in view.events].count("click") == 1
    assert [event.fields_json for event in view.events if event.kind == "visit"] == [
        b'{"page":"new"}',
        b'{"page":"old"}',
    ]
    assert harness.engine.desk.customer("bob", None) == ("bob", (), (), (), ())


def test_nothing_is_shown_of_one_who_was_erased(harness, happen):
    harness.rules(PIZZA, VISIT)
    happen(harness, page="x")
    harness.decide(session="s-1")
    harness.engine.privacy.erase("ann")
    assert harness.engine.desk.customer("ann", None) == ("ann", (), (), (), ())
    assert harness.engine.desk.session("s-1", None) == ("s-1", (), (), ())

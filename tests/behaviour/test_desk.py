"""What whoever serves a customer sees of a session and of the customer."""

from tests.behaviour.conftest import VISIT
from tests.claims.house import HOUR, MINUTE, NOON, PIZZA, action, capacity, document

PRIVACY = """\
apiVersion: maitred/v1
kind: Privacy
name: privacy
purposes: {service: For the service., ads: For ads.}
default: eu
jurisdictions: {eu: {bases: {service: contract, ads: opt_out}}}
"""
CAKE = action("cake", score=2)


def test_a_session_is_shown_step_by_step(house):
    house.rules(PIZZA, CAKE, capacity(applies_to="{actions: [pizza]}", limit=9))
    first = house.decide(session="s-1", most=2)
    house.report(first, "REJECTED", action="cake")
    house.after(MINUTE)
    claimed = house.claim(first)
    second = house.decide(session="s-1", channel="mobile")
    house.decide(session="s-2")
    view = house.engine.desk.session("s-1", None)
    assert [step.decision_id for step in view.steps] == [first.decision_id, second.decision_id]
    assert [step.channel for step in view.steps] == ["pos", "mobile"]
    assert [proposal.action for proposal in view.steps[0].proposals] == ["cake", "pizza"]
    assert [(each.action, each.kind.name) for each in view.steps[0].outcomes] == [("cake", "REJECTED")]
    assert view.rejected == ("cake",)
    assert [claim.claim_id for claim in view.open_claims] == [claimed.claim_id]
    assert house.engine.desk.session("s-1", NOON - HOUR).steps == ()
    assert house.engine.desk.session("nobody", None) == ("nobody", (), (), ())


def test_a_customer_is_shown_as_far_as_purposes_allow(house, happen):
    ads = document("Event", "click", {"purpose": "ads", "retention": "9d"})
    house.rules(PIZZA, CAKE, PRIVACY, ads, VISIT.replace("fields:", "purpose: service\nfields:"))
    old = {"page": "old", "at": NOON - HOUR}
    happen(
        house, old, {"page": "new", "event_id": "e"}, {"page": "wrong", "event_id": "w"}, {"kind": "click"}
    )
    happen(house, kind="", withdraws="w")
    first = house.decide(most=2)
    house.report(first, "REJECTED", action="cake")
    second = house.after(MINUTE).decide()
    view = house.engine.desk.customer("ann", None)
    assert [step.decision_id for step in view.last_decisions] == [second.decision_id, first.decision_id]
    assert [each.action for each in view.rejections] == ["cake"]
    assert [each.kind for each in view.events].count("click") == 1
    assert [each.fields_json for each in view.events if each.kind == "visit"] == [
        b'{"page":"new"}',
        b'{"page":"old"}',
    ]
    assert house.engine.desk.customer("bob", None) == ("bob", (), (), (), ())


def test_nothing_is_shown_of_one_who_was_erased(house, happen):
    house.rules(PIZZA, VISIT)
    happen(house, page="x")
    house.decide(session="s-1")
    house.engine.privacy.erase("ann")
    assert house.engine.desk.customer("ann", None) == ("ann", (), (), (), ())
    assert house.engine.desk.session("s-1", None) == ("s-1", (), (), ())

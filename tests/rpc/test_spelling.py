"""Every id of every call: one spelling, and no white space around it."""

import pytest
from tests.rpc.requests import malformed

from maitred.engine.errors import CallError, Code
from maitred.rpc.convert.behaviour import customer_call, events_call, session_call
from maitred.rpc.convert.claims import claim_call, claims_call, outcomes_call, redeem_call, release_call
from maitred.rpc.convert.decisions import decide_call, get_decision_call
from maitred.rpc.convert.privacy import erase_call, export_call, get_consent_call, record_consent_call
from maitred.rpc.convert.rulesets import limits_call, pause_call, resume_call
from maitred.v1 import decision_pb2, privacy_pb2, ruleset_pb2

NFC, NFD = "caf\u00e9", "cafe\u0301"
CONSENT = privacy_pb2.ConsentRecord(purpose="p", state=privacy_pb2.GRANTED, at={"seconds": 1})
DECIDE = decision_pb2.DecideRequest(request_id="r", customer_id="c", channel="pos")
OUTCOME = decision_pb2.Outcome(outcome_id="o", decision_id="d", action="a", kind=decision_pb2.PRESENTED)

CALLS = {
    "decide": (decide_call, DECIDE, ("request_id", "customer_id", "channel", "location_id", "ruleset")),
    "get": (get_decision_call, decision_pb2.GetDecisionRequest(decision_id="d"), ("decision_id",)),
    "claim": (
        claim_call,
        decision_pb2.ClaimRequest(request_id="r", decision_id="d", action="a"),
        ("request_id", "decision_id", "action"),
    ),
    "redeem": (
        redeem_call,
        decision_pb2.RedeemRequest(request_id="r", claim_id="c"),
        ("request_id", "claim_id", "location_id"),
    ),
    "release": (
        release_call,
        decision_pb2.ReleaseRequest(request_id="r", claim_id="c"),
        ("request_id", "claim_id"),
    ),
    "session": (
        claims_call,
        decision_pb2.ListClaimsRequest(session_id="s"),
        ("session_id",),
    ),
    "customer": (claims_call, decision_pb2.ListClaimsRequest(customer_id="s"), ("customer_id",)),
    "place": (claims_call, decision_pb2.ListClaimsRequest(location_id="s"), ("location_id",)),
    "get_session": (session_call, decision_pb2.GetSessionRequest(session_id="s"), ("session_id",)),
    "get_customer": (customer_call, decision_pb2.GetCustomerRequest(customer_id="s"), ("customer_id",)),
    "pause": (pause_call, ruleset_pb2.PauseActionRequest(action="a"), ("action",)),
    "resume": (resume_call, ruleset_pb2.ResumeActionRequest(action="a"), ("action",)),
    "limits": (limits_call, ruleset_pb2.GetLimitsRequest(), ("limit", "action", "location_id")),
    "consent": (
        get_consent_call,
        privacy_pb2.GetConsentRequest(customer_id="c"),
        ("customer_id",),
    ),
    "export": (
        export_call,
        privacy_pb2.ExportCustomerRequest(customer_id="c"),
        ("customer_id",),
    ),
    "erase": (
        erase_call,
        privacy_pb2.EraseCustomerRequest(customer_id="c"),
        ("customer_id",),
    ),
    "record_consent": (
        record_consent_call,
        privacy_pb2.RecordConsentRequest(request_id="r", customer_id="c", records=[CONSENT]),
        ("request_id", "customer_id"),
    ),
}
FIELDS = [(name, field) for name, (_, _, fields) in CALLS.items() for field in fields]


def sent(name, field, value):
    """What the call comes to with that value in that field."""
    convert, message, _ = CALLS[name]
    changed = type(message)()
    changed.CopyFrom(message)
    setattr(changed, field, value)
    return convert(changed.SerializeToString())


def refusal(convert, message):
    return malformed(convert, message.SerializeToString())


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_both_forms_are_one_id(name, field):
    assert sent(name, field, NFC) == sent(name, field, NFD)
    assert NFC in repr(sent(name, field, NFD))


@pytest.mark.parametrize("text", ["900 ", " 900", "900\u00a0", "\u2003900", " "])
@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_white_space_around_an_id_names_the_field(name, field, text):
    with pytest.raises(CallError, match=f"`{field}` must not begin or end with white space") as caught:
        sent(name, field, text)
    assert caught.value.code is Code.MALFORMED


@pytest.mark.parametrize("field", ["outcome_id", "decision_id", "action"])
def test_ids_of_outcomes_are_named_with_their_place(field):
    def request(value):
        outcome = decision_pb2.Outcome()
        outcome.CopyFrom(OUTCOME)
        setattr(outcome, field, value)
        return decision_pb2.RecordOutcomesRequest(outcomes=[outcome])

    assert f"`outcomes[0].{field}`" in refusal(outcomes_call, request("x "))
    assert outcomes_call(request(NFD).SerializeToString()) == outcomes_call(request(NFC).SerializeToString())


@pytest.mark.parametrize("field", ["event_id", "customer_id", "session_id", "withdraws"])
def test_ids_of_events_are_one_in_both_forms(field):
    """White space around one is its result: a faulty event never fails the others."""

    def call(value):
        event = decision_pb2.Event(event_id="e", customer_id="c", kind="visit")
        setattr(event, field, value)
        return events_call(decision_pb2.RecordEventsRequest(events=[event]).SerializeToString())

    assert call(NFC) == call(NFD)


def test_two_forms_of_one_outcome_id_are_one_id():
    outcomes = [OUTCOME, OUTCOME]
    request = decision_pb2.RecordOutcomesRequest(outcomes=outcomes)
    request.outcomes[0].outcome_id, request.outcomes[1].outcome_id = NFC, NFD
    assert "outcomes[1].outcome_id" in refusal(outcomes_call, request)


@pytest.mark.parametrize("field", ["granted", "denied"])
def test_purposes_have_one_spelling(field):
    def request(value):
        return decision_pb2.DecideRequest(
            request_id="r", customer_id="c", channel="pos", consent={field: ["ads", value]}
        )

    assert f"`consent.{field}[1]`" in refusal(decide_call, request("perks "))
    assert getattr(decide_call(request(NFD).SerializeToString()).consent, field) == {"ads", NFC}


def test_an_id_is_measured_as_it_is_compared():
    """Hebrew with a point takes two bytes more when it is composed."""
    request = decision_pb2.DecideRequest(request_id="r", channel="pos", customer_id="\ufb2c" * 85)
    assert "`customer_id` must be at most 256 bytes" in refusal(decide_call, request)


def test_a_retry_in_another_form_is_the_same_request():
    retry = DECIDE.__class__(request_id=NFD, customer_id=NFD, channel="pos", location_id=NFD)
    first = DECIDE.__class__(request_id=NFC, customer_id=NFC, channel="pos", location_id=NFC)
    assert decide_call(retry.SerializeToString()) == decide_call(first.SerializeToString())

"""Requests of every kind with a canary in every field, and rules that put them to every use."""

import itertools
import json
from contextlib import suppress
from typing import Any

import grpc
from google.protobuf import struct_pb2, timestamp_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.privacy.conftest import CALL_SECONDS
from tests.rules import action, document, joined, ruleset

from maitred.engine.errors import CallError
from maitred.rpc.convert.decisions import decide_call
from maitred.rpc.convert.privacy import record_consent_call
from maitred.v1 import decision_pb2 as pb
from maitred.v1 import privacy_pb2, ruleset_pb2

EMAIL, PHONE, CARD, NAME = (
    "canary.bird@example.com",
    "2025550143",
    "4929123412341238",
    "Zachariah Quillfeather",
)
CANARIES = (EMAIL, PHONE, CARD, NAME)


LAW = document(
    "Privacy",
    "law",
    """\
purposes: {service: Doing it., ads: Showing it.}
default: here
jurisdictions: {here: {bases: {service: contract, ads: opt_out}}}
""",
)
CONTEXT = document(
    "Context",
    "house",
    """\
attributes:
  customer.name: {type: string, purpose: service}
  customer.email: {type: string, purpose: ads}
  customer.phone: {type: string, purpose: ads}
  customer.card: {type: int, purpose: service}
  customer.tier: {type: string, purpose: service, values: [gold, basic]}
  customer.lists: {type: list<string>, purpose: ads}
  household.id: {type: string, purpose: service}
  device.id: {type: string, purpose: service}
  session.id: {type: string, purpose: service}
""",
)
PICKY = document(
    "Action",
    "picky",
    """\
title: Picky
type: offer
consent: [ads]
eligibility:
  - require: customer.email.endsWith("@nowhere.invalid") && customer.phone.size() > 3
    reason: nowhere
  - require: customer.tier == "gold"
    reason: gold
  - require: 10 / (customer.card - customer.card) > 1
    reason: broken
""",
)
VISIT = document(
    "Event",
    "visit",
    {"purpose": "service", "fields": "{page: string, card: int}", "retention": "30d"},
)
LIMITS = [
    document(
        kind,
        name,
        {
            "applies_to": f"{{actions: [{action}]}}",
            "per": f"[{per}]",
            "limit": limit,
            "window": window,
            "counts": counts,
        },
    )
    for kind, name, action, per, limit, window, counts in (
        ("FrequencyCap", "per-customer", "greeting", "customer", 50, "lifetime", "presented"),
        ("FrequencyCap", "per-household", "greeting", "household", 50, "{rolling: 7d}", "presented"),
        ("FrequencyCap", "per-device", "greeting", "device", 50, "{calendar: day}", "claimed"),
        ("FrequencyCap", "per-session", "greeting", "customer", 50, "session", "decided"),
        ("FrequencyCap", "per-email", "instead", "customer.email", 50, "lifetime", "decided"),
        ("FrequencyCap", "per-card", "instead", "customer.card", 50, "lifetime", "presented"),
        ("FrequencyCap", "sorry", "instead", "customer", 50, "lifetime", "rejected"),
        ("Capacity", "per-channel", "greeting", "channel", 500, "lifetime", "claimed"),
        ("Capacity", "per-place", "greeting", "location", 500, "lifetime", "redeemed"),
        ("Capacity", "all", "greeting", "", 500, "lifetime", "claimed"),
    )
]
TREATMENTS = """
  pos:
    title: "Hello ${customer.name}"
    say: "Dear ${customer.name}, ${customer.email} and ${customer.phone}."
    show: "CARD ${customer.card}\""""


def rules_text(*documents, channels=None, treatments=None):
    return joined(
        ruleset("house", channels=channels),
        CONTEXT,
        LAW,
        action("greeting", title="Hello", treatments=treatments, alternatives="[instead]", score=2.0),
        action("instead", title="Instead", score=0.5),
        PICKY,
        VISIT,
        *LIMITS,
        *documents,
    )


OPEN = rules_text()
CLOSED = rules_text(
    document("Locations", "stores", {"table": "{file: stores.csv, columns: {city: string}}"}),
    channels="[pos, mobile]",
    treatments=TREATMENTS,
)
RULES = {"open": (OPEN, {}), "closed": (CLOSED, {"stores": "id,city\n1,Bergen\n"})}


class CanaryCalls:
    """Sends everything and keeps what comes back: ids, and the texts of errors."""

    def __init__(self, stubs):
        self.stubs, self.told, self.codes, self._ids = stubs, [], set(), itertools.count()
        self.prints = set()

    def call(self, method, request):
        try:
            return method(request, timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            self.codes.add(error.code())
            self.told += [error.details(), repr(error.trailing_metadata()), str(error)]
            return None

    def id(self, canary=""):
        return f"{canary}{next(self._ids)}"

    def context(self, canary, session=""):
        values = {"name": NAME, "email": EMAIL, "phone": PHONE, "card": int(CARD), "tier": "gold"}
        return {
            "customer": {**values, "lists": list(CANARIES), canary: canary},
            "household": {"id": canary},
            "device": {"id": canary},
            "session": {"id": session or canary},
            canary: {canary: [canary]},
        }

    def request(self, canary, **fields):
        usual = {
            "request_id": self.id(canary),
            "customer_id": canary,
            "channel": "pos",
            "context_json": json.dumps(self.context(canary)).encode(),
            "max_actions": 5,
            "explain": pb.EXPLAIN_FULL,
        }
        return pb.DecideRequest(**(usual | fields))

    def decide(self, canary, **fields):
        request = self.request(canary, **fields)
        with suppress(CallError):
            self.prints.add(decide_call(request.SerializeToString()).fingerprint)
        return self.call(self.stubs.decisions.Decide, request)


def decides(canary_calls, canary):
    """Decisions that are answered and such that are not."""
    made = [canary_calls.decide(canary), canary_calls.decide(canary, channel=canary, location_id=canary)]
    made.append(canary_calls.decide(canary, location_id="1", consent=signals(canary)))
    made.append(
        canary_calls.decide(canary, context_json=json.dumps({"customer": canary, canary: canary}).encode())
    )
    unfit = {"customer": {"card": canary, "tier": canary}}
    made.append(canary_calls.decide(canary, context_json=json.dumps(unfit).encode()))
    struct = struct_pb2.Struct()
    struct.update({"customer": {"name": canary, "tier": canary}, canary: canary})
    made.append(canary_calls.decide(canary, context_json=None, context=struct))
    canary_calls.decide(canary, dry_run=True)
    canary_calls.decide(canary, ruleset=canary)
    canary_calls.decide(canary, location_id=canary)
    canary_calls.decide(canary, channel=canary)
    canary_calls.decide(canary, max_actions=int(PHONE))
    canary_calls.decide(canary, explain=int(PHONE))
    canary_calls.decide(canary, at=timestamp_pb2.Timestamp(seconds=int(CARD)))
    canary_calls.decide(canary, context_json=f'{{"{canary}": {canary}'.encode())
    canary_calls.decide(canary, context_json=json.dumps([canary]).encode())
    canary_calls.decide(canary, context_json=json.dumps({"a": canary * 20_000}).encode())
    for field in ("request_id", "customer_id", "channel", "location_id", "ruleset"):
        canary_calls.decide(canary, **{field: canary * 40})
        canary_calls.decide(canary, **{field: f"{canary}\n"})
    again = canary_calls.request(canary)
    canary_calls.call(canary_calls.stubs.decisions.Decide, again)
    again.channel, again.max_actions = "mobile", 4
    canary_calls.call(canary_calls.stubs.decisions.Decide, again)
    two = [canary_calls.request(canary), canary_calls.request(canary, ruleset=canary)]
    streamed = canary_calls.stubs.decisions.DecideStream(iter(two))
    try:
        list(streamed)
    except grpc.RpcError as error:
        canary_calls.told.append(error.details())
    return [answer for answer in made if answer]


def signals(canary):
    return pb.ConsentSignals(granted=[canary], denied=[f"{canary}!"], gpc=True, tcf=canary, gpp=canary)


def moves(canary_calls, canary, made):
    """Claims, redemptions, releases and outcomes, of what there is and of what there is not."""
    stub = canary_calls.stubs.decisions
    for answer in made:
        for proposal in answer.proposals:
            of = {"decision_id": answer.decision_id, "action": proposal.action}
            claim = canary_calls.call(stub.Claim, pb.ClaimRequest(request_id=canary_calls.id(canary), **of))
            if claim and claim.claim_id:
                canary_calls.call(
                    stub.Redeem, pb.RedeemRequest(request_id=canary_calls.id(canary), claim_id=claim.claim_id)
                )
                step = {"request_id": canary_calls.id(canary), "claim_id": claim.claim_id}
                canary_calls.call(stub.Release, pb.ReleaseRequest(**step, cause=canary))
                canary_calls.call(stub.Release, pb.ReleaseRequest(**step, cause=f"other {canary}"))
                canary_calls.call(
                    stub.Redeem, pb.RedeemRequest(request_id=canary_calls.id(canary), claim_id=claim.claim_id)
                )
            kinds = pb.PRESENTED, pb.REJECTED, pb.REDEEMED, pb.RELEASED
            outcomes = [pb.Outcome(outcome_id=canary_calls.id(canary), kind=kind, **of) for kind in kinds]
            canary_calls.call(stub.RecordOutcomes, pb.RecordOutcomesRequest(outcomes=outcomes))
        explained = pb.GetDecisionRequest(decision_id=answer.decision_id, explain=pb.EXPLAIN_FULL)
        canary_calls.call(stub.GetDecision, explained)
        other = pb.ClaimRequest(request_id=canary, decision_id=answer.decision_id, action=canary)
        canary_calls.call(stub.Claim, other)
    for whose in ("customer_id", "session_id", "location_id"):
        canary_calls.call(stub.ListClaims, pb.ListClaimsRequest(**{whose: canary}))
    canary_calls.call(stub.ListClaims, pb.ListClaimsRequest(customer_id=canary, session_id=canary))
    for name in (canary, f"{canary}\n{canary}"):
        canary_calls.call(stub.GetSession, pb.GetSessionRequest(session_id=name))
        canary_calls.call(stub.GetCustomer, pb.GetCustomerRequest(customer_id=name))
    canary_calls.call(stub.ListClaims, pb.ListClaimsRequest(customer_id=canary, page_token=canary))
    canary_calls.call(stub.ListClaims, pb.ListClaimsRequest(customer_id=f"{canary}\n{canary}"))
    canary_calls.call(stub.Claim, pb.ClaimRequest(request_id=canary, decision_id=canary, action=canary))
    canary_calls.call(stub.Redeem, pb.RedeemRequest(request_id=canary, claim_id=canary))
    canary_calls.call(stub.Release, pb.ReleaseRequest(request_id=canary, claim_id=canary, cause=canary))
    canary_calls.call(stub.GetDecision, pb.GetDecisionRequest(decision_id=canary))
    no_member: Any = int(PHONE)
    canary_calls.call(stub.GetDecision, pb.GetDecisionRequest(decision_id=canary, explain=no_member))
    outcome = pb.Outcome(outcome_id=canary, decision_id=canary, action=canary, kind=pb.PRESENTED)
    canary_calls.call(stub.RecordOutcomes, pb.RecordOutcomesRequest(outcomes=[outcome]))
    canary_calls.call(stub.RecordOutcomes, pb.RecordOutcomesRequest(outcomes=[outcome, outcome]))
    unknown = pb.Outcome(outcome_id=canary, decision_id=canary, action=canary, kind=no_member)
    canary_calls.call(stub.RecordOutcomes, pb.RecordOutcomesRequest(outcomes=[unknown]))


def events(canary_calls, canary):
    """What customers did: fields that fit, fields that do not, and ids that nothing allows."""
    stub = canary_calls.stubs.decisions
    visit = {
        "event_id": canary_calls.id(canary),
        "customer_id": canary,
        "kind": "visit",
        "session_id": canary,
    }
    fitting = json.dumps({"page": canary, "card": int(CARD)}).encode()
    unfit = json.dumps({"page": int(PHONE), "card": canary, canary: canary}).encode()
    for fields in (
        {"fields_json": fitting},
        {"fields_json": fitting, "session_id": f"other {canary}"},
        {"fields_json": unfit},
        {"fields_json": canary.encode()},
        {"fields_json": fitting, "kind": canary},
        {"withdraws": canary},
        {"fields_json": fitting, "customer_id": f"{canary}\n"},
        {"fields_json": fitting, "at": timestamp_pb2.Timestamp(seconds=int(CARD))},
    ):
        event = pb.Event(**{**visit, **fields})
        canary_calls.call(stub.RecordEvents, pb.RecordEventsRequest(events=[event]))


def consents(canary_calls, canary):
    stub = canary_calls.stubs.privacy
    fields = {"source": canary, "text_version": canary, "state": privacy_pb2.GRANTED}
    record = privacy_pb2.ConsentRecord(purpose="ads", **fields)
    for records in ([record], [privacy_pb2.ConsentRecord(purpose=canary, **fields)], []):
        request = privacy_pb2.RecordConsentRequest(
            request_id=canary_calls.id(canary), customer_id=canary, records=records
        )
        canary_calls.call(stub.RecordConsent, request)
        with suppress(CallError):
            call = record_consent_call(request.SerializeToString())
            canary_calls.prints.add(call.fingerprint)
        request.request_id = canary
        canary_calls.call(stub.RecordConsent, request)
    unknown: Any = int(PHONE)
    record.state = unknown
    canary_calls.call(
        stub.RecordConsent,
        privacy_pb2.RecordConsentRequest(request_id=canary, customer_id=canary, records=[record]),
    )
    record.state, record.at.seconds = privacy_pb2.DENIED, int(CARD)
    canary_calls.call(
        stub.RecordConsent,
        privacy_pb2.RecordConsentRequest(
            request_id=canary_calls.id(canary), customer_id=canary, records=[record]
        ),
    )
    canary_calls.call(stub.GetConsent, privacy_pb2.GetConsentRequest(customer_id=canary))
    for name in ("GetConsent", "ExportCustomer", "EraseCustomer"):
        request = getattr(privacy_pb2, f"{name}Request")(customer_id=f"{canary}\n{canary}")
        canary_calls.call(getattr(stub, name), request)


def operations(canary_calls, canary):
    stub = canary_calls.stubs.rulesets
    for paused in ("greeting", canary):
        canary_calls.call(
            stub.PauseAction, ruleset_pb2.PauseActionRequest(action=paused, by=canary, cause=canary)
        )
        canary_calls.call(stub.ResumeAction, ruleset_pb2.ResumeActionRequest(action=paused))
    for field in ("limit", "action", "location_id"):
        canary_calls.call(stub.GetLimits, ruleset_pb2.GetLimitsRequest(**{field: canary}))
    canary_calls.call(stub.GetLimits, ruleset_pb2.GetLimitsRequest(most_subjects=int(PHONE)))
    for field in ("experiment", "event", "action", "control", "by"):
        request = ruleset_pb2.GetResultsRequest(**{"experiment": canary, field: f"{canary}\n"})
        canary_calls.call(stub.GetResults, request)
    for segment, arm in ((f"{canary}\n", "loud"), ("*", f"{canary}\n")):
        share = ruleset_pb2.PolicyShare(segment=segment, arm=arm)
        request = ruleset_pb2.GetResultsRequest(experiment="words", by="channel", policy=[share])
        canary_calls.call(stub.GetResults, request)
    health = health_pb2_grpc.HealthStub(canary_calls.stubs.channel)
    canary_calls.call(health.Check, health_pb2.HealthCheckRequest(service=canary))
    for path in (f"/{canary.replace(' ', '')}/Decide", "/maitred.v1.DecisionService/Decide"):
        raw = canary_calls.stubs.channel.unary_unary(
            path, request_serializer=bytes, response_deserializer=bytes
        )
        canary_calls.call(raw, canary.encode())

"""What holds for every method beside Decide: what is refused, how failures look, deadlines, threads."""

import time
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.privacy.purposes import ConsentState
from maitred.engine.errors import CallError, Code
from maitred.engine.operating.results import POLICY_LINES_MAX
from maitred.engine.ports.observer import CallFailed
from maitred.rpc.methods import METHODS as TABLE
from maitred.rpc.status import STATUS_OF
from maitred.v1 import decision_pb2 as pb
from maitred.v1 import privacy_pb2, ruleset_pb2

OUTCOME = {"outcome_id": "o", "decision_id": "d", "action": "a", "kind": pb.PRESENTED}
RECORD = {"purpose": "perks", "state": privacy_pb2.GRANTED}
DECISIONS, RULESETS, PRIVACY = "DecisionService", "RulesetService", "PrivacyService"
# Service, method, kind of request, a valid one.
METHODS: list[tuple[str, str, Any, dict[str, Any]]] = [
    (DECISIONS, "Claim", pb.ClaimRequest, {"request_id": "r", "decision_id": "d", "action": "a"}),
    (DECISIONS, "Redeem", pb.RedeemRequest, {"request_id": "r", "claim_id": "c"}),
    (DECISIONS, "Release", pb.ReleaseRequest, {"request_id": "r", "claim_id": "c", "cause": "voided"}),
    (DECISIONS, "RecordOutcomes", pb.RecordOutcomesRequest, {"outcomes": [OUTCOME]}),
    (DECISIONS, "ListClaims", pb.ListClaimsRequest, {"customer_id": "c"}),
    (DECISIONS, "GetSession", pb.GetSessionRequest, {"session_id": "s"}),
    (DECISIONS, "GetCustomer", pb.GetCustomerRequest, {"customer_id": "c"}),
    (DECISIONS, "RecordEvents", pb.RecordEventsRequest, {"events": [{"event_id": "e", "kind": "visit"}]}),
    (RULESETS, "PauseAction", ruleset_pb2.PauseActionRequest, {"action": "a", "by": "b", "cause": "c"}),
    (RULESETS, "ResumeAction", ruleset_pb2.ResumeActionRequest, {"action": "a"}),
    (
        RULESETS,
        "GetLimits",
        ruleset_pb2.GetLimitsRequest,
        {"limit": "l", "action": "a", "location_id": "s", "most_subjects": 9},
    ),
    (
        RULESETS,
        "GetResults",
        ruleset_pb2.GetResultsRequest,
        {"experiment": "e", "event": "visit", "control": "quiet", "by": "channel"},
    ),
    (
        PRIVACY,
        "RecordConsent",
        privacy_pb2.RecordConsentRequest,
        {"request_id": "r", "customer_id": "c", "records": [RECORD]},
    ),
    (PRIVACY, "GetConsent", privacy_pb2.GetConsentRequest, {"customer_id": "c"}),
    (PRIVACY, "ExportCustomer", privacy_pb2.ExportCustomerRequest, {"customer_id": "c"}),
    (PRIVACY, "EraseCustomer", privacy_pb2.EraseCustomerRequest, {"customer_id": "c"}),
]
DECLARED_ONLY: set[str] = set()
"""Methods of the API that nothing stands behind yet."""
BY_NAME = {method: (service, kind, valid) for service, method, kind, valid in METHODS}
EVERY = pytest.mark.parametrize("method", list(BY_NAME))
LONGEST = {"request_id": 128, "outcome_id": 128, "cause": 256}
LONGEST_CAUSE_OF_A_PAUSE = 1024
OPTIONAL = {"cause", "by", "control", "event", "limit", "location_id", "source", "text_version"}
AHEAD = {"seconds": 1_500_000_000}


def call(running, method, **fields):
    service, kind, valid = BY_NAME[method]
    request = kind(**{**valid, **fields})
    return running.raw(method, service)(request.SerializeToString(), timeout=5)


def refused(running, status_of, method, **fields):
    error = status_of(lambda: call(running, method, **fields))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert not running.desk.calls
    return error.details()


def texts():
    """Method, path of a text field as messages give it, a function from a text to the fields to send."""
    for method, (_, _, valid) in BY_NAME.items():
        for field, value in valid.items():
            if isinstance(value, str):
                yield method, field, lambda text, field=field: {field: text}
    for field in ("outcome_id", "decision_id", "action"):
        yield (
            "RecordOutcomes",
            f"outcomes[1].{field}",
            lambda text, field=field: {"outcomes": [OUTCOME, {**OUTCOME, "outcome_id": "p", field: text}]},
        )
    for field in ("purpose", "source", "text_version"):
        yield (
            "RecordConsent",
            f"records[1].{field}",
            lambda text, field=field: {"records": [RECORD, {**RECORD, field: text}]},
        )


def max_bytes(method, field):
    if (method, field) == ("PauseAction", "cause"):
        return LONGEST_CAUSE_OF_A_PAUSE
    return LONGEST.get(field.rpartition(".")[2], 256)


TEXTS = [pytest.param(*one, id=f"{one[0]}-{one[1]}") for one in texts()]


def declared():
    """Every unary method of the public API, by full name."""
    services = [
        service
        for file in (pb, ruleset_pb2, privacy_pb2)
        for service in file.DESCRIPTOR.services_by_name.values()
    ]
    return {
        f"{service.full_name}/{method.name}"
        for service in services
        for method in service.methods
        if not method.server_streaming
    }


def test_the_table_serves_what_the_api_declares():
    served = [method.full_name for method in TABLE]
    assert len(served) == len(set(served))
    assert {name.rpartition("/")[2] for name in declared() - set(served)} == DECLARED_ONLY
    assert not set(served) - declared()


@EVERY
def test_a_valid_request_is_answered(standing, method):
    call(standing, method)
    assert len(standing.desk.calls) == 1
    assert not standing.observer.events


@pytest.mark.parametrize(("method", "field", "fields"), TEXTS)
def test_texts_are_checked(standing, status_of, method, field, fields):
    limit = max_bytes(method, field)
    if field.rpartition(".")[2] not in OPTIONAL and method not in {"GetLimits", "ListClaims"}:
        assert refused(standing, status_of, method, **fields("")) == f"`{field}` is required"
    too_long = f"`{field}` must be at most {limit} bytes"
    assert refused(standing, status_of, method, **fields("x" * (limit + 1))) == too_long
    assert refused(standing, status_of, method, **fields("é" * (limit // 2 + 1))) == too_long
    for character in "\0\n\x1b\x7f\x85":
        details = refused(standing, status_of, method, **fields(f"a{character}b"))
        assert details == f"`{field}` must not hold control characters"
    call(standing, method, **fields("x" * limit))
    standing.desk.claims.clear()
    call(standing, method, **fields("Zoë \u00a0 顧客"))
    assert len(standing.desk.calls) == 2


@EVERY
@pytest.mark.parametrize("payload", [b"\xff", b"\x0a\x02\xff\xfe", b"\x0a", b"{}"], ids=repr)
def test_garbage_is_an_invalid_argument(standing, status_of, method, payload):
    service, _, _ = BY_NAME[method]
    error = status_of(lambda: standing.raw(method, service)(payload, timeout=5))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "not a valid `maitred.v1` message" in error.details()
    assert not standing.desk.calls


@pytest.mark.parametrize("method", [name for name in BY_NAME if name != "GetLimits"])
def test_nothing_at_all_is_an_invalid_argument(standing, status_of, method):
    service, _, _ = BY_NAME[method]
    error = status_of(lambda: standing.raw(method, service)(b"", timeout=5))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details().endswith("` is required")


def test_random_bytes_never_unsettle_the_server(standing):
    server = standing

    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from(list(BY_NAME)), st.binary(max_size=80))
    def send(method, payload):
        try:
            server.raw(method, BY_NAME[method][0])(payload, timeout=5)
        except grpc.RpcError as error:
            # The fake refuses a request id that was used for something else.
            assert error.code() in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.ALREADY_EXISTS}  # noqa: PT017 -- either outcome is right

    send()


@pytest.mark.parametrize("method", ["Claim", "Redeem", "Release", "GetResults"])
def test_as_of_when_needs_simulated_time(serve, status_of, method):
    assert "--simulated-time" in refused(serve(), status_of, method, at=AHEAD)
    simulated = serve(simulated_time=True)
    call(simulated, method, at=AHEAD)
    assert simulated.desk.calls[0].at.timestamp() == AHEAD["seconds"]
    simulated.desk.calls.clear()
    details = refused(simulated, status_of, method, at={"seconds": -1})
    assert details.startswith("`at` must lie in the years")


def test_results_are_asked_for_within_a_time_that_is_one(standing, status_of):
    for seconds, nanos in ((0, 0), (-1, 0), (10_001 * 86_400, 0), (2, -1)):
        within = {"seconds": seconds, "nanos": nanos}
        details = refused(standing, status_of, "GetResults", within=within)
        assert details == "`within` must be more than nothing and at most 10000 days"
    call(standing, "GetResults", within={"seconds": 10_000 * 86_400})
    standing.desk.calls.clear()
    details = refused(standing, status_of, "GetResults", outcome=99)
    assert details.startswith("`outcome` is none of PRESENTED")


@pytest.mark.parametrize(
    ("by", "share", "message"),
    [
        ("", {"segment": "gold"}, "`policy` names segments: say of what with `by`, or name `*` alone"),
        ("channel", {"segment": ""}, "`policy[1].segment` is required"),
        ("channel", {"arm": " loud"}, "`policy[1].arm` must not begin or end with white space"),
        ("channel", {"probability": 1.5}, "`policy[1].probability` must lie from 0 to 1"),
        ("channel", {"probability": float("nan")}, "`policy[1].probability` must lie from 0 to 1"),
    ],
)
def test_a_policy_that_cannot_be_one_is_refused(standing, status_of, by, share, message):
    line = {"segment": "*", "arm": "loud", "probability": 1.0}
    assert refused(standing, status_of, "GetResults", by=by, policy=[line, {**line, **share}]).startswith(
        message
    )
    many = [line] * (POLICY_LINES_MAX + 1)
    assert "`policy`" in refused(standing, status_of, "GetResults", policy=many)


@pytest.mark.parametrize("kind", [0, 8, 99, -1])
def test_an_unknown_kind_of_outcome_is_refused(standing, status_of, kind):
    outcomes = [OUTCOME, {**OUTCOME, "outcome_id": "p", "kind": kind}]
    details = refused(standing, status_of, "RecordOutcomes", outcomes=outcomes)
    assert details.startswith("`outcomes[1].kind` is none of PRESENTED, ACCEPTED,")


@pytest.mark.parametrize(
    ("kind", "advice"), [(pb.CLAIMED, "make claims with Claim"), (pb.EXPIRED, "expiry comes by itself")]
)
def test_outcomes_that_are_not_reported_are_refused_with_what_to_do(standing, status_of, kind, advice):
    details = refused(standing, status_of, "RecordOutcomes", outcomes=[{**OUTCOME, "kind": kind}])
    assert advice in details


@pytest.mark.parametrize("state", [0, 4, -1])
def test_an_unknown_state_of_consent_is_refused(standing, status_of, state):
    details = refused(standing, status_of, "RecordConsent", records=[{**RECORD, "state": state}])
    assert details == "`records[0].state` is none of GRANTED, DENIED, OBJECTED"


def test_the_numbers_of_outcomes_and_consent_are_those_of_the_api():
    assert {one.name: one.value for one in OutcomeKind} | {"OUTCOME_KIND_UNSPECIFIED": 0} == dict(
        pb.OutcomeKind.items()
    )
    assert {one.name: one.value for one in ConsentState} | {"CONSENT_STATE_UNSPECIFIED": 0} == dict(
        privacy_pb2.ConsentState.items()
    )


def test_lists_are_bounded(standing, status_of):
    def many(count):
        return [{**OUTCOME, "outcome_id": str(number)} for number in range(count)]

    details = refused(standing, status_of, "RecordOutcomes", outcomes=many(1001))
    assert details == "`outcomes` must hold at most 1000, holds 1001"
    details = refused(standing, status_of, "RecordConsent", records=[RECORD] * 101)
    assert details == "`records` must hold at most 100, holds 101"
    assert refused(standing, status_of, "GetLimits", most_subjects=1001).endswith("at most 1000")
    call(standing, "RecordOutcomes", outcomes=many(1000))
    call(standing, "RecordConsent", records=[RECORD] * 100)
    call(standing, "GetLimits", most_subjects=1000)
    assert len(standing.desk.calls) == 3


def test_outcomes_of_one_call_have_ids_of_their_own(standing, status_of):
    outcomes = [OUTCOME, {**OUTCOME, "outcome_id": "p"}, {**OUTCOME, "kind": pb.REJECTED}]
    details = refused(standing, status_of, "RecordOutcomes", outcomes=outcomes)
    assert details == "`outcomes[2].outcome_id` is that of `outcomes[0]`; give each outcome its own"


@EVERY
def test_no_refusal_repeats_what_was_sent(standing, status_of, method):
    """Error texts end up in logs that know nothing of erasure."""
    canary = "zoe@example.com\n"
    for name, field, fields in texts():
        if name == method:
            assert "zoe" not in refused(standing, status_of, method, **fields(canary)), field


# Failures


@pytest.mark.parametrize("code", list(Code))
@EVERY
def test_each_code_has_its_status(standing, status_of, method, code):
    def fail(_call):
        raise CallError(code, "plain words")

    standing.desk.before = fail
    error = status_of(lambda: call(standing, method))
    assert (error.code(), error.details()) == (STATUS_OF[code], "plain words")
    failed = standing.observer.events[-1]
    name = f"maitred.v1.{BY_NAME[method][0]}/{method}"
    assert (failed.method, failed.code, failed.status) == (name, code, STATUS_OF[code].name)


def test_too_late_is_a_failed_precondition():
    assert STATUS_OF[Code.TOO_LATE] is grpc.StatusCode.FAILED_PRECONDITION


@EVERY
def test_an_unexpected_error_shows_nothing_but_its_id(standing, status_of, method):
    def fail(_call):
        raise RuntimeError("password=hunter2")

    standing.desk.before = fail
    error = status_of(lambda: call(standing, method))
    failed = standing.observer.events[-1]
    assert isinstance(failed, CallFailed)
    assert error.code() is grpc.StatusCode.INTERNAL
    assert error.details() == f"internal error {failed.error_id}"


# Deadlines and threads


@pytest.mark.parametrize("method", ["Claim", "Redeem", "Release", "RecordOutcomes", "RecordConsent"])
def test_the_deadline_reaches_the_engine(standing, method):
    service, kind, valid = BY_NAME[method]
    before = time.monotonic()
    standing.raw(method, service)(kind(**valid).SerializeToString(), timeout=9)
    assert before + 8 < standing.desk.calls[0].deadline < time.monotonic() + 9.5  # rounded up on the wire


def test_a_claim_that_waited_too_long_never_reaches_the_engine(serve, gate, status_of):
    running = serve(threads=1)
    running.desk.before = gate
    held = running.stub.Claim.future(pb.ClaimRequest(**BY_NAME["Claim"][2]), timeout=20)
    gate.await_arrivals(1)
    late = pb.ClaimRequest(request_id="late", decision_id="d", action="a")
    error = status_of(lambda: running.stub.Claim(late, timeout=0.2))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    gate.open()
    assert held.result().status == pb.CLAIM_GRANTED
    running.stub.Claim(pb.ClaimRequest(request_id="next", decision_id="d", action="a"), timeout=5)
    assert [one.request_id for one in running.desk.calls] == ["r", "next"]


@pytest.mark.parametrize("method", ["RecordOutcomes", "ResumeAction", "EraseCustomer"])
def test_a_server_that_stops_says_so(serve, status_of, method):
    running = serve()
    running.server._refuse()
    error = status_of(lambda: call(running, method))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert running.server.drain(10.0)


@pytest.mark.parametrize("method", ["Claim", "EraseCustomer"])
def test_a_call_without_its_message_is_ended(running, method):
    def never():
        time.sleep(4)
        return
        yield

    stalled = running.channel.stream_unary(f"/maitred.v1.{BY_NAME[method][0]}/{method}")
    with pytest.raises(grpc.RpcError) as caught:
        stalled(never(), timeout=20)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED

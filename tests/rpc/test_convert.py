"""What becomes of a request's bytes, and of an answer."""

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rpc.requests import decide_bytes, decide_request, malformed, struct_bytes

from maitred.core.deciding.decisions import Explain
from maitred.core.rules.ruleset import ActionType
from maitred.core.values.reasons import Reason
from maitred.engine.errors import CallError, Code
from maitred.rpc.convert.decisions import (
    CONTEXT_MAX_BYTES,
    CONTEXT_MAX_LEVELS,
    decide_call,
    decide_response,
    get_decision_call,
)
from maitred.rpc.convert.fields import PLAIN, Arrival
from maitred.v1 import decision_pb2 as pb


def refusal(payload, arrival=PLAIN):
    return malformed(decide_call, payload, arrival)


def test_the_smallest_request_has_defaults():
    call = decide_call(decide_bytes())
    assert (call.request_id, call.customer_id, call.channel, call.location_id) == ("r", "c", "pos", "")
    assert (call.context, call.max_actions, call.explain, call.dry_run, call.ruleset) == (
        {},
        1,
        Explain.EXPLAIN_NONE,
        False,
        "",
    )
    assert (call.at, call.deadline, call.trace) == (None, None, None)
    assert len(call.fingerprint) == 16


def test_every_field_arrives():
    at = datetime(2017, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    call = decide_call(
        decide_bytes(
            location_id="s-9",
            context_json=b'{"a":{"b":[1,2.5,"x",true,null]}}',
            max_actions=100,
            explain=pb.EXPLAIN_REASONS,
            dry_run=True,
            ruleset="abc",
            at=at,
        ),
        Arrival(deadline=12.5, simulated_time=True),
    )
    assert call.location_id == "s-9"
    assert call.context == {"a": {"b": [1, 2.5, "x", True, None]}}
    assert (call.max_actions, call.explain, call.dry_run, call.ruleset) == (
        100,
        Explain.EXPLAIN_REASONS,
        True,
        "abc",
    )
    assert (call.at, call.deadline) == (at, 12.5)


def test_a_basket_without_a_card_is_nobody_s():
    assert decide_call(decide_bytes(customer_id="")).customer_id == ""


@pytest.mark.parametrize("field", ["request_id", "channel"])
def test_a_required_field_must_be_there(field):
    assert refusal(decide_bytes(**{field: ""})) == f"`{field}` is required"


@pytest.mark.parametrize(
    ("field", "max_bytes"),
    [("request_id", 128), ("customer_id", 256), ("channel", 256), ("location_id", 256), ("ruleset", 256)],
)
def test_ids_are_bounded_in_bytes(field, max_bytes):
    assert getattr(decide_call(decide_bytes(**{field: "x" * max_bytes})), field) == "x" * max_bytes
    assert (
        refusal(decide_bytes(**{field: "x" * (max_bytes + 1)}))
        == f"`{field}` must be at most {max_bytes} bytes"
    )
    assert (
        refusal(decide_bytes(**{field: "é" * (max_bytes // 2 + 1)}))
        == f"`{field}` must be at most {max_bytes} bytes"
    )


@pytest.mark.parametrize("character", ["\0", "\n", "\x1b", "\x7f", "\x85"])
@pytest.mark.parametrize("field", ["request_id", "customer_id", "channel", "location_id", "ruleset"])
def test_ids_hold_no_control_characters(field, character):
    assert refusal(decide_bytes(**{field: f"a{character}b"})) == f"`{field}` must not hold control characters"


def test_ids_may_hold_any_script_and_spaces():
    name = "Zoë Müller \u00a0 顧\u200d客"
    assert decide_call(decide_bytes(customer_id=name)).customer_id == name


@pytest.mark.parametrize(("sent", "meant"), [(0, 1), (1, 1), (100, 100)])
def test_max_actions(sent, meant):
    assert decide_call(decide_bytes(max_actions=sent)).max_actions == meant


def test_max_actions_is_bounded():
    assert refusal(decide_bytes(max_actions=101)) == "`max_actions` must be at most 100"


@pytest.mark.parametrize("number", [3, 77, -1])
def test_an_unknown_explain_is_refused(number):
    assert refusal(decide_bytes(explain=number)).startswith("`explain` is none of EXPLAIN_NONE, ")
    request = pb.GetDecisionRequest(decision_id="d", explain=number)
    with pytest.raises(CallError):
        get_decision_call(request.SerializeToString())


def test_the_numbers_of_explain_reason_and_type_are_those_of_the_api():
    assert {one.name: one.value for one in Explain} == dict(pb.Explain.items())
    assert {one.name: one.value for one in Reason} | {"REASON_UNSPECIFIED": 0} == dict(pb.Reason.items())
    assert {one.name: one.value for one in ActionType} | {"ACTION_TYPE_UNSPECIFIED": 0} == dict(
        pb.ActionType.items()
    )


def test_at_needs_simulated_time():
    assert "--simulated-time" in refusal(decide_bytes(at=datetime(2020, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize(
    "timestamp",
    [
        {"seconds": -1},
        {"seconds": 2**62},
        {"seconds": -(2**63)},
        {"seconds": 7258118400},
        {"seconds": 0, "nanos": -1},
        {"seconds": 0, "nanos": 10**9},
    ],
)
def test_at_is_bounded(timestamp):
    assert refusal(decide_bytes(at=timestamp), Arrival(simulated_time=True)).startswith("`at` must lie")


def test_at_is_read_to_the_microsecond():
    call = decide_call(decide_bytes(at={"seconds": 1, "nanos": 999_999_999}), Arrival(simulated_time=True))
    assert call.at == datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"nul",
        b"{} {}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e999}',
        b"{'a':1}",
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b"\xef\xbb\xbf{}",
        b"{\x00}",
        b"[" * 100_000,
    ],
)
def test_what_is_not_json_is_refused(text):
    assert refusal(decide_bytes(context_json=text)).startswith("`context_json` is not valid JSON")


@pytest.mark.parametrize("text", [b"[]", b"1", b"null", b'"x"', b"true"])
def test_what_is_not_an_object_is_refused(text):
    assert refusal(decide_bytes(context_json=text)) == "`context_json` must be a JSON object"


def test_an_empty_context_json_is_not_an_absent_one():
    assert refusal(decide_bytes(context_json=b"")).startswith("`context_json` is not valid JSON")


def test_of_equal_keys_the_last_one_counts():
    assert decide_call(decide_bytes(context_json=b'{"a":1,"a":2}')).context == {"a": 2}


def test_the_context_is_bounded_in_bytes():
    frame = len(b'{"a":""}')
    longest = b'{"a":"' + b"x" * (CONTEXT_MAX_BYTES - frame) + b'"}'
    assert len(decide_call(decide_bytes(context_json=longest)).context["a"]) == CONTEXT_MAX_BYTES - frame
    assert refusal(decide_bytes(context_json=longest + b" ")) == "the context must be at most 262144 bytes"
    assert refusal(struct_bytes({"a": "x" * CONTEXT_MAX_BYTES})) == "the context must be at most 262144 bytes"


def nested(levels, *, lists=False):
    inner: object = None
    for level in range(levels):
        inner = [inner] if lists and level < levels - 1 else {"a": inner}
    return inner


@pytest.mark.parametrize("lists", [False, True])
def test_the_context_is_bounded_in_depth_in_either_form(lists):
    deepest, too_deep = nested(CONTEXT_MAX_LEVELS, lists=lists), nested(CONTEXT_MAX_LEVELS + 1, lists=lists)
    assert decide_call(decide_bytes(context_json=json.dumps(deepest).encode())).context == deepest
    assert decide_call(struct_bytes(deepest)).context == deepest
    for payload in (decide_bytes(context_json=json.dumps(too_deep).encode()), struct_bytes(too_deep)):
        assert refusal(payload) == "the context must be at most 32 levels deep"


def test_many_brackets_that_do_not_nest_are_fine():
    wide = {"a": [[] for _ in range(1000)], "b": "[" * 1000}
    assert decide_call(decide_bytes(context_json=json.dumps(wide).encode())).context == wide


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_struct_number_must_be_finite(number):
    assert refusal(struct_bytes({"a": [{"b": number}]})) == "`context` holds a number that is NaN or infinite"


def test_a_struct_value_without_a_kind_is_refused():
    request = decide_request("r")
    request.context.fields["a"].Clear()
    assert "without a kind" in refusal(request.SerializeToString())


def test_whole_struct_numbers_are_integers():
    context = decide_call(struct_bytes({"a": 18.0, "b": 0.5, "c": -0.0, "d": 1e300, "e": 2.0**53})).context
    assert context == {"a": 18, "b": 0.5, "c": 0, "d": 1e300, "e": 2**53}
    assert [type(context[name]) for name in "abcde"] == [int, float, int, float, int]


def test_fields_from_a_newer_api_are_passed_over():
    assert decide_call(decide_bytes() + b"\xfa\x01\x03abc").request_id == "r"


def test_an_answer_arrives_whole(answer):
    response = pb.DecideResponse.FromString(decide_response(answer))
    assert (response.decision_id, response.ruleset) == (answer.decision_id, answer.ruleset)
    assert (response.degraded, response.trace_id) == (True, "ab" * 16)
    assert response.decided_at.ToDatetime(UTC) == answer.decided_at
    for sent, received, why in zip(answer.proposals, response.proposals, answer.why, strict=True):
        assert (received.action, received.rank, received.score, received.type) == (
            sent.action,
            sent.rank,
            sent.score,
            sent.type,
        )
        assert (received.treatment.title, tuple(received.treatment.say)) == (
            sent.treatment.title,
            sent.treatment.say,
        )
        assert tuple(received.why) == why
    assert [(r.action, r.reason, r.rule, r.detail) for r in response.refusals] == [
        (r.action, r.reason.value, r.rule, r.detail) for r in answer.refusals
    ]


@given(st.binary(max_size=200))
def test_random_bytes_are_a_call_or_malformed(payload):
    try:
        call = decide_call(payload)
    except CallError as error:
        assert error.code is Code.MALFORMED  # noqa: PT017 -- either outcome is right
    else:
        assert call.request_id
        assert call.customer_id


@given(st.binary(max_size=60))
def test_random_bytes_behind_a_valid_request(payload):
    try:
        decide_call(decide_bytes(context_json=b"{}") + payload)
    except CallError as error:
        assert error.code is Code.MALFORMED  # noqa: PT017 -- either outcome is right


def test_bad_utf8_and_deep_nesting_are_malformed():
    assert "valid `maitred.v1` message" in refusal(b"\x0a\x02\xff\xfe")
    value = b""
    for _ in range(200):
        members = b"\x0a" + length(len(value)) + value
        value = b"\x32" + length(len(members)) + members
    entry = b"\x0a\x01a\x12" + length(len(value)) + value
    struct = b"\x0a" + length(len(entry)) + entry
    assert "valid `maitred.v1` message" in refusal(decide_bytes() + b"\x2a" + length(len(struct)) + struct)


def length(size):
    low = bytearray()
    while size > 127:
        low.append(size & 127 | 128)
        size >>= 7
    return bytes([*low, size])

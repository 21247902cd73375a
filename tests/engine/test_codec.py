"""Bodies of decision records stay readable: one of each format is kept as it was written."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.recording import spied

from maitred.core.deciding.decisions import Decision, Proposal
from maitred.core.deciding.snapshot import Claimed, Snapshot
from maitred.core.learning.draws import METHODS, Learned, Mode
from maitred.core.learning.learners import NOTHING_LEARNED, Beta, Parameters
from maitred.core.rules.experiments import Exposure
from maitred.core.rules.ruleset import ActionType
from maitred.core.rules.treatments import LINES, TEXTS, Treatment
from maitred.core.values.types import Attribute, AttributeType, Fact, Invalid, Kind
from maitred.engine.calls import DecideCall, OpenClaim
from maitred.engine.deciding import codec
from maitred.engine.deciding.codec import (
    FORMAT,
    READABLE_FORMATS,
    RecordBody,
    Recurring,
    decode_body,
    decode_claimable,
    decode_facts,
    encode_body,
    encode_proposals,
)
from maitred.engine.errors import CallError, Cause, Code

RECORDS = Path(__file__).parent / "records"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HELD_UNTIL = NOON + timedelta(minutes=20)
CALL = DecideCall("till-7-1042", "c-900", "pos", "nyc-hudson", {}, bytes(range(16)), max_actions=2)
TYPES = {
    "customer.age": AttributeType(Kind.INT),
    "customer.rate": AttributeType(Kind.DOUBLE),
    "customer.since": AttributeType(Kind.TIMESTAMP),
    "customer.wait": AttributeType(Kind.DURATION),
    "customer.tags": AttributeType(Kind.STRING, is_list=True),
}
FACTS: dict[str, Fact] = {
    "customer.age": 31,
    "customer.rate": 2.0,
    "customer.since": NOON - timedelta(days=400),
    "customer.wait": timedelta(minutes=3, microseconds=5),
    "customer.tags": ("vip", "früh"),
    "customer.tier": Invalid("is not one of basic, gold"),
    "customer.ok": True,
}


def treatment_of(names):
    texts: dict[str, Any] = {name: (f"{name} 1", "è") if name in LINES else f"{name} text" for name in names}
    return Treatment(**texts)


def proposals_of(treatment):
    return (
        Proposal(
            "pizza", 1, 4.5, ActionType.OFFER, treatment, "cinema", NOON + timedelta(minutes=20), b"l" * 16
        ),
        Proposal("sorry", 2, -1.25, ActionType.GESTURE, Treatment(title="Sorry")),
    )


def open_claims_of(treatment):
    return (OpenClaim("cd" * 16, "pizza", treatment, HELD_UNTIL, "nyc-hudson"),)


TREATMENT = treatment_of(TEXTS)
BELIEFS = {"cinema": Beta(1.0, 19.0), "pizza": Beta(13.5, 88.0)}
LEARNED = {"uptake": Learned(Mode.EXPLORE, "a18acb19d5f2a3b7", 5.0, BELIEFS)}
DECISION = Decision(
    proposals_of(TREATMENT),
    7,
    {"words": Exposure("loud", "PACED"), "control": Exposure("offered")},
    LEARNED,
)
SNAPSHOT = Snapshot(
    {"ovens|nyc": 299},
    own=frozenset({"pizza"}),
    paused=frozenset({"cinema"}),
    rejected=frozenset({"opera"}),
    claimed={"sorry": Claimed("ef" * 16, HELD_UNTIL)},
    holders={"ovens|nyc": ("ef" * 16,)},
    learned=Parameters("a18acb19d5f2a3b7", {"uptake": BELIEFS}),
)
UNTAUGHT = SNAPSHOT._replace(learned=NOTHING_LEARNED)
EARLIER = UNTAUGHT._replace(claimed={}, holders={})
BODY = RecordBody(
    request_id="till-7-1042",
    fingerprint=bytes(range(16)),
    customer_id="c-900",
    channel="pos",
    location_id="nyc-hudson",
    max_actions=2,
    facts={},
    proposals=DECISION.proposals,
    candidates=7,
    exposures=DECISION.exposures,
    trace_id="ab" * 16,
    commit="c0ffee",
    snapshot=SNAPSHOT,
    purposes=("perks", "service"),
    open_claims=open_claims_of(TREATMENT),
    ended=("ef" * 16,),
    learned=LEARNED,
    has_lots_by_time=True,
)


TREATMENT_KEPT = treatment_of(("title", "say", "show", "do", "avoid", "terms"))
"""The texts that there were when the records below were kept."""
BY_TIME = BODY._replace(proposals=proposals_of(TREATMENT_KEPT), open_claims=open_claims_of(TREATMENT_KEPT))
NEWEST = BY_TIME._replace(has_lots_by_time=False)
UNLEARNED = NEWEST._replace(learned={}, snapshot=UNTAUGHT)


def drawn_by(method):
    return NEWEST._replace(
        learned={"uptake": LEARNED["uptake"]._replace(method=method)},
        snapshot=SNAPSHOT._replace(learned=SNAPSHOT.learned._replace(method=method)),
    )


ALL_OPEN = UNLEARNED._replace(ended=())
UNTRIED = ALL_OPEN._replace(exposures={})
KEPT = {
    "format-2.json": UNTRIED._replace(snapshot=EARLIER._replace(rejected=frozenset()), open_claims=()),
    "format-2-rejected.json": UNTRIED._replace(snapshot=EARLIER, open_claims=()),
    "format-2-open-claims.json": UNTRIED._replace(snapshot=EARLIER),
    "format-2-named-claims.json": UNTRIED,
    "format-2-exposures.json": ALL_OPEN,
    "format-2-ended-claims.json": UNLEARNED,
    "format-2-learned.json": drawn_by(1),
    "format-2-beliefs.json": drawn_by(2),
    "format-3.json": BY_TIME,
}
"""What each record that is kept comes to: those of before a field was added have it empty."""


def encoded() -> bytes:
    return encode_body(
        CALL,
        FACTS,
        DECISION,
        SNAPSHOT,
        trace_id=BODY.trace_id,
        commit=BODY.commit,
        purposes=BODY.purposes,
        open_claims=BODY.open_claims,
        ended=BODY.ended,
    )


def check(body: bytes, expected: RecordBody) -> None:
    """What is read is what was decided, to the type."""
    read = decode_body(body)
    assert read._replace(facts={}) == expected
    facts = decode_facts(read.facts, {name: Attribute(name, kind) for name, kind in TYPES.items()})
    assert facts == FACTS
    assert {name: type(value) for name, value in facts.items()} == {n: type(v) for n, v in FACTS.items()}


def test_every_field_of_a_body_is_read_back():
    empty = RecordBody("", b"", "", "", "", 0, {}, (), 0, "", "", Snapshot(), ())
    assert not [
        name for name in BODY._fields if name != "facts" and getattr(BODY, name) == getattr(empty, name)
    ]
    assert not [name for name in SNAPSHOT._fields if not getattr(SNAPSHOT, name)]
    check(encoded(), BODY)


@pytest.mark.parametrize("name", KEPT)
def test_a_record_that_was_kept_is_read(name):
    check((RECORDS / name).read_bytes(), KEPT[name])


@pytest.mark.parametrize("name", KEPT)
def test_what_claims_go_by_is_as_in_the_whole_body(name):
    check_claimable((RECORDS / name).read_bytes())


def test_a_claim_that_was_carried_over_is_told_to_the_next():
    carried = DECISION.proposals[1]._replace(claim_id="ef" * 16, hold_expires_at=HELD_UNTIL)
    decision = DECISION._replace(proposals=(DECISION.proposals[0], carried))
    body = encode_body(CALL, FACTS, decision, SNAPSHOT, trace_id="", commit="")
    check_claimable(body)
    assert decode_claimable(body).proposals[1].claim_id == carried.claim_id


def check_claimable(body: bytes) -> None:
    """Checks that what is read for claims is what is read for all else, without what they do not need."""
    whole, read = decode_body(body), decode_claimable(body)
    left_out = RecordBody("", b"", "", "", "", 0, {}, (), 0, "", "", Snapshot(), ())
    unread = ("fingerprint", "purposes", "open_claims", "exposures", "ended", "learned")
    proposals = [
        proposal._replace(treatment=Treatment(), substitute_for="", hold_expires_at=None)
        for proposal in whole.proposals
    ]
    assert read == whole._replace(
        proposals=tuple(proposals),
        snapshot=Snapshot(learned=whole.snapshot.learned),
        **{name: getattr(left_out, name) for name in unread},
    )


def test_no_format_that_was_kept_has_been_given_up():
    assert {path.name for path in RECORDS.iterdir()} == set(KEPT)
    kept = {int(name.split("-")[1].removesuffix(".json")) for name in KEPT}
    assert kept == READABLE_FORMATS
    assert json.loads(encoded())["format"] == FORMAT == max(kept)


@pytest.mark.parametrize("number", [FORMAT + 1, 0, None, "2"])
def test_another_format_is_refused_with_words(number):
    body = json.dumps(json.loads(encoded()) | {"format": number}).encode()
    with pytest.raises(
        CallError, match=f"recorded in format {number!r}, this version reads 2, {FORMAT}"
    ) as error:
        decode_body(body)
    assert (error.value.code, error.value.cause) == (Code.NOT_FOUND, Cause.UNKNOWN_FORMAT)


@pytest.mark.parametrize(
    "other",
    [
        {"action": "tea"},
        {"score": -2.5e-300},
        {"score": -0.0},
        {"type": ActionType.GESTURE},
        {"treatment": Treatment("Tea")},
        {"substitute_for": "espresso"},
        {"lot": b"l" * 16, "hold_expires_at": HELD_UNTIL},
        {"claim_id": "cd" * 16, "hold_expires_at": HELD_UNTIL},
        {"claim_id": "cd" * 16},
    ],
)
def test_what_is_remembered_of_a_proposal_is_not_written_for_another(other):
    pizza = Proposal("pizza", 1, 1.0, ActionType.OFFER, Treatment("Pizza", say=("Öl",)))
    for proposal in (pizza, pizza._replace(**other), pizza):
        (written,) = json.loads(encode_proposals(Decision((proposal,), 1)))
        expires, lot = proposal.hold_expires_at, proposal.lot.hex()
        own = {"substitute_for": proposal.substitute_for, "lot": lot, "claim_id": proposal.claim_id}
        expected = {
            "action": proposal.action,
            "score": proposal.score,
            "type": proposal.type.value,
            **proposal.treatment.filled(),
            **{name: value for name, value in own.items() if value},
            **({"hold_expires_at": expires and expires.isoformat()} if lot or proposal.claim_id else {}),
        }
        assert json.dumps(written, sort_keys=True) == json.dumps(expected, sort_keys=True)


def test_values_that_are_drawn_in_an_unknown_way_are_refused_with_words():
    fields = json.loads(encoded())
    fields["learned"]["uptake"]["method"] = max(METHODS) + 1
    with pytest.raises(CallError, match=f"recorded in format {max(METHODS) + 1}") as error:
        decode_body(json.dumps(fields).encode())
    assert (error.value.code, error.value.cause) == (Code.NOT_FOUND, Cause.UNKNOWN_FORMAT)


def test_made_once_for_the_same_object_and_anew_for_an_equal_one():
    made: list[list[str]] = []
    memo: Recurring[list[str], tuple[str, ...]] = Recurring(spied(made, tuple))
    first, second = ["a"], ["a"]
    assert memo.of(first) == memo.of(first) == memo.of(second) == ("a",)
    assert len(made) == 2


def test_an_identity_that_is_used_again_is_not_mistaken(monkeypatch):
    monkeypatch.setattr(codec, "MAX_REMEMBERED", 3)
    memo: Recurring[list[int], tuple[int, ...]] = Recurring(tuple)
    assert all(memo.of([number]) == (number,) for number in range(1_000))

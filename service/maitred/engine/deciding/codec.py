"""The body of a decision record: JSON, enough to answer again and to decide again, and packed.

Packing is Zstandard (RFC 8878) with a dictionary. Most of a record is what every record of its ruleset says:
names of fields and attributes, actions and their texts. A dictionary says it once: a record of nobody, and
the proposals of the first actions. It is made of the rules alone, so that it may be kept in plain, and is
kept for as long as there are records: without it none of them can be read. A record of a kilobyte comes to
some 300 bytes.

A record that begins with ``{`` is plain, one that begins with a byte of 1 is deflate (RFC 1951) with the same
dictionary.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, count
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

import orjson
from zstandard import (
    DICT_TYPE_RAWCONTENT,
    ZstdCompressionDict,
    ZstdCompressionParameters,
    ZstdCompressor,
    ZstdDecompressor,
)

from maitred.core.deciding.decisions import Decision, Proposal
from maitred.core.deciding.policy import Policy
from maitred.core.deciding.rendering import NO_TREATMENT
from maitred.core.deciding.snapshot import Claimed, Snapshot
from maitred.core.learning.draws import METHODS, NOTHING_DRAWN, Learned, Mode
from maitred.core.learning.learners import NOTHING_LEARNED, Beta, Parameters, learner_name
from maitred.core.limits.limits import ANONYMOUS
from maitred.core.rules.experiments import NO_EXPOSURES, Exposure, Exposures
from maitred.core.rules.ruleset import Action, ActionType, arm_fact
from maitred.core.rules.treatments import Template, Treatment
from maitred.core.values.kinds import Load, loader_of, to_json
from maitred.core.values.types import CHANNEL, CUSTOMER_ID, LOCATION_ID, Attribute, Facts, Invalid
from maitred.engine.calls import DecideCall, OpenClaim
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.messages import no_dictionary, unknown_format

FORMAT = 3
"""Raised when the body changes in a way that an older reader would misread."""
_LOTS_BY_TIME = 3
"""The first format of decisions whose lots have ids that follow each other in time."""
READABLE_FORMATS = frozenset((2, FORMAT))
"""Those that ``decode_body`` reads. One of each is kept under ``tests/engine/records``."""
_INVALID = "!"
"""Key that marks an invalid fact; no JSON value of an attribute is an object."""
_GIVEN_BY_RECORD = frozenset(("now", CHANNEL, CUSTOMER_ID, LOCATION_ID, ANONYMOUS))
"""Facts that stand in the record's own fields."""


MAX_REMEMBERED = 8_192
"""Some megabytes; values that never recur only pass through."""

Value = TypeVar("Value")
Made = TypeVar("Made")


class Recurring(Generic[Value, Made]):
    """Remembers by identity: a look-up costs a tenth of a hash over a nested value."""

    def __init__(self, make: Callable[[Value], Made]) -> None:
        self._make = make
        self._made: dict[int, tuple[Value, Made]] = {}

    def of(self, value: Value) -> Made:
        """What ``make`` gives for this very object. Values must not change."""
        known = self._made.get(id(value))
        # The kept reference keeps the identity from being given to another object.
        if known is not None and known[0] is value:
            return known[1]
        made = self._make(value)
        if len(self._made) >= MAX_REMEMBERED:
            self._made.clear()
        self._made[id(value)] = value, made
        return made


class RecordBody(NamedTuple):
    """A decision record's body, read back."""

    request_id: str
    fingerprint: bytes
    customer_id: str
    channel: str
    location_id: str
    max_actions: int
    facts: Mapping[str, Any]
    proposals: tuple[Proposal, ...]
    candidates: int
    trace_id: str
    commit: str
    snapshot: Snapshot
    purposes: tuple[str, ...]
    open_claims: tuple[OpenClaim, ...] = ()
    exposures: Exposures = NO_EXPOSURES
    ended: tuple[str, ...] = ()
    learned: Mapping[str, Learned] = NOTHING_DRAWN
    has_lots_by_time: bool = False

    def facts_json(self) -> bytes:
        """The facts as a JSON object."""
        return orjson.dumps(self.facts)


def encode_body(
    call: DecideCall,
    facts: Facts,
    decision: Decision,
    snapshot: Snapshot,
    *,
    trace_id: str,
    commit: str,
    purposes: Sequence[str] = (),
    open_claims: Sequence[OpenClaim] = (),
    ended: Sequence[str] = (),
) -> bytes:
    """The body of the record of one decision.

    ``commit`` is the git commit its ruleset was at then, ``purposes`` are those relied on.
    ``ended`` are claims that the checkout named, and that were not open any more.
    """
    seen = dict(facts)
    for name in _GIVEN_BY_RECORD:
        seen.pop(name, None)
    body = {
        "format": FORMAT,
        "request_id": call.request_id,
        "fingerprint": call.fingerprint.hex(),
        "customer_id": call.customer_id,
        "channel": call.channel,
        "location_id": call.location_id,
        "max_actions": call.max_actions,
        "facts": seen,
        "proposals": list(map(_fragment, decision.proposals)),
        "candidates": decision.candidates,
        "trace_id": trace_id,
        "commit": commit,
    }
    if purposes:
        body["purposes"] = purposes
    if ended:
        body["ended"] = ended
    if decision.exposures:
        body["exposures"] = _EXPOSURES.of(decision.exposures)
    if decision.learned:
        body["learned"] = _LEARNED.of(decision.learned)
    if open_claims:
        body["open_claims"] = list(map(_encode_open_claim, open_claims))
    if snapshot.live or snapshot.paused or snapshot.rejected or snapshot.claimed:
        body["ledger"] = {
            "live": snapshot.live,
            "own": sorted(snapshot.own),
            "paused": sorted(snapshot.paused),
            "rejected": sorted(snapshot.rejected),
            "claimed": {name: list(claimed) for name, claimed in snapshot.claimed.items()},
            "holders": snapshot.holders,
        }
    return orjson.dumps(body, default=_encode_fact, option=orjson.OPT_PASSTHROUGH_DATACLASS)


def encode_proposals(decision: Decision) -> bytes:
    """The proposals of a decision as its record has them."""
    return orjson.dumps(list(map(_fragment, decision.proposals)))


def decode_body(body: bytes) -> RecordBody:
    """Reads a body back. Facts stay JSON until ``decode_facts`` types them.

    Raises ``CallError``: not found, where it is of a format that this version does not read.
    """
    fields = _fields_of(body)
    learned = _decode_uses(fields)
    return RecordBody(
        request_id=fields["request_id"],
        fingerprint=bytes.fromhex(fields["fingerprint"]),
        customer_id=fields["customer_id"],
        channel=fields["channel"],
        location_id=fields["location_id"],
        max_actions=fields["max_actions"],
        facts=fields["facts"],
        proposals=tuple(map(_decode_proposal, count(1), fields["proposals"])),
        candidates=fields["candidates"],
        trace_id=fields["trace_id"],
        commit=fields["commit"],
        snapshot=_decode_snapshot(fields.get("ledger"), _parameters_of(learned)),
        purposes=tuple(fields.get("purposes", ())),
        open_claims=tuple(map(_decode_open_claim, fields.get("open_claims", ()))),
        exposures={name: Exposure(*exposure) for name, exposure in fields.get("exposures", {}).items()},
        ended=tuple(fields.get("ended", ())),
        learned=learned,
        has_lots_by_time=fields["format"] >= _LOTS_BY_TIME,
    )


def decode_claimable(body: bytes) -> RecordBody:
    """Reads back what claims go by: neither what proposals say nor what the decision saw of the ledger.

    Raises as ``decode_body``.
    """
    fields = _fields_of(body)
    return RecordBody(
        fields["request_id"],
        b"",
        fields["customer_id"],
        fields["channel"],
        fields["location_id"],
        fields["max_actions"],
        fields["facts"],
        tuple([_claimable_proposal(rank, proposal) for rank, proposal in enumerate(fields["proposals"], 1)]),
        fields["candidates"],
        fields["trace_id"],
        fields["commit"],
        Snapshot(learned=_parameters_of(_decode_uses(fields))) if "learned" in fields else _NOTHING_SEEN,
        (),
        has_lots_by_time=fields["format"] >= _LOTS_BY_TIME,
    )


_NOTHING_SEEN = Snapshot()


def _fields_of(body: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = orjson.loads(body)
    if fields.get("format") not in READABLE_FORMATS:
        message = unknown_format(fields.get("format"), READABLE_FORMATS)
        raise CallError(Code.NOT_FOUND, message, Cause.UNKNOWN_FORMAT)
    return fields


def _encode_exposures(exposures: Exposures) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps({name: list(exposure) for name, exposure in exposures.items()}))


_EXPOSURES: Recurring[Exposures, orjson.Fragment] = Recurring(_encode_exposures)


def _encode_learned(learned: Mapping[str, Learned]) -> orjson.Fragment:
    """Writes what learners went by as JSON. Beliefs come again until there are others."""
    uses = [b"%b:%b" % (orjson.dumps(name), _use_json(use)) for name, use in learned.items()]
    return orjson.Fragment(b"{%b}" % b",".join(uses))


_LEARNED: Recurring[Mapping[str, Learned], orjson.Fragment] = Recurring(_encode_learned)


def _use_json(learned: Learned) -> bytes:
    beliefs = b",".join([_belief_json(name, belief) for name, belief in learned.beliefs.items()])
    return b"%b%b}}" % (_learned_json(*learned[:3], learned.method), beliefs)


@lru_cache(MAX_REMEMBERED)
def _learned_json(mode: Mode, version: str, share: float, method: int) -> bytes:
    """All but the beliefs, up to where they begin."""
    fields: dict[str, Any] = {
        "mode": mode.value,
        "version": version,
        "share": share,
        "method": method,
        "beliefs": {},
    }
    return orjson.dumps(fields)[:-2]


@lru_cache(MAX_REMEMBERED)
def _belief_json(action: str, belief: Beta) -> bytes:
    return b"%b:%b" % (orjson.dumps(action), orjson.dumps(list(belief)))


def _decode_learned(fields: Mapping[str, Any]) -> Learned:
    # Records of before held beside each belief the value that is drawn by it, under another name.
    beliefs = fields.get("beliefs") or fields.get("actions", {})
    read = {name: Beta(*belief[:2]) for name, belief in beliefs.items()}
    return Learned(Mode(fields["mode"]), fields["version"], fields["share"], read, fields.get("method", 1))


def _decode_uses(fields: Mapping[str, Any]) -> dict[str, Learned]:
    return {name: _decode_learned(entry) for name, entry in fields.get("learned", {}).items()}


def _parameters_of(learned: Mapping[str, Learned]) -> Parameters:
    """The parameters that a decision saw, of the actions that it ranked by them."""
    if not learned:
        return NOTHING_LEARNED
    version, method = next((use.version, use.method) for use in learned.values())
    if method not in METHODS:
        raise CallError(Code.NOT_FOUND, unknown_format(method, METHODS), Cause.UNKNOWN_FORMAT)
    return Parameters(version, {name: use.beliefs for name, use in learned.items()}, method)


def _encode_open_claim(claim: OpenClaim) -> Mapping[str, Any]:
    return {**claim._asdict(), "treatment": claim.treatment.filled()}


def _decode_open_claim(fields: Mapping[str, Any]) -> OpenClaim:
    expires = fields["expires_at"]
    return OpenClaim(
        fields["claim_id"],
        fields["action"],
        Treatment.read(fields["treatment"].get),
        datetime.fromisoformat(expires) if expires else None,
        fields["location_id"],
    )


def _decode_snapshot(fields: Mapping[str, Any] | None, learned: Parameters) -> Snapshot:
    if fields is None:
        return Snapshot(learned=learned)
    get = fields.get
    own, paused, rejected = (
        frozenset(get("own", ())),
        frozenset(get("paused", ())),
        frozenset(get("rejected", ())),
    )
    claimed = {
        name: Claimed(claim_id, datetime.fromisoformat(expires) if expires else None)
        for name, (claim_id, expires) in get("claimed", {}).items()
    }
    holders = {key: tuple(claims) for key, claims in get("holders", {}).items()}
    return Snapshot(fields["live"], own, paused, rejected, claimed, holders, learned)


def decode_facts(facts: Mapping[str, Any], attributes: Mapping[str, Attribute]) -> Facts:
    """The facts as the decision saw them, typed by the attributes of its ruleset.

    Clock attributes are whole numbers and stand in no ruleset.
    """
    decoders = _DECODERS.of(attributes)
    decoded = dict(facts)
    for name, value in facts.items():
        if value.__class__ not in _SCALARS or name in decoders:
            decoded[name] = _decode_fact(value, decoders.get(name))
    return decoded


class _Written(NamedTuple):
    """A proposal as JSON, and what stands there before its score, behind it, and before what is its own."""

    proposal: Proposal
    whole: orjson.Fragment
    before: bytes
    behind: bytes
    unended: bytes


def _fragment(proposal: Proposal) -> orjson.Fragment:
    """The proposal as JSON. Score, hold and place may be its own; what it says comes again."""
    known = _WRITTEN.get(id(proposal.treatment))
    if known is None or not (known.proposal is proposal or _says_the_same(known.proposal, proposal)):
        known = _remember(proposal)
    of, whole, before, behind, unended = known
    if of is proposal:
        return whole
    if of.score is proposal.score:
        return orjson.Fragment(unended + _own_fields(proposal))
    # One call for its own score, and one for what else is its own.
    return orjson.Fragment(before + orjson.dumps(proposal.score) + behind + _own_fields(proposal))


def _says_the_same(known: Proposal, proposal: Proposal) -> bool:
    # The kept reference keeps the identity from being given to another treatment.
    return (
        known.treatment is proposal.treatment
        and known.action == proposal.action
        and known.type is proposal.type
    )


def _remember(proposal: Proposal) -> _Written:
    before = b'{"action":%b,"score":' % orjson.dumps(proposal.action)
    words = orjson.dumps(proposal.treatment.filled())[1:-1]
    behind = b',"type":%d,%b' % (proposal.type.value, words)
    unended = b"%b%b%b" % (before, orjson.dumps(proposal.score), behind)
    whole = orjson.Fragment(unended + _own_fields(proposal))
    written = _Written(proposal, whole, before, behind, unended)
    if len(_WRITTEN) >= MAX_REMEMBERED:
        _WRITTEN.clear()
    _WRITTEN[id(proposal.treatment)] = written
    return written


def _own_fields(proposal: Proposal) -> bytes:
    """The end of the JSON of a proposal: what no other one has."""
    if not (proposal.substitute_for or proposal.lot or proposal.claim_id):
        return b"}"
    fields: dict[str, Any] = {}
    if proposal.substitute_for:
        fields["substitute_for"] = proposal.substitute_for
    if proposal.lot:
        fields["lot"] = proposal.lot.hex()
        fields["hold_expires_at"] = proposal.hold_expires_at
    if proposal.claim_id:
        fields |= {"claim_id": proposal.claim_id, "hold_expires_at": proposal.hold_expires_at}
    return b"," + orjson.dumps(fields)[1:]


_WRITTEN: dict[int, _Written] = {}
"""By the identity of the treatment."""


_TYPES: Mapping[int, ActionType] = {kind.value: kind for kind in ActionType}


def _decode_proposal(rank: int, fields: Mapping[str, Any]) -> Proposal:
    expires = fields.get("hold_expires_at")
    return Proposal(
        fields["action"],
        rank,
        fields["score"],
        _TYPES[fields["type"]],
        Treatment.read(fields.get),
        substitute_for=fields.get("substitute_for", ""),
        hold_expires_at=datetime.fromisoformat(expires) if expires else None,
        lot=bytes.fromhex(fields.get("lot", "")),
        claim_id=fields.get("claim_id", ""),
    )


_NO_WORDS: Treatment[str] = Treatment()


def _claimable_proposal(rank: int, fields: Mapping[str, Any]) -> Proposal:
    lot, claim_id = fields.get("lot"), fields.get("claim_id", "")
    held = bytes.fromhex(lot) if lot else b""
    kind = _TYPES[fields["type"]]
    return Proposal(fields["action"], rank, fields["score"], kind, _NO_WORDS, lot=held, claim_id=claim_id)


def _encode_fact(value: object) -> Any:
    return {_INVALID: value.why} if isinstance(value, Invalid) else to_json(value)


_SCALARS = frozenset({str, int, float, bool})


def _decode_fact(value: Any, decode: Load | None) -> Any:
    if value.__class__ is dict:
        return Invalid(value[_INVALID])
    if value.__class__ is list:
        return tuple(map(decode, value)) if decode else tuple(value)
    return decode(value) if decode else value


def _decoders(attributes: Mapping[str, Attribute]) -> Mapping[str, Load]:
    loads = ((name, loader_of(attribute.type)) for name, attribute in attributes.items())
    return {name: load for name, load in loads if load}


_DECODERS = Recurring(_decoders)


MAX_DICTIONARY_BYTES = 3_500
"""With a record behind it, within reach of the window."""
ID_BYTES = 8

_PLAIN, _DEFLATED, _PACKED = b"{", b"\1", b"\2"
_HEAD_BYTES = len(_PACKED) + ID_BYTES
_DEFLATE_WINDOW_BITS = -12
_FORM = ZstdCompressionParameters.from_level(1, window_log=13, write_checksum=0, write_dict_id=0)
"""The window holds a record and its dictionary. The seal tells whether a record is whole."""
_SAMPLE_BYTES = 16
_SAMPLE_INSTANT = datetime(2026, 1, 1, tzinfo=UTC)


class Packing:
    """Packs and unpacks by one dictionary. From any thread."""

    def __init__(self, dictionary: bytes) -> None:
        self.dictionary = dictionary
        self.id = blake2b(dictionary, digest_size=ID_BYTES).digest()
        content = ZstdCompressionDict(dictionary, dict_type=DICT_TYPE_RAWCONTENT)
        content.precompute_compress(compression_params=_FORM)
        # The library lets go of the interpreter while it works, and one of these works for one at a time.
        self._lock = Lock()
        self._compressor = ZstdCompressor(dict_data=content, compression_params=_FORM)
        self._decompressor = ZstdDecompressor(dict_data=content)

    def pack(self, body: bytes) -> bytes:
        """The record packed; it names the dictionary."""
        with self._lock:
            return b"".join((_PACKED, self.id, self._compressor.compress(body)))

    def unpack(self, packed: bytes) -> bytes:
        """The plain record."""
        if packed.startswith(_DEFLATED):
            return zlib.decompressobj(_DEFLATE_WINDOW_BITS, self.dictionary).decompress(packed[_HEAD_BYTES:])
        with self._lock:
            return self._decompressor.decompress(packed[_HEAD_BYTES:])


class Packings:
    """Unpacks records by the dictionaries that they name; ``find`` gives the one of an id."""

    def __init__(self, find: Callable[[bytes], bytes | None]) -> None:
        self._find = find
        self._packings: dict[bytes, Packing] = {}

    def unpacked(self, body: bytes) -> bytes:
        """The plain record. Raises ``CallError`` where there is no such dictionary, or ``find`` does."""
        key = dictionary_named_by(body)
        if key is None:
            return body
        packing = self._packings.get(key)
        if packing is None:
            dictionary = self._find(key)
            if dictionary is None:
                raise CallError(Code.NOT_FOUND, no_dictionary(key.hex()), Cause.UNKNOWN_FORMAT)
            packing = self._packings[key] = Packing(dictionary)
        return packing.unpack(body)


def dictionary_named_by(body: bytes) -> bytes | None:
    """The id of the dictionary a record was packed by; ``None`` for one that is plain."""
    return None if body.startswith(_PLAIN) else body[len(_PACKED) : _HEAD_BYTES]


def dictionary_of(policy: Policy) -> bytes:
    """What the records of a policy have in common. Of equal matches deflate takes the nearest: the last."""
    sample = _sample(policy)
    room = MAX_DICTIONARY_BYTES - len(sample)
    texts = bytearray()
    for proposal in chain.from_iterable(map(_proposals, policy.actions)):
        texts += encode_proposals(Decision((proposal,), 0))
        if len(texts) >= room:
            break
    return (bytes(texts[: max(room, 0)]) + sample)[-MAX_DICTIONARY_BYTES:]


def _sample(policy: Policy) -> bytes:
    """A record that tells of nobody."""
    attributes = policy.ruleset.attributes
    computed = (
        *(worker.computed.name for worker in policy.workers),
        *(reader.name for reader in policy.rememberers.every),
    )
    facts: Facts = {
        name: " ".join(map(str, attributes[name].allowed)) if name in attributes else ""
        for name in sorted(policy.reader.names().union(computed))
    }
    call = DecideCall("", "", min(policy.ruleset.channels, default=""), "", {}, bytes(_SAMPLE_BYTES))
    held = Proposal(
        "", 1, 1.0, ActionType.OFFER, Treatment(), hold_expires_at=_SAMPLE_INSTANT, lot=bytes(_SAMPLE_BYTES)
    )
    snapshot = Snapshot(dict.fromkeys(sorted(policy.limits), 0))
    experiments = sorted(policy.ruleset.experiments, key=lambda experiment: experiment.name)
    facts |= {arm_fact(experiment.name): experiment.arms[0].name for experiment in experiments}
    arms = {experiment.name: Exposure(experiment.arms[0].name) for experiment in experiments}
    arms |= {learner_name(name): Exposure(Mode.EXPLOIT.value) for name in sorted(policy.learners)}
    learned = {
        name: Learned(Mode.EXPLOIT, "", learner.exploration, {"": learner.prior})
        for name, learner in sorted(policy.learners.items())
    }
    decision = Decision((held,), 1, arms, learned)
    return encode_body(call, facts, decision, snapshot, trace_id="", commit=policy.ruleset.commit)


def _proposals(action: Action) -> Iterator[Proposal]:
    """What is proposed of an action on each channel, without what depends on the customer."""
    for treatment in action.treatments.values() or (NO_TREATMENT,):
        texts = treatment.before_claim().mapped(lambda _, template: _fixed(template))
        titled = texts if texts.title else replace(texts, title=action.title)
        yield Proposal(action.name, 1, action.score.constant or 0.0, action.type, titled)


def _fixed(template: Template) -> str:
    return "".join([part for part in template if isinstance(part, str)])

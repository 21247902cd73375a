"""Records made small: Zstandard (RFC 8878) with a dictionary.

Most of a record is what every record of its ruleset says: names of fields and attributes, actions and their
texts. A dictionary says it once: a record of nobody, and the proposals of the first actions. It is made of
the rules alone, so that it may be kept in plain, and is kept for as long as there are records: without it
none of them can be read. A record of a kilobyte comes to some 300 bytes.

A record that begins with ``{`` is plain, one that begins with a byte of 1 is deflate (RFC 1951) with the same
dictionary.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import chain
from threading import Lock

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
from maitred.core.deciding.snapshot import Snapshot
from maitred.core.learning.draws import Learned, Mode
from maitred.core.learning.learners import learner_name
from maitred.core.rules.experiments import Exposure
from maitred.core.rules.ruleset import Action, ActionType, arm_fact
from maitred.core.rules.treatments import Template, Treatment
from maitred.core.values.types import Facts
from maitred.engine.calls import DecideCall
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.messages import no_dictionary

from .codec import encode_body, encode_proposals

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

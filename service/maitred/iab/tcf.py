"""TCF strings of Europe, versions 1 and 2."""

from collections.abc import Sequence

from maitred.core.privacy.strings import NO_VENDORS, Framework, PublisherPurposes, Tcf, VendorBits, Vendors

from . import messages
from .bits import Bits, IabError
from .ids import ID_BITS, fixed_ranges, restricted, restrictions, vendors

MAX_SEGMENTS = 4
"""The core, disclosed and allowed vendors, and the publisher's purposes."""
VERSION_BITS = 6
CMP_BITS = 12
SCREEN_BITS = 6
LIST_BITS = 12
POLICY_BITS = 6
SPECIAL_FEATURES = 12
PURPOSES = 24
_SEGMENT_BITS = 3
DISCLOSED, ALLOWED, PUBLISHER = 1, 2, 3
_SEGMENTS = frozenset({DISCLOSED, ALLOWED, PUBLISHER})
_V1, _V2 = 1, 2
_V1_POLICY = 2
"""Version 1 carries no policy version; what the reference library reports in its place."""
_CUSTOM_BITS = 6


def parse_tcf(text: str) -> Tcf:
    """Returns the string, whatever its consent platform; raises `IabError`."""
    core, *others = text.split(".", MAX_SEGMENTS)
    bits = Bits(core)
    version = bits.take(VERSION_BITS)
    if version == _V2:
        return _version_2(bits, others)
    if version == _V1:
        return _version_1(bits, others)
    raise IabError(messages.wrong_version("version", version))


def _version_2(bits: Bits, others: list[str]) -> Tcf:
    segments = segments_by_kind(others, _SEGMENTS)
    tcf = Tcf(
        framework=Framework.EU,
        version=_V2,
        created=bits.instant(),
        last_updated=bits.instant(),
        cmp_id=bits.take(CMP_BITS),
        cmp_version=bits.take(CMP_BITS),
        consent_screen=bits.take(SCREEN_BITS),
        consent_language=bits.letters(),
        vendor_list_version=bits.take(LIST_BITS),
        policy_version=bits.take(POLICY_BITS),
        is_service_specific=bits.flag(),
        uses_non_standard_stacks=bits.flag(),
        special_features=bits.numbers(SPECIAL_FEATURES),
        purpose_consents=bits.numbers(PURPOSES),
        purpose_legitimate_interests=bits.numbers(PURPOSES),
        purpose_one_treatment=bits.flag(),
        publisher_country=bits.letters(),
        vendor_consents=vendors(bits),
        vendor_legitimate_interests=vendors(bits),
        restrictions=restrictions(bits, restricted),
        disclosed_vendors=_vendor_segment(segments.get(DISCLOSED)),
        allowed_vendors=_vendor_segment(segments.get(ALLOWED)),
        publisher=publisher_segment(segments.get(PUBLISHER)),
    )
    bits.close()
    return tcf


def segments_by_kind(texts: Sequence[str], known: frozenset[int]) -> dict[int, Bits]:
    """Returns what follows the core, each behind its kind.

    Raises `IabError` for one twice or not ``known``.
    """
    segments: dict[int, Bits] = {}
    for text in texts:
        bits = Bits(text)
        kind = bits.take(_SEGMENT_BITS)
        if kind in segments or kind not in known:
            raise IabError(messages.unknown_segment(kind))
        segments[kind] = bits
    return segments


def _vendor_segment(bits: Bits | None) -> Vendors | None:
    if bits is None:
        return None
    listed = vendors(bits)
    bits.close()
    return listed


def publisher_segment(bits: Bits | None) -> PublisherPurposes | None:
    """Returns the publisher's own purposes, the same in Europe and Canada."""
    if bits is None:
        return None
    consents, interests = bits.numbers(PURPOSES), bits.numbers(PURPOSES)
    count = bits.take(_CUSTOM_BITS)
    purposes = PublisherPurposes(consents, interests, count, bits.numbers(count), bits.numbers(count))
    bits.close()
    return purposes


def _version_1(bits: Bits, others: list[str]) -> Tcf:
    if others:
        raise IabError(messages.left_over())
    tcf = Tcf(
        framework=Framework.EU_V1,
        version=_V1,
        created=bits.instant(),
        last_updated=bits.instant(),
        cmp_id=bits.take(CMP_BITS),
        cmp_version=bits.take(CMP_BITS),
        consent_screen=bits.take(SCREEN_BITS),
        consent_language=bits.letters(),
        vendor_list_version=bits.take(LIST_BITS),
        policy_version=_V1_POLICY,
        purpose_consents=bits.numbers(PURPOSES),
        vendor_consents=_vendors_1(bits),
        vendor_legitimate_interests=NO_VENDORS,
    )
    bits.close()
    return tcf


def _vendors_1(bits: Bits) -> Vendors:
    max_id = bits.take(ID_BITS)
    if not bits.flag():
        return VendorBits(bits.take(max_id), max_id)
    is_default_consent = bits.flag()
    ranges = fixed_ranges(bits, max_id)
    if not is_default_consent:
        return ranges
    raise IabError(messages.wrong_version("default consent", 1))

"""The Canadian TCF section of a GPP string.

Its vendors are Fibonacci ranges. The first encoders wrote fixed ones instead, as in Europe,
and nothing in the string tells which: what reads as the one is taken, else the other, even where
that leaves set bits over, as it does for a string that the reference library decodes.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from functools import partial

from maitred.core.privacy.strings import Framework, Restriction, Tcf, Vendors

from . import messages
from .bits import PADDING_BITS, Bits, IabError
from .ids import fibonacci_ranges, fixed_ranges, restricted, restrictions, vendors
from .tcf import (
    CMP_BITS,
    DISCLOSED,
    LIST_BITS,
    MAX_SEGMENTS,
    POLICY_BITS,
    PUBLISHER,
    PURPOSES,
    SCREEN_BITS,
    SPECIAL_FEATURES,
    VERSION_BITS,
    publisher_segment,
    segments_by_kind,
)

_VERSION = 1
_SEGMENTS = frozenset({DISCLOSED, PUBLISHER})


def parse_canada(text: str) -> Tcf:
    """Returns the section, whatever its consent platform; raises `IabError`."""
    core, *others = text.split(".", MAX_SEGMENTS)
    segments = segments_by_kind(others, _SEGMENTS)
    try:
        return _section(core, segments, is_fibonacci=True)
    except IabError:
        return _section(core, segments, is_fibonacci=False)


def _section(core: str, segments: Mapping[int, Bits], *, is_fibonacci: bool) -> Tcf:
    """One way of reading it. ``segments`` stay as they are, for the other way."""
    bits = Bits(core)
    version = bits.take(VERSION_BITS)
    if version != _VERSION:
        raise IabError(messages.wrong_version("version", version))
    section = Tcf(
        framework=Framework.CANADA,
        version=version,
        created=bits.instant(),
        last_updated=bits.instant(),
        cmp_id=bits.take(CMP_BITS),
        cmp_version=bits.take(CMP_BITS),
        consent_screen=bits.take(SCREEN_BITS),
        consent_language=bits.letters(),
        vendor_list_version=bits.take(LIST_BITS),
        policy_version=bits.take(POLICY_BITS),
        uses_non_standard_stacks=bits.flag(),
        special_features=bits.numbers(SPECIAL_FEATURES),
        purpose_consents=bits.numbers(PURPOSES),
        purpose_legitimate_interests=bits.numbers(PURPOSES),
        vendor_consents=_vendors(bits, is_fibonacci=is_fibonacci),
        vendor_legitimate_interests=_vendors(bits, is_fibonacci=is_fibonacci),
        restrictions=_restrictions(bits, is_fibonacci=is_fibonacci),
        disclosed_vendors=_disclosed(segments.get(DISCLOSED)),
        publisher=publisher_segment(copy(segments.get(PUBLISHER))),
    )
    if is_fibonacci:
        bits.close()
    elif bits.left >= PADDING_BITS:
        raise IabError(messages.left_over())
    return replace(section, exact=not bits.rest())


def _disclosed(segment: Bits | None) -> Vendors | None:
    if segment is None:
        return None
    try:
        return _all_vendors(copy(segment), is_fibonacci=True)
    except IabError:
        return _all_vendors(copy(segment), is_fibonacci=False)


def _all_vendors(bits: Bits, *, is_fibonacci: bool) -> Vendors:
    listed = _vendors(bits, is_fibonacci=is_fibonacci)
    bits.close()
    return listed


def _vendors(bits: Bits, *, is_fibonacci: bool) -> Vendors:
    return vendors(bits, fibonacci_ranges if is_fibonacci else fixed_ranges)


def _restrictions(bits: Bits, *, is_fibonacci: bool) -> tuple[Restriction, ...]:
    return restrictions(bits, partial(vendors, ranges=fibonacci_ranges) if is_fibonacci else restricted)

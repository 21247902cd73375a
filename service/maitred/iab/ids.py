"""Sets of ids in their three codings: a bit each, ranges of 16-bit numbers, Fibonacci ranges."""

from array import array
from collections.abc import Callable

from maitred.core.privacy.strings import Restriction, RestrictionKind, VendorBits, VendorRanges, Vendors

from . import messages
from .bits import MAX_ID, Bits, IabError

ID_BITS = 16
COUNT_BITS = 12
MAX_RESTRICTIONS = 256
"""Each pair of a purpose (6 bits) and a kind (2 bits) once; more only fills memory."""
_PURPOSE_BITS = 6
_KIND_BITS = 2

ReadRanges = Callable[[Bits, int], VendorRanges]


def fixed_ranges(bits: Bits, max_id: int) -> VendorRanges:
    """Ranges of 16-bit numbers, none above ``max_id``."""
    pairs = array("H")
    for _ in range(bits.take(COUNT_BITS)):
        is_range = bits.flag()
        start = bits.take(ID_BITS)
        end = bits.take(ID_BITS) if is_range else start
        if not 0 < start <= end <= max_id:
            raise IabError(messages.backward_range())
        pairs.extend((start, end))
    return VendorRanges(pairs.tobytes())


def fibonacci_ranges(bits: Bits, max_id: int) -> VendorRanges:
    """Ranges of Fibonacci numbers, each the distance from the last; the last one ends at ``max_id``."""
    pairs = array("H")
    last = 0
    for _ in range(bits.take(COUNT_BITS)):
        is_range = bits.flag()
        start = last + bits.fibonacci()
        last = start + bits.fibonacci() if is_range else start
        if last > max_id:
            raise IabError(messages.backward_range())
        pairs.extend((start, last))
    if last != max_id:
        raise IabError(messages.backward_range())
    return VendorRanges(pairs.tobytes())


def vendors(bits: Bits, ranges: ReadRanges = fixed_ranges) -> Vendors:
    """Returns a maximum, and then either a bit for each vendor up to it or ranges."""
    max_id = bits.take(ID_BITS)
    if bits.flag():
        return ranges(bits, max_id)
    return VendorBits(bits.take(max_id), max_id)


def restrictions(bits: Bits, read: Callable[[Bits], Vendors]) -> tuple[Restriction, ...]:
    """Returns what publishers restrict; ``read`` reads the vendors of one."""
    count = bits.take(COUNT_BITS)
    if count > MAX_RESTRICTIONS:
        raise IabError(messages.absurd("a number of restrictions", MAX_RESTRICTIONS))
    return tuple(_restriction(bits, read) for _ in range(count))


def _restriction(bits: Bits, read: Callable[[Bits], Vendors]) -> Restriction:
    purpose, kind = bits.take(_PURPOSE_BITS), RestrictionKind(bits.take(_KIND_BITS))
    return Restriction(purpose, kind, read(bits))


def restricted(bits: Bits) -> VendorRanges:
    """Returns the vendors of one restriction in the European string: ranges without a maximum."""
    return fixed_ranges(bits, MAX_ID)

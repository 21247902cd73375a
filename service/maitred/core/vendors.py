"""Sets of vendor ids as consent strings carry them: not unpacked until somebody asks."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VendorBits:
    """One bit per vendor: vendor 1 is the highest of the ``width`` bits of ``bits``."""

    bits: int = 0
    width: int = 0

    def __contains__(self, vendor: int) -> bool:
        return 0 < vendor <= self.width and bool(self.bits >> (self.width - vendor) & 1)

    def __iter__(self) -> Iterator[int]:
        return (vendor for vendor in range(1, self.width + 1) if vendor in self)


@dataclass(frozen=True, slots=True)
class VendorRanges:
    """Ranges of vendors, ends included: pairs of unsigned 16-bit numbers, as the machine writes them.

    Bytes instead of tuples, because a hostile string can name thousands of ranges and sets are cached.
    """

    pairs: bytes = b""

    def __contains__(self, vendor: int) -> bool:
        numbers = memoryview(self.pairs).cast("H")
        return any(numbers[at] <= vendor <= numbers[at + 1] for at in range(0, len(numbers), 2))

    def __iter__(self) -> Iterator[int]:
        numbers = memoryview(self.pairs).cast("H")
        bits = 0
        for at in range(0, len(numbers), 2):
            bits |= ((1 << (numbers[at + 1] - numbers[at] + 1)) - 1) << numbers[at]
        return (vendor for vendor in range(bits.bit_length()) if bits >> vendor & 1)


Vendors = VendorBits | VendorRanges
NO_VENDORS = VendorRanges()

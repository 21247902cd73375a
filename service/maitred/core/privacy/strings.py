"""What a customer's IAB consent strings say. They are read elsewhere; these are their values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, unique


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


OPT_OUTS = frozenset({"sale", "sharing", "targeted_advertising"})
"""What a customer can opt out of, in the words of rule files."""
SENSITIVE = frozenset(
    {
        "biometric",
        "citizenship",
        "consumer_health",
        "crime_victim",
        "financial_account",
        "genetic",
        "health",
        "identity_document",
        "messages",
        "national_origin",
        "precise_geolocation",
        "racial_ethnic_origin",
        "religious_beliefs",
        "sexual_orientation",
        "transgender",
        "union_membership",
    }
)
"""Sensitive categories of the US sections, in the words of rule files."""
SECTIONS = frozenset(
    {
        *("tcfeuv2", "tcfcav1", "uspv1", "usnat", "usca", "usva", "usco", "usut", "usct", "usfl", "usmt"),
        *("usor", "ustx", "usde", "usia", "usne", "usnh", "usnj", "ustn", "usmn", "usmd", "usin", "usky"),
        "usri",
    }
)
"""Sections of a GPP string that are read, by IAB's names."""

MIN_CMP_ID = 2
"""Lower ids are no registered consent platform: test strings carry them."""


@unique
class Malformed(Enum):
    """Stands in for a string that could not be read."""

    MALFORMED = "malformed"


MALFORMED = Malformed.MALFORMED


@unique
class Framework(Enum):
    """Which framework a TCF string belongs to."""

    EU_V1 = "tcfeuv1"
    EU = "tcfeuv2"
    CANADA = "tcfcav1"


@unique
class RestrictionKind(Enum):
    """What a publisher says of vendors and a purpose; ``UNDEFINED`` is treated as forbidden."""

    FORBIDDEN = 0
    CONSENT_ONLY = 1
    LEGITIMATE_INTEREST_ONLY = 2
    UNDEFINED = 3


@dataclass(frozen=True, slots=True)
class Restriction:
    """A publisher's restriction on one purpose for some vendors."""

    purpose: int
    kind: RestrictionKind
    vendors: Vendors


@dataclass(frozen=True, slots=True)
class PublisherPurposes:
    """What the customer agreed to for the publisher itself; custom purposes are numbered from 1."""

    consents: frozenset[int]
    legitimate_interests: frozenset[int]
    custom_count: int
    custom_consents: frozenset[int]
    custom_legitimate_interests: frozenset[int]


@dataclass(frozen=True, slots=True)
class Tcf:
    """A TCF string. Instants are aware, in UTC.

    In the Canadian framework ``consents`` are express consents and ``legitimate_interests``
    implied ones. A segment that the string does not have is ``None``. An inexact string has set
    bits left over that no field explains: it grants nothing.
    """

    framework: Framework
    version: int
    created: datetime
    last_updated: datetime
    cmp_id: int
    cmp_version: int
    consent_screen: int
    consent_language: str
    vendor_list_version: int
    policy_version: int
    purpose_consents: frozenset[int]
    purpose_legitimate_interests: frozenset[int] = frozenset()
    special_features: frozenset[int] = frozenset()
    vendor_consents: Vendors = NO_VENDORS
    vendor_legitimate_interests: Vendors = NO_VENDORS
    restrictions: tuple[Restriction, ...] = ()
    is_service_specific: bool = False
    uses_non_standard_stacks: bool = False
    purpose_one_treatment: bool = False
    publisher_country: str = "AA"
    disclosed_vendors: Vendors | None = None
    allowed_vendors: Vendors | None = None
    publisher: PublisherPurposes | None = None
    exact: bool = True


@unique
class SectionChoice(Enum):
    """One answer of a US section."""

    CONSENTED = "consented"
    NOT_OPTED_OUT = "not opted out"
    REFUSED = "refused"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class GppSection:
    """A US section of a GPP string.

    ``fields`` has IAB's names and numbers, for exports and explanations; the rest is what they
    mean. ``opt_outs`` has a choice for words of `OPT_OUTS`, ``sensitive`` for words of `SENSITIVE`.
    ``gpc`` is the browser's Global Privacy Control. ``child_refused`` says that consent is
    missing for a customer known to be a child. An inexact section has set bits left over that
    no field explains: it may deny, and never grants.
    """

    name: str
    fields: Mapping[str, int | bool | str | tuple[int, ...]]
    opt_outs: Mapping[str, SectionChoice]
    sensitive: Mapping[str, SectionChoice]
    gpc: bool = False
    child_refused: bool = False
    exact: bool = True


Gpp = Mapping[str, GppSection | Tcf]

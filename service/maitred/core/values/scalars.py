"""Values that Python has no class for: versions, addresses of networks, exact amounts.

A version has the order of SemVer (https://semver.org/#spec-item-11) with any number of parts: ``5`` is
``5.0.0``, a pre-release comes before its release, build data do not count. Its ``key`` is text whose order
by code points is that of versions, so that CEL, which knows texts only, orders them alike. The key of an
address does the same for addresses.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network, summarize_address_range

MAX_VERSION_CHARACTERS = 128
MAX_DECIMAL_DIGITS = 9
"""After the point: what is left of 64 bits counts to nine thousand million."""
MAX_SCALED = 2**63 - 1
_MIN_SCALED = -(2**63)

_VERSION = re.compile(
    r"[vV]?(?P<release>[0-9]+(?:\.[0-9]+)*)"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_PRE_RELEASE, _RELEASED = "!", '"'
"""Sorted before every part that may follow, and in this order."""
_FIELD_END = " "


class Keyed:
    """Compared by ``key`` alone."""

    __slots__ = ()
    key: str

    def __eq__(self, other: object) -> bool:
        return other.__class__ is self.__class__ and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __lt__(self, other: "Keyed") -> bool:
        return self.key < other.key

    def __le__(self, other: "Keyed") -> bool:
        return self.key <= other.key

    def __gt__(self, other: "Keyed") -> bool:
        return self.key > other.key

    def __ge__(self, other: "Keyed") -> bool:
        return self.key >= other.key


@dataclass(frozen=True, slots=True, eq=False)
class Version(Keyed):
    """A version as it was written; equal to every other spelling of it."""

    text: str
    key: str = field(repr=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, eq=False)
class Address(Keyed):
    """An IPv4 or IPv6 address; one that IPv6 maps from IPv4 is the IPv4 address."""

    text: str
    key: str = field(repr=False)

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def version_of(text: str) -> Version | None:
    """Reads a version; ``None`` where the text is none."""
    match = _VERSION.fullmatch(text) if len(text) <= MAX_VERSION_CHARACTERS else None
    if match is None:
        return None
    parts = [part.lstrip("0") for part in match["release"].split(".")]
    while parts and not parts[-1]:
        parts.pop()
    release = "".join(map(_number_key, parts))
    if match["pre"] is None:
        return Version(text, release + _RELEASED)
    return Version(text, f"{release}{_PRE_RELEASE}{''.join(map(_field_key, match['pre'].split('.')))}")


def _number_key(digits: str) -> str:
    """Digits without leading zeros, behind how many they are."""
    return f"{len(digits):03}{digits}"


def _field_key(text: str) -> str:
    if text.isdigit():
        return f"0{_number_key(text.lstrip('0'))}{_FIELD_END}"
    return f"1{text}{_FIELD_END}"


def address_of(text: str) -> Address | None:
    """Reads an address; ``None`` where the text is none."""
    if "%" in text or "/" in text:
        return None
    try:
        return _address(ip_address(text))
    except ValueError:
        return None


def _address(address: IPv4Address | IPv6Address) -> Address:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return Address(str(address), f"6{int(address):032x}")
        address = address.ipv4_mapped
    return Address(str(address), f"4{int(address):08x}")


@lru_cache(maxsize=4096)
def network_of(text: str) -> tuple[Address, Address]:
    """Returns the first and the last address of ``10.0.0.0/8``. Raises ``ValueError`` with the reason."""
    if "%" in text:
        raise ValueError(text)
    network = ip_network(text)
    return _address(network[0]), _address(network[-1])


def network_words(first: Address, last: Address) -> str:
    """Returns ``10.0.0.0/8``, or both ends where they bound no single network."""
    ends = (ip_address(first.text), ip_address(last.text))
    if ends[0].version == ends[1].version and ends[0] <= ends[1]:  # type: ignore[operator]
        networks = list(summarize_address_range(*ends))
        if len(networks) == 1:
            return str(networks[0])
    return f"{first} to {last}"


# Decimals

_DECIMAL = re.compile(r"[-+]?[0-9]{1,19}(?:\.([0-9]{1,9}))?")
EXACT = Context(prec=64, traps=[InvalidOperation, Inexact, Overflow])
"""Two amounts of 64 bits multiplied fit; nothing is ever rounded."""


def decimal_of_text(text: str, digits: int) -> Decimal | None:
    """Turns ``53.70`` into an amount with exactly ``digits`` after the point; ``None`` for more of them."""
    match = _DECIMAL.fullmatch(text)
    if match is None or len(match[1] or "") > digits:
        return None
    return fitted(Decimal(text), digits)


def usual_decimal(digits: int) -> Callable[[str], object]:
    """Tells texts that are amounts as they stand, without a look at size or sign."""
    return re.compile(rf"[0-9]{{1,9}}\.[0-9]{{{digits}}}" if digits else "[0-9]{1,9}").fullmatch


def decimal_of_number(number: int | float, digits: int) -> Decimal | None:  # noqa: PYI041 -- compiled, float would round an int
    """Returns a JSON number that is an amount but for what a double cannot hold."""
    if not -MAX_SCALED <= number <= MAX_SCALED:
        return None
    written = Decimal(number)
    amount = round(written, digits)
    if abs(written - amount) >= Decimal(1).scaleb(-digits - 4):
        return None
    return fitted(amount, digits)


def fitted(amount: Decimal, digits: int) -> Decimal | None:
    """Returns the amount with exactly ``digits`` after the point; ``None`` where 64 bits do not hold it."""
    try:
        scaled = int(EXACT.scaleb(amount, digits).to_integral_exact(context=EXACT))
    except DecimalException:
        return None
    return unscaled(scaled, digits) if _MIN_SCALED <= scaled <= MAX_SCALED else None


def scaled(amount: Decimal, digits: int) -> int:
    """Returns how many units of the last of ``digits`` digits an amount is; it must have no more of them."""
    return int(EXACT.scaleb(amount, digits))


def unscaled(units: int, digits: int) -> Decimal:
    """Returns the amount that so many units of the last digit are."""
    return EXACT.scaleb(Decimal(units), -digits)


def digits_of(amount: Decimal) -> int:
    """Digits after the point."""
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)

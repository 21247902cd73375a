"""TCF strings as consent platforms write them: to all purposes and some hundreds of vendors."""

import random
from datetime import UTC, datetime

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_PURPOSES, _FEATURES = 24, 12
_GRANTED_PURPOSES = 11
_CMP_ID = 10
VENDORS = 900
"""About as many as the global vendor list has."""


def string(draw: random.Random, updated: datetime, vendor: int) -> str:
    """A version 2 string that grants every purpose to about half of the vendors, ``vendor`` among them."""
    instant = round((updated - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 10
    some = "".join("1" if number == vendor else draw.choice("01") for number in range(1, VENDORS + 1))
    granted = ("1" * _GRANTED_PURPOSES).ljust(_PURPOSES, "0")
    bits = "".join(
        (
            _number(2, 6) + _number(instant, 36) * 2,
            _number(_CMP_ID, 12) + _number(1, 12) + _number(1, 6) + _letters("EN"),
            _number(77, 12) + _number(4, 6) + "10",
            "0" * _FEATURES + granted + "0" * _PURPOSES + "0" + _letters("DE"),
            _number(VENDORS, 16) + "0" + some,
            _number(0, 16) + "0",
            _number(0, 12),
        )
    )
    padded = bits + "0" * (-len(bits) % 6)
    return "".join(_ALPHABET[int(padded[at : at + 6], 2)] for at in range(0, len(padded), 6))


def _number(value: int, width: int) -> str:
    return f"{value:0{width}b}"


def _letters(text: str) -> str:
    return "".join(_number(ord(letter) - ord("A"), 6) for letter in text)

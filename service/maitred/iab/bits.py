"""Reading a string as bits, front to back, never past its end."""

import base64
import re
from datetime import datetime, timedelta

from maitred.core.values.instants import EPOCH

from . import messages

PADDING_BITS = 64
"""Encoders fill up with zeros to whole bytes and characters; some strings have 57 too many."""
MAX_ID = 65_535
"""Vendor ids have 16 bits."""
_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")
_CHAR_BITS = 6
_GROUP_CHARS = 4
_GROUP_BYTES = 3
_BYTE_BITS = 8
_INSTANT_BITS = 36
_DECISECOND = timedelta(milliseconds=100)
_LETTERS = 26
_LONGEST_FIBONACCI_BITS = 25
"""65,535 has 24 digits and the closing one."""


class IabError(ValueError):
    """A consent string that cannot be read; the text says why in plain words, never the string."""


def _fibonacci(count: int) -> tuple[int, ...]:
    numbers = [1, 2]
    while len(numbers) < count:
        numbers.append(numbers[-1] + numbers[-2])
    return tuple(numbers)


_FIBONACCI = _fibonacci(_LONGEST_FIBONACCI_BITS)


class Bits:
    """A cursor over the bits of base64url text.

    Every reading raises `IabError` where the text ends too early.
    """

    __slots__ = ("_left", "_value")

    def __init__(self, text: str) -> None:
        """Raises `IabError` where ``text`` is empty or has other characters."""
        if not text:
            raise IabError(messages.empty())
        if not _ALPHABET.fullmatch(text):
            raise IabError(messages.not_base64())
        padded = text + "A" * (-len(text) % _GROUP_CHARS)
        self._left = len(text) * _CHAR_BITS
        surplus = len(padded) // _GROUP_CHARS * _GROUP_BYTES * _BYTE_BITS - self._left
        self._value = int.from_bytes(base64.urlsafe_b64decode(padded)) >> surplus

    @property
    def left(self) -> int:
        """How many bits have not been read."""
        return self._left

    def take(self, count: int) -> int:
        """Returns the next ``count`` bits as a number."""
        left = self._left - count
        if left < 0:
            raise IabError(messages.truncated())
        self._left = left
        return self._value >> left & ((1 << count) - 1)

    def flag(self) -> bool:
        """One bit."""
        return self.take(1) == 1

    def numbers(self, count: int) -> frozenset[int]:
        """Returns a field of ``count`` bits, as the places that are set, from 1."""
        bits = self.take(count)
        return frozenset(place for place in range(1, count + 1) if bits >> (count - place) & 1)

    def letters(self) -> str:
        """Two letters of six bits each."""
        first, second = self.take(_CHAR_BITS), self.take(_CHAR_BITS)
        if first >= _LETTERS or second >= _LETTERS:
            raise IabError(messages.not_a_letter())
        return chr(ord("A") + first) + chr(ord("A") + second)

    def instant(self) -> datetime:
        """Tenths of seconds since 1970, 36 bits."""
        return EPOCH + self.take(_INSTANT_BITS) * _DECISECOND

    def fibonacci(self) -> int:
        """Returns a number in Fibonacci coding, at most `MAX_ID`."""
        window = min(_LONGEST_FIBONACCI_BITS, self._left)
        digits = f"{self._value >> (self._left - window) & ((1 << window) - 1):0{window}b}"
        end = digits.find("11") if window else -1
        number = sum(_FIBONACCI[place] for place in range(end + 1) if digits[place] == "1")
        if end < 0 or number > MAX_ID:
            raise IabError(
                messages.absurd("an id", MAX_ID)
                if window == _LONGEST_FIBONACCI_BITS
                else messages.truncated()
            )
        self._left -= end + 2
        return number

    def rest(self) -> int:
        """Returns what is left, as a number; nothing is left after it."""
        return self.take(self._left)

    def close(self) -> None:
        """Raises `IabError` unless only padding is left."""
        if self._left >= PADDING_BITS or self.rest():
            raise IabError(messages.left_over())

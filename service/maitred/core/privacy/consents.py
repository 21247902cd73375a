"""What a customer has agreed to, as kept on record."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, unique


@unique
class ConsentState(IntEnum):
    """Names and numbers are those of ``maitred.v1.ConsentState``.

    ``DENIED`` is a refusal or a withdrawal, ``OBJECTED`` an objection to what needs no consent.
    """

    GRANTED = 1
    DENIED = 2
    OBJECTED = 3


@dataclass(frozen=True, slots=True)
class Consent:
    """One statement of a customer on one purpose, and the proof of it.

    ``source`` is where it was made (``app-settings``), ``text_version`` the version of the text
    the customer saw, ``at`` when it was made; of two on one purpose the later counts.
    """

    purpose: str
    state: ConsentState
    source: str
    at: datetime
    text_version: str = ""

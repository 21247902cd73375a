"""How moments, dates, amounts and numbers are written in a language: a port, and a plain form of it."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum, unique
from typing import Protocol
from zoneinfo import ZoneInfo

Number = int | float | Decimal


@unique
class Form(Enum):
    """What a placeholder asks for: ``${trip.departs | time}``."""

    TIME = "time"
    DATE = "date"
    MONEY = "money"
    NUMBER = "number"


class Formats(Protocol):
    """Writes values for people. Languages are BCP 47 tags; one that is not known is written like ``en``.

    The same value, language and version of its data give the same text.
    """

    def time(self, moment: datetime, zone: str, language: str) -> str:
        """Returns the time of day by the clock of ``zone``, an IANA name."""
        ...

    def date(self, day: date, language: str) -> str:
        """Returns a civil date."""
        ...

    def money(self, amount: Number, currency: str, language: str) -> str:
        """Returns an amount with its cents; with the sign of ``currency`` (ISO 4217) where one is given."""
        ...

    def number(self, number: Number, language: str) -> str:
        """Returns a number with all its digits."""
        ...


class PlainFormats:
    """The same in every language: ISO 8601, and numbers with a point."""

    def time(self, moment: datetime, zone: str, language: str) -> str:
        """See ``Formats``."""
        del language
        return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"

    def date(self, day: date, language: str) -> str:
        """See ``Formats``."""
        del language
        return day.isoformat()

    def money(self, amount: Number, currency: str, language: str) -> str:
        """See ``Formats``."""
        del language
        return f"{amount:.2f} {currency}".rstrip()

    def number(self, number: Number, language: str) -> str:
        """See ``Formats``."""
        del language
        return str(number)


PLAIN_FORMATS = PlainFormats()

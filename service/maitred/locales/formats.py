"""``core.rules.formats.Formats`` by the Unicode CLDR, as Babel carries it."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, numbers

from maitred.core.rules.formats import Number

FALLBACK = "en"
KEPT_LANGUAGES = 256
"""Callers name languages: more than there are would only be wrong ones."""
MONEY_WITHOUT_SIGN = "#,##0.00"


class CldrFormats:
    """Holds nothing; safe to call from many threads."""

    def time(self, moment: datetime, zone: str, language: str) -> str:
        """See ``Formats``."""
        return dates.format_time(moment, "short", ZoneInfo(zone), _locale(language))

    def date(self, day: date, language: str) -> str:
        """See ``Formats``."""
        return dates.format_date(day, "medium", _locale(language))

    def money(self, amount: Number, currency: str, language: str) -> str:
        """See ``Formats``."""
        locale = _locale(language)
        if currency:
            return numbers.format_currency(amount, currency, locale=locale)
        return numbers.format_decimal(amount, MONEY_WITHOUT_SIGN, locale)

    def number(self, number: Number, language: str) -> str:
        """See ``Formats``."""
        return numbers.format_decimal(number, locale=_locale(language), decimal_quantization=False)


@lru_cache(maxsize=KEPT_LANGUAGES)
def _locale(language: str) -> Locale:
    """Returns the locale of a BCP 47 tag: its own, that of the language alone, or the fallback."""
    for tag in (language, language.partition("-")[0], FALLBACK):
        try:
            return Locale.parse(tag.replace("_", "-"), sep="-")
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    raise AssertionError(FALLBACK)

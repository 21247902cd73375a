"""Moments, dates, amounts and numbers as the CLDR writes them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from maitred.core.rules.formats import PLAIN_FORMATS
from maitred.locales import CldrFormats

CLDR = CldrFormats()
EVENING = datetime(2026, 12, 1, 17, 5, tzinfo=UTC)


def plain(text):
    """With plain blanks: the CLDR has narrow and fixed ones."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("language", "zone", "words"),
    [
        ("en", "Europe/Rome", "6:05 PM"),
        ("it", "Europe/Rome", "18:05"),
        ("de-CH", "UTC", "17:05"),
        ("en-GB", "Asia/Kolkata", "22:35"),
        ("tlh", "UTC", "5:05 PM"),
        ("", "UTC", "5:05 PM"),
        ("x" * 300, "UTC", "5:05 PM"),
        ("it_IT", "UTC", "17:05"),
    ],
)
def test_times_are_by_the_clock_of_the_place(language, zone, words):
    assert plain(CLDR.time(EVENING, zone, language)) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Dec 1, 2026"), ("it", "1 dic 2026"), ("de", "01.12.2026"), ("??", "Dec 1, 2026")],
)
def test_dates_are_civil_dates(language, words):
    assert CLDR.date(date(2026, 12, 1), language) == words


@pytest.mark.parametrize(
    ("amount", "currency", "language", "words"),
    [
        (Decimal("4.20"), "", "en", "4.20"),
        (Decimal("4.2"), "", "it", "4,20"),
        (5, "", "en", "5.00"),
        (1234567.5, "", "en", "1,234,567.50"),
        (Decimal("4.20"), "EUR", "it", "4,20 \u20ac"),
        (Decimal("4.20"), "EUR", "en", "\u20ac4.20"),
        (Decimal("-4.20"), "USD", "en", "-$4.20"),
        (1000, "JPY", "en", "\xa51,000"),
    ],
)
def test_money_has_its_cents_and_its_sign(amount, currency, language, words):
    assert plain(CLDR.money(amount, currency, language)) == words


@pytest.mark.parametrize(
    ("number", "language", "words"),
    [(1234, "en", "1,234"), (1234, "de", "1.234"), (Decimal("0.12345"), "en", "0.12345"), (17, "it", "17")],
)
def test_numbers_keep_all_their_digits(number, language, words):
    assert CLDR.number(number, language) == words


def test_the_plain_form_is_the_same_in_every_language():
    assert PLAIN_FORMATS.time(EVENING, "Europe/Rome", "it") == "18:05"
    assert PLAIN_FORMATS.date(date(2026, 12, 1), "it") == "2026-12-01"
    assert PLAIN_FORMATS.money(Decimal("4.2"), "EUR", "it") == "4.20 EUR"
    assert PLAIN_FORMATS.number(1234, "it") == "1234"

"""Plain scalars by the core schema of YAML 1.2."""

import pytest

from maitred.rulefiles.tree.parser import MAY_RESOLVE, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("NO", "NO"),
        ("on", "on"),
        ("y", "y"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("", None),
        ("~", None),
        ("Null", None),
        ("nUll", "nUll"),
        ("010", 10),
        ("-7", -7),
        ("+7", 7),
        ("0o17", 15),
        ("0xfF", 255),
        ("0b1", "0b1"),
        ("1_000", "1_000"),
        ("12:30:00", "12:30:00"),
        ("2026-12-01", "2026-12-01"),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5E-2", -0.015),
        ("1.5.2", "1.5.2"),
        (".", "."),
        ("+", "+"),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_value_of_a_plain_scalar(text, value):
    resolved = resolve(text)
    assert resolved == value
    assert type(resolved) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".inf", "-.Inf", "+.INF", "1e999", "-1e400"])
def test_numbers_that_are_not_finite_are_refused(text):
    with pytest.raises(ValueError, match="not a finite number"):
        resolve(text)


@pytest.mark.parametrize(
    "text", ["9223372036854775808", "0xffffffffffffffffff", "1" * 5000, "0x" + "f" * 5000]
)
def test_integers_beyond_64_bits_are_refused(text):
    with pytest.raises(ValueError, match="64 bits"):
        resolve(text)


@pytest.mark.parametrize(
    "text", ["null", "true", "False", "-1", "+1", ".5", "0", "9e1", "~", ".nan", "Null", "TRUE"]
)
def test_everything_that_is_no_string_begins_as_said(text):
    assert text[0] in MAY_RESOLVE

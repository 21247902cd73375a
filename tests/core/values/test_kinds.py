"""Every kind of value has one row that says everything about it; a place that is forgotten shows here."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.values.facts import reader_of
from maitred.core.values.kinds import (
    KIND_OF,
    KINDS,
    TYPE_NAMES,
    duration_of,
    fits,
    loader_of,
    to_json,
    type_of,
)
from maitred.core.values.scalars import (
    MAX_VERSION_CHARACTERS,
    address_of,
    decimal_of_number,
    decimal_of_text,
    fitted,
    network_of,
    version_of,
)
from maitred.core.values.types import Attribute, AttributeType, Invalid, Kind
from maitred.core.values.wording import value_words

PRICE = Attribute("price", AttributeType(Kind.DECIMAL, digits=2))
FIELDS = (
    Attribute("sku", AttributeType(Kind.STRING)),
    Attribute("price", AttributeType(Kind.DECIMAL, digits=2)),
)


def type_with(kind, *, is_list=False):
    digits = 2 if kind is Kind.DECIMAL else 0
    fields = FIELDS if kind is Kind.OBJECT else ()
    return AttributeType(kind, is_list or kind is Kind.OBJECT, digits=digits, fields=fields)


def as_sent(kind, *, is_list=False):
    example = KINDS[kind].example
    return [example] if is_list or kind is Kind.OBJECT else example


def stored(fact):
    """What a record holds of a fact."""
    return json.loads(orjson.dumps(fact, default=to_json, option=orjson.OPT_PASSTHROUGH_DATACLASS))


def loaded(value, type_):
    load = loader_of(type_)
    if isinstance(value, list):
        return tuple(map(load, value)) if load else tuple(value)
    return load(value) if load else value


def test_every_kind_has_a_row_and_every_class_one_kind():
    assert set(KINDS) == set(Kind)
    assert len(KIND_OF) == len(KINDS)
    assert {name.partition("(")[0] for name in TYPE_NAMES} == {kind.value for kind in Kind} - {"object"}
    assert [kind for kind, row in KINDS.items() if bool(row.runs_as) != ("." in row.cel)] == []


@pytest.mark.parametrize("is_list", [False, True])
@pytest.mark.parametrize("kind", Kind)
def test_the_example_is_read_stored_and_read_back(kind, is_list):
    type_ = type_with(kind, is_list=is_list)
    fact = reader_of(Attribute("a.b", type_))(as_sent(kind, is_list=is_list))
    assert not isinstance(fact, Invalid)
    one = fact[0] if isinstance(fact, tuple) else fact
    assert type(one) is KINDS[kind].python
    value = stored(fact)
    assert fits(value, type_)
    assert loaded(value, type_) == fact


@pytest.mark.parametrize("kind", Kind)
def test_what_is_no_value_of_a_kind_is_invalid_and_does_not_fit(kind):
    type_ = type_with(kind)
    values: list[Any] = ["~", [], {}, 1e400, [{"price": "much"}]]
    for sent in values:
        fact = reader_of(Attribute("a.b", type_))(sent)
        if isinstance(fact, Invalid):
            assert fact.why.startswith(("is ", "has ", "holds "))
        else:
            assert kind in {Kind.STRING, Kind.DOUBLE, Kind.OBJECT}
    assert not fits({"unknown": 1}, type_)
    assert not fits(None, type_)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.OBJECT])
def test_a_cell_of_a_table_holds_what_may_be_sent(kind):
    example = KINDS[kind].example
    cell = {True: "true"}.get(example, str(example)) if isinstance(example, bool) else str(example)
    read = reader_of(Attribute("a.b", type_with(kind)))
    assert read(KINDS[kind].cell(cell)) == read(example)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.OBJECT])
def test_the_name_of_a_type_is_read_and_printed(kind):
    for is_list in (False, True):
        type_ = type_with(kind, is_list=is_list)
        assert type_of(str(type_)) == type_


@pytest.mark.parametrize(
    "name", ["", "decimal", "decimal(10)", "decimal(-1)", "list<>", "list<int", "int>", "Int"]
)
def test_other_names_are_no_types(name):
    with pytest.raises(ValueError, match=r".*"):
        type_of(name)


ORDERED_VERSIONS = (
    *("0", "1-alpha", "1-alpha.1", "1-alpha.beta", "1-beta", "1-beta.2", "1-beta.11", "1-rc.1", "1"),
    *("1.0.0.1", "1.0.1", "1.9", "1.10", "2.0", "10.0", "99999999999999999999999999"),
)


def test_versions_have_the_order_of_semver():
    versions = list(map(version_of, ORDERED_VERSIONS))
    assert versions == sorted(versions)
    assert len(set(versions)) == len(versions)
    for earlier, later in pairwise(versions):
        assert earlier < later
        assert earlier.key < later.key
        assert earlier.key.encode() < later.key.encode()


@pytest.mark.parametrize("text", ["1", "1.0", "v1.0.0", "1.0+build.5", "01.00", "1.0.0.0.0"])
def test_spellings_of_one_version_are_equal(text):
    assert version_of(text) == version_of("1.0.0")
    assert hash(version_of(text)) == hash(version_of("1.0.0"))
    assert value_words(version_of(text)) == text


@pytest.mark.parametrize(
    "text", ["", "newest", "1.", ".1", "1..2", "1.x", "1-", "-1", "1 ", "1.0-a..b", "\u0661", "1" * 200]
)
def test_other_texts_are_no_versions(text):
    assert version_of(text) is None


numbers = st.lists(st.integers(0, 10**30), min_size=1, max_size=5)


@given(left=numbers, right=numbers)
def test_releases_are_ordered_like_their_numbers(left, right):
    versions = [version_of(".".join(map(str, parts))) for parts in (left, right)]
    if None in versions:
        assert max(len(".".join(map(str, parts))) for parts in (left, right)) > MAX_VERSION_CHARACTERS
        return
    width = max(len(left), len(right))
    padded = [parts + [0] * (width - len(parts)) for parts in (left, right)]
    assert (versions[0] < versions[1]) is (padded[0] < padded[1])
    assert (versions[0] == versions[1]) is (padded[0] == padded[1])


@pytest.mark.parametrize(
    ("text", "digits", "amount"),
    [
        ("53.70", 2, "53.70"),
        ("53.7", 2, "53.70"),
        ("54", 2, "54.00"),
        ("-0.0", 1, "0.0"),
        ("+1", 0, "1"),
        ("92233720368547758.07", 2, "92233720368547758.07"),
        ("53.700", 2, None),
        ("92233720368547758.08", 2, None),
        ("1e3", 2, None),
        (" 1", 2, None),
        ("1.", 2, None),
        (".5", 2, None),
        ("", 2, None),
        ("NaN", 2, None),
    ],
)
def test_amounts_are_read_from_text(text, digits, amount):
    parsed = decimal_of_text(text, digits)
    assert (None if parsed is None else str(parsed)) == amount


@pytest.mark.parametrize(
    ("number", "digits", "amount"),
    [
        (53.7, 2, "53.70"),
        (53.699999999999996, 2, "53.70"),
        (0.1 + 0.2, 1, "0.3"),
        (54, 2, "54.00"),
        (17.891, 2, None),
        (53.7000009, 2, "53.70"),
        (53.700002, 2, None),
        (float("nan"), 2, None),
        (float("inf"), 2, None),
        (1e300, 2, None),
        (-0.0, 2, "0.00"),
        (10**400, 2, None),
    ],
)
def test_amounts_are_read_from_numbers(number, digits, amount):
    parsed = decimal_of_number(number, digits)
    assert (None if parsed is None else str(parsed)) == amount


@given(units=st.integers(-(2**63), 2**63 - 1), digits=st.integers(0, 9))
def test_every_amount_of_64_bits_is_kept_exactly(units, digits):
    amount = Decimal(units).scaleb(-digits)
    assert decimal_of_text(f"{amount:f}", digits) == amount
    assert fitted(amount, digits) == amount


def test_ten_times_ten_cents_are_one():
    assert sum([decimal_of_number(0.1, 2)] * 10) == 1


@pytest.mark.parametrize(
    ("text", "spelling"),
    [("10.1.2.3", "10.1.2.3"), ("2001:DB8::1", "2001:db8::1"), ("::ffff:10.1.2.3", "10.1.2.3")],
)
def test_addresses_are_told_in_one_spelling(text, spelling):
    assert value_words(address_of(text)) == spelling


@pytest.mark.parametrize("text", ["", "10.1.2", "010.1.2.3", "10.0.0.0/8", "fe80::1%eth0", "localhost"])
def test_other_texts_are_no_addresses(text):
    assert address_of(text) is None


@given(address=st.ip_addresses(), network=st.ip_addresses(), length=st.integers(0, 32))
def test_the_range_of_a_network_holds_its_addresses(address, network, length):
    from ipaddress import ip_network  # noqa: PLC0415 -- the oracle of this test alone

    net = ip_network(f"{network}/{length}", strict=False)
    mapped = getattr(address, "ipv4_mapped", None) or address
    first, last = network_of(str(net))
    plain = getattr(net[0], "ipv4_mapped", None) is None and getattr(net[-1], "ipv4_mapped", None) is None
    if plain:
        assert (first <= address_of(str(address)) <= last) is (mapped in net)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30d", timedelta(days=30)),
        ("2w1d", timedelta(days=15)),
        ("1h30m", timedelta(minutes=90)),
        ("-1d", timedelta(days=-1)),
        ("250ms", timedelta(milliseconds=250)),
        ("", None),
        ("30", None),
        ("d", None),
        ("999999999999w", None),
    ],
)
def test_durations_take_the_units_of_windows(text, duration):
    assert duration_of(text) == duration


@pytest.mark.parametrize(
    ("kind", "sent", "fact"),
    [
        (Kind.DATE, "2008-02-29", date(2008, 2, 29)),
        (Kind.DATE, "0001-01-01", date.min),
        (Kind.DATE, "9999-12-31", date.max),
        (
            Kind.TIMESTAMP,
            "9999-12-31T23:59:59.999999Z",
            datetime.max.replace(tzinfo=UTC),
        ),
        (Kind.TIMESTAMP, "0001-01-01T00:00:00Z", datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_the_first_and_the_last_are_values(kind, sent, fact):
    assert reader_of(Attribute("a.b", AttributeType(kind)))(sent) == fact


@pytest.mark.parametrize("sent", ["2007-02-29", "20080229", "2008-W01-1", "2008-2-29", 20080229])
def test_other_values_are_no_dates(sent):
    assert isinstance(reader_of(Attribute("a.b", AttributeType(Kind.DATE)))(sent), Invalid)


def code(**options):
    return Attribute("basket.code", AttributeType(Kind.STRING), **options)


@pytest.mark.parametrize(
    ("options", "sent", "fact"),
    [
        ({"ignores_case": True}, "EX-GhaB3", "ex-ghab3"),
        ({"ignores_case": True}, "Straße", "strasse"),
        ({"is_trimmed": True}, "  VIP\t", "VIP"),
        ({"ignores_case": True, "is_trimmed": True}, " VIP ", "vip"),
        ({}, " VIP ", " VIP "),
        ({"ignores_case": True, "allowed": ("vip",)}, "VIP", "vip"),
    ],
)
def test_texts_are_normalized_when_they_are_read(options, sent, fact):
    assert reader_of(code(**options))(sent) == fact


def test_texts_in_lists_are_normalized_too():
    codes = Attribute("basket.codes", AttributeType(Kind.STRING, is_list=True), ignores_case=True)
    assert reader_of(codes)(["A", "b"]) == ("a", "b")
    assert isinstance(reader_of(codes)(["A", 1]), Invalid)


LINES = Attribute("basket.lines", AttributeType(Kind.OBJECT, is_list=True, fields=FIELDS, item="line"))


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"sku": "A"}, "is an object, not a list<object>"),
        ([{"sku": "A"}, "B"], 'has an item 2 that is "B", not an object'),
        ([{"sku": 5}], "has an item 1 whose `sku` is 5, not a string"),
        ([{"sku": "A", "price": "9.999"}], 'has an item 1 whose `price` is "9.999", not a decimal(2)'),
    ],
)
def test_objects_that_cannot_be_read_are_told(sent, why):
    assert reader_of(LINES)(sent) == Invalid(why)


def test_of_objects_only_declared_fields_are_kept():
    assert reader_of(LINES)([{"sku": "A", "price": 5, "note": "x"}, {"sku": None}, {}]) == (
        {"sku": "A", "price": Decimal("5.00")},
        {},
        {},
    )

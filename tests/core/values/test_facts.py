from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.values.facts import FactReader, reader_of
from maitred.core.values.kinds import MAX_INT
from maitred.core.values.types import Attribute, AttributeType, Invalid, Kind


def attribute(kind, *, is_list=False, allowed=(), name="customer.x"):
    return Attribute(name, AttributeType(kind, is_list), allowed)


@pytest.mark.parametrize(
    ("kind", "sent", "fact"),
    [
        (Kind.BOOL, True, True),
        (Kind.INT, 18, 18),
        (Kind.INT, 18.0, 18),
        (Kind.INT, MAX_INT, MAX_INT),
        (Kind.DOUBLE, 17.5, 17.5),
        (Kind.DOUBLE, 17, 17.0),
        (Kind.STRING, "größe", "größe"),
        (Kind.TIMESTAMP, "2026-12-01T11:00:00Z", datetime(2026, 12, 1, 11, tzinfo=UTC)),
        (Kind.TIMESTAMP, "2026-12-01T11:00:00+05:45", datetime(2026, 12, 1, 5, 15, tzinfo=UTC)),
        (Kind.DURATION, "1h30m", timedelta(minutes=90)),
        (Kind.DURATION, "-0.5s", timedelta(microseconds=-500_000)),
        (Kind.DURATION, "250ms", timedelta(microseconds=250_000)),
        (Kind.DURATION, "-315576000000s", timedelta(seconds=-315_576_000_000)),
    ],
)
def test_a_value_of_the_declared_type_is_a_fact(kind, sent, fact):
    value = reader_of(attribute(kind))(sent)
    assert value == fact
    assert type(value) is type(fact)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (Kind.BOOL, 1),
        (Kind.BOOL, "true"),
        (Kind.INT, True),
        (Kind.INT, 18.5),
        (Kind.INT, "18"),
        (Kind.INT, MAX_INT + 1),
        (Kind.INT, float("nan")),
        (Kind.DOUBLE, "17.5"),
        (Kind.DOUBLE, False),
        (Kind.DOUBLE, 10**400),
        (Kind.STRING, 5),
        (Kind.STRING, ["a"]),
        (Kind.TIMESTAMP, "2026-12-01"),
        (Kind.TIMESTAMP, "2026-12-01T11:00:00"),
        (Kind.TIMESTAMP, "0001-01-01T00:00:00+23:59"),
        (Kind.TIMESTAMP, 1_700_000_000),
        (Kind.DURATION, "90"),
        (Kind.DURATION, "99999999999999999999h"),
        (Kind.DURATION, "315576000001s"),
        (Kind.DURATION, "-315576000001s"),
        (Kind.DURATION, 90),
    ],
)
def test_a_value_of_another_type_is_invalid(kind, sent):
    assert isinstance(reader_of(attribute(kind))(sent), Invalid)


def test_a_list_is_a_fact_only_where_every_element_is():
    names = attribute(Kind.STRING, is_list=True)
    assert reader_of(names)(["a", "b"]) == ("a", "b")
    assert reader_of(names)([]) == ()
    assert isinstance(reader_of(names)(["a", 1]), Invalid)
    assert isinstance(reader_of(names)("ab"), Invalid)
    assert reader_of(attribute(Kind.INT, is_list=True))([1, 2.0]) == (1, 2)


@given(
    st.lists(st.text(max_size=4) | st.text("ab", max_size=4) | st.none() | st.integers(), max_size=5),
    st.integers(0, 6),
    st.integers(0, 5),
)
def test_a_list_of_texts_is_the_fact_that_a_tuple_is(sent, longest, count):
    """Of tuples, which JSON does not bring, every text is looked at by itself."""
    type_ = AttributeType(Kind.STRING, is_list=True)
    read = reader_of(Attribute("customer.x", type_, max_length=longest, max_items=count))
    assert read(sent) == read(tuple(sent))


def test_a_value_outside_the_declared_ones_is_invalid():
    tier = attribute(Kind.STRING, allowed=("basic", "gold"))
    assert reader_of(tier)("gold") == "gold"
    assert isinstance(reader_of(tier)("diamond"), Invalid)
    tiers = attribute(Kind.STRING, is_list=True, allowed=("basic", "gold"))
    assert isinstance(reader_of(tiers)(["gold", "diamond"]), Invalid)


def test_null_and_what_is_not_sent_are_absent():
    reader = FactReader.of(
        [attribute(Kind.INT, name="customer.age"), attribute(Kind.INT, name="basket.lines")]
    )
    assert reader.read({"customer": {"age": None}, "basket": {}}) == {}
    assert reader.read({"customer": None}) == {}
    assert reader.read({}) == {}


def test_something_in_the_place_of_an_object_makes_what_is_in_it_invalid():
    reader = FactReader.of([attribute(Kind.INT, name="customer.age")])
    assert isinstance(reader.read({"customer": [1]})["customer.age"], Invalid)


def test_deep_names_are_read_from_nested_objects():
    reader = FactReader.of([attribute(Kind.STRING, name="customer.address.city")])
    assert reader.read({"customer": {"address": {"city": "Turin"}}}) == {"customer.address.city": "Turin"}


def test_undeclared_attributes_do_not_become_facts():
    reader = FactReader.of([attribute(Kind.INT, name="customer.age")])
    assert reader.read({"customer": {"age": 3, "email": "a@b.c"}, "other": {}}) == {"customer.age": 3}


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "y", "customer"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    context=st.dictionaries(st.sampled_from(["customer", "basket"]), json),
    is_list=st.booleans(),
    kind=st.sampled_from(Kind),
)
def test_no_context_breaks_the_reader(context, is_list, kind):
    facts = FactReader.of([attribute(kind, is_list=is_list), attribute(kind, name="basket.x.y")]).read(
        context
    )
    assert set(facts) <= {"customer.x", "basket.x.y"}
    assert None not in facts.values()


NFC, NFD = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize(("sent", "fact"), [(NFD, NFC), (NFC, NFC)])
def test_a_text_is_read_in_its_one_spelling(sent, fact):
    reader = FactReader.of(
        [attribute(Kind.STRING), attribute(Kind.STRING, is_list=True, name="customer.all")]
    )
    assert reader.read({"customer": {"x": sent, "all": ["a", sent]}}) == {
        "customer.x": fact,
        "customer.all": ("a", fact),
    }


@pytest.mark.parametrize("text", [" 900", "900\t", "900\u00a0"])
def test_white_space_around_an_id_is_a_wrong_value(text):
    reader = FactReader.of(
        [
            attribute(Kind.STRING),
            attribute(Kind.STRING, name="customer.id"),
            attribute(Kind.STRING, is_list=True, name="customer.ids"),
            attribute(Kind.INT, name="customer.number"),
        ],
        {"customer.id", "customer.ids", "customer.number"},
    )
    facts = reader.read({"customer": {"x": text, "id": text, "ids": ["1", text], "number": 7}})
    assert facts["customer.x"] == text
    assert facts["customer.number"] == 7
    for name in ("customer.id", "customer.ids"):
        assert facts[name] == Invalid("begins or ends with white space or an invisible character")

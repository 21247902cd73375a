"""Constants of kinds that CEL does not have: read when the rules are checked, or refused with the remedy."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from maitred.cel import compiler
from maitred.core.conditions.model import Literal, OneOf, Overlaps, Residual, Within
from maitred.core.conditions.scan import truth
from maitred.core.rules.expressions import ExpressionError, Row
from maitred.core.values.kinds import type_of
from maitred.core.values.scalars import address_of, version_of
from maitred.core.values.types import Attribute, AttributeType, Kind

LINE = (
    Attribute("sku", AttributeType(Kind.STRING)),
    Attribute("quantity", AttributeType(Kind.INT)),
    Attribute("price", AttributeType(Kind.DECIMAL, digits=2)),
    Attribute("at", AttributeType(Kind.TIMESTAMP)),
    Attribute("away", AttributeType(Kind.DURATION)),
    Attribute("made", AttributeType(Kind.DATE)),
    Attribute("code", AttributeType(Kind.STRING), ignores_case=True),
)
TYPES = {
    "basket.value": "decimal(2)",
    "basket.weight": "decimal(3)",
    "basket.factor": "double",
    "basket.count": "int",
    "app.version": "version",
    "app.needed": "version",
    "app.text": "string",
    "session.address": "ip",
    "session.addresses": "list<ip>",
    "customer.born": "date",
    "customer.since": "timestamp",
    "customer.vip": "bool",
    "now": "timestamp",
    "location.timezone": "string",
    "row.price": "decimal(2)",
    "row.text": "string",
    "row.number": "double",
    "row.network": "string",
    "row.born": "date",
}
ATTRIBUTES = {
    **{name: Attribute(name, type_of(type_)) for name, type_ in TYPES.items()},
    "basket.lines": Attribute(
        "basket.lines", AttributeType(Kind.OBJECT, is_list=True, fields=LINE, item="line")
    ),
    "basket.code": Attribute("basket.code", AttributeType(Kind.STRING), ignores_case=True, is_trimmed=True),
    "basket.codes": Attribute("basket.codes", AttributeType(Kind.STRING, is_list=True), ignores_case=True),
    "row.code": Attribute("row.code", AttributeType(Kind.STRING), ignores_case=True, is_trimmed=True),
    "list.folded": Attribute(
        "list.folded", AttributeType(Kind.STRING, is_list=True), ignores_case=True, is_trimmed=True
    ),
}
LISTS: Row = {
    "list.codes": ("VIP", "Gold"),
    "list.folded": ("vip", "gold"),
    "list.versions": ("5.9", "5.10"),
    "list.numbers": (1, 2),
}


@pytest.fixture(scope="module")
def ours():
    return compiler(ATTRIBUTES, LISTS)


def money(text):
    return Decimal(text)


V = version_of
A = address_of


@pytest.mark.parametrize(
    ("text", "attribute", "test"),
    [
        ("basket.value >= 53.70", "basket.value", Within(low=money("53.70"))),
        ("basket.value > 54", "basket.value", Within(low=money("54.00"), low_open=True)),
        ("'53.7' <= basket.value", "basket.value", Within(low=money("53.70"))),
        ("basket.value == 5.0", "basket.value", OneOf(frozenset((money("5.00"),)))),
        ("basket.value in [1, 2.50]", "basket.value", OneOf(frozenset((money("1.00"), money("2.50"))))),
        ("basket.value > -0.5", "basket.value", Within(low=money("-0.50"), low_open=True)),
        ("app.version < '5.10'", "app.version", Within(high=V("5.10"), high_open=True)),
        ("app.version in list.versions", "app.version", OneOf(frozenset((V("5.9"), V("5.10"))))),
        ("session.address == '::ffff:10.0.0.1'", "session.address", OneOf(frozenset((A("10.0.0.1"),)))),
        (
            "session.address.inNetwork('10.0.0.0/8')",
            "session.address",
            Within(A("10.0.0.0"), A("10.255.255.255")),
        ),
        ("'10.0.0.1' in session.addresses", "session.addresses", Overlaps(frozenset((A("10.0.0.1"),)))),
        ("customer.born >= '2008-02-29'", "customer.born", Within(low=date(2008, 2, 29))),
        ("basket.code == ' VIP '", "basket.code", OneOf(frozenset(("vip",)))),
        ("basket.code in list.codes", "basket.code", OneOf(frozenset(("vip", "gold")))),
        ("basket.code in list.folded", "basket.code", OneOf(frozenset(("vip", "gold")))),
        ("'VIP' in basket.codes", "basket.codes", Overlaps(frozenset(("vip",)))),
        ("basket.codes.exists(c, c == 'VIP')", "basket.codes", Overlaps(frozenset(("vip",)))),
    ],
)
def test_constants_are_read_and_indexed(ours, text, attribute, test):
    assert ours.condition(text).bind({}) == Literal(attribute, test)


@pytest.mark.parametrize(
    ("text", "row", "test"),
    [
        ("basket.value >= row.price", {"row.price": money("5.00")}, Within(low=money("5.00"))),
        ("basket.value >= row.number", {"row.number": 5.1}, Within(low=money("5.10"))),
        ("app.version >= row.text", {"row.text": "5.10"}, Within(low=V("5.10"))),
        ("customer.born > row.born", {"row.born": date(2000, 1, 1)}, Within(date(2000, 1, 1), low_open=True)),
        (
            "session.address.inNetwork(row.network)",
            {"row.network": "10.0.0.0/31"},
            Within(A("10.0.0.0"), A("10.0.0.1")),
        ),
        ("basket.code == row.code", {"row.code": "vip"}, OneOf(frozenset(("vip",)))),
        ("basket.code == row.text", {"row.text": " VIP"}, OneOf(frozenset(("vip",)))),
    ],
)
def test_cells_are_read_as_what_they_stand_beside(ours, text, row, test):
    condition = ours.condition(text).bind(row)
    assert isinstance(condition, Literal)
    assert condition.test == test


FACTS = {
    "basket.value": money("53.70"),
    "basket.weight": money("1.500"),
    "basket.factor": 0.5,
    "basket.count": 3,
    "app.version": V("5.10"),
    "app.needed": V("5.9"),
    "session.address": A("10.1.2.3"),
    "session.addresses": (A("10.1.2.3"), A("::1")),
    "customer.born": date(2008, 2, 29),
    "customer.since": datetime(2026, 1, 1, tzinfo=UTC),
    "customer.vip": True,
    "now": datetime(2026, 2, 28, 23, 30, tzinfo=UTC),
    "location.timezone": "Europe/Rome",
    "basket.code": "vip",
    "basket.codes": ("vip",),
    "basket.lines": (
        {
            "sku": "S1",
            "quantity": 3,
            "price": money("17.90"),
            "at": datetime.max.replace(tzinfo=UTC),
            "away": timedelta(hours=2),
            "made": date(2026, 1, 1),
            "code": "vip",
        },
        {"sku": "S2", "quantity": 1, "price": money("0.10")},
    ),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("basket.value + 0.30 == 54", True),
        ("basket.value - basket.count > 50.69", True),
        ("basket.value * 2 == 107.40", True),
        ("basket.value * basket.count == 161.1", True),
        ("basket.value * basket.weight == 80.55", True),
        ("basket.value * 1.1 == 59.07", True),
        ("-basket.value < 0", True),
        ("double(basket.value) / 2.0 > 26.8", True),
        ("basket.count < basket.value", True),
        ("basket.value == basket.count", False),
        ("app.version >= app.needed", True),
        ("(customer.vip ? app.version : app.needed) == '5.10.0'", True),
        ("session.addresses.all(a, a.inNetwork('10.0.0.0/8'))", False),
        ("session.addresses.exists(a, a == '::1')", True),
        ("age(customer.born, now, 'Europe/Rome') == 18", True),
        ("age(customer.born, now, 'UTC') == 17", True),
        ("age(customer.born, now, location.timezone) >= 18", True),
        ("date(now, location.timezone) == '2026-03-01'", True),
        ("date(now, 'UTC') > customer.born", True),
        ("customer.born.getMonth() == 1 && customer.born.getDate() == 29", True),
        ("date(now, 'UTC') - customer.born > duration('365d')", True),
        ("customer.since < now - duration('8w')", True),
        ("customer.since < now - duration('59d')", False),
        ("basket.lines.exists(line, line.sku == 'S1' && line.quantity >= 3)", True),
        ("basket.lines.exists(line, line.price * line.quantity > 53.69)", True),
        ("basket.lines.filter(line, line.price < 1.0).size() == 1", True),
        ("basket.lines.map(line, line.price).exists(p, p == 0.1)", True),
        ("basket.lines.exists(line, line.at > now)", True),
        ("basket.lines.exists(line, line.away > duration('1h'))", True),
        ("basket.lines.exists(line, line.made == '2026-01-01')", True),
        ("basket.lines.exists(line, has(line.made) && line.made < '2026-01-01')", False),
        ("basket.lines.all(line, line.made == '2026-01-01')", None),
        ("basket.lines.exists(line, line.code == 'VIP')", True),
        ("basket.lines[0].price == 17.9", True),
        ("basket.lines.size() == 2", True),
        ("basket.code.startsWith('VI')", True),
        ("basket.code + 'x' == 'vipx'", True),
    ],
)
def test_what_stays_with_cel_says_the_same(ours, text, expected):
    result = truth(ours.condition(text).bind({}), FACTS, {})
    assert (result if isinstance(result, bool) else None) is expected


def test_a_score_may_be_an_amount(ours):
    assert ours.score("basket.value * 2").bind({}).expression.evaluate(FACTS) == 107.4
    assert ours.score("row.price + 1").bind({"row.price": money("0.50")}).constant == 1.5


SAID = {
    "basket.value / 2 > 5": "`/` does not go between decimal and int: amounts are exact and are not divided",
    "basket.value > basket.factor": "a double is not exact and does not go beside a decimal",
    "basket.value * basket.factor > 5.0": "a double is not exact and does not go beside a decimal",
    "basket.value >= 53.705": "`53.705` has more digits than basket.value, which is a decimal(2)",
    "basket.value >= 'much'": "`much` is not a decimal: so basket.value is declared: write it like `53.70`",
    "basket.value >= app.text": "only a decimal(2) or a constant goes beside a decimal(2)",
    "app.version >= 'newest'": "`newest` is not a version: so app.version is declared",
    "app.version >= 5.1": '`>=` does not go between version and double: write `"5.10"`',
    "app.version >= app.text": "only a version or a constant goes beside a version",
    "app.version in list.codes": "`list.codes` holds a value that is not a version",
    "customer.born > '2007-02-29'": "`2007-02-29` is not a date",
    "customer.born > now": "`>` does not go between date and timestamp",
    "session.address == '10.0.0.0/8'": "`10.0.0.0/8` is a network and no address",
    "session.address < '10.0.0.0'": "`<` does not go between ip and string: `ip` has no order",
    "session.address.inNetwork('10.0.0.1/8')": "`10.0.0.1/8` is not a network",
    "session.address.inNetwork(app.text)": "`inNetwork` takes a network in quotes or a column",
    "age(customer.born, now, 'Rome') > 3": "`Rome` is not a time zone",
    "basket.code == app.text": "basket.code is compared without regard to letter case or blanks",
    "app.text in list.folded": "list.folded is compared without regard to letter case or blanks",
    "app.text.matches('^' + row.text)": "a pattern of `matches` stands in quotes",
    "basket.lines.exists(line, line.colour == 'red')": "`colour` is not a declared field",
    "basket.lines.exists(line, line.quantity == 'three')": "`==` does not go between int and string",
    "basket.lines.exists(line, line.price > line.quantity * 1.5)": "`*` does not go between int and double",
    "math.greatest(basket.value, 5) > 3": "`math.greatest` does not take (decimal, int)",
    "now - duration('30q') < now": "`30q` is not a duration",
}


@pytest.mark.parametrize(("text", "message"), SAID.items())
def test_what_does_not_go_together_is_refused_with_the_remedy(ours, text, message):
    with pytest.raises(ExpressionError) as caught:
        ours.condition(text).bind({"row.text": "x"})
    assert caught.value.message.startswith(message)
    assert not caught.value.message.endswith(".")
    assert "maitred" not in caught.value.message


def test_a_cell_that_is_not_of_the_kind_is_told(ours):
    with pytest.raises(ExpressionError, match="`newest` is not a version"):
        ours.condition("app.version >= row.text").bind({"row.text": "newest"})


@pytest.mark.parametrize(
    "text",
    [
        "app.text.trim().lowerAscii() == 'a'",
        "app.text.replace('-', '').split(',').join('') == 'a'",
        "math.greatest(basket.factor, 2.0) > 1.0",
        "math.abs(basket.count) == 3",
        "cel.bind(x, basket.value * 2, x > 5.0 && x < 10.0)",
        "optional.of(basket.count).orValue(2) == 3",
        "app.text.substring(0, 1) == 'a'",
    ],
)
def test_the_functions_of_the_library_are_there(ours, text):
    assert isinstance(ours.condition(text).bind({}), Residual)

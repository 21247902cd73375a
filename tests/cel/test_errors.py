"""What is said of expressions that do not load, and where it points."""

import pytest

from maitred.cel import compiler
from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.types import Kind

TEXT_OR_ATTRIBUTE = "a text stands in quotes, an attribute is written in full, such as `customer.age`"
SAID = {
    "customer.agee > 18": "1:1 `customer.agee` is not declared, did you mean `customer.age`?",
    "customer.vip &&\n  custmer.age > 18": "2:3 `custmer.age` is not declared, did you mean `customer.age`?",
    "customer. agee > 1": "1:1 `customer.agee` is not declared, did you mean `customer.age`?",
    "situation.vip_at_rsk": (
        "1:1 `situation.vip_at_rsk` is not declared, did you mean `situation.vip_at_risk`?"
    ),
    "list.fruits == []": "1:1 `list.fruits` is not declared, did you mean `list.fruit`?",
    "customer.vip || channel in list .fruits": (
        "1:28 `list.fruits` is not declared, did you mean `list.fruit`?"
    ),
    "xyzzy": "1:1 `xyzzy` is not declared: " + TEXT_OR_ATTRIBUTE,
    "'é😀' == channel && xyzzy": "1:20 `xyzzy` is not declared: " + TEXT_OR_ATTRIBUTE,
    "customer.tags.exist(t, t == 'a')": "1:15 `exist` is no function here, did you mean `exists`?",
    "customer.name.startswith('a')": "1:15 `startswith` is no function here, did you mean `startsWith`?",
    "size(1, 2, 3) == 1": (
        "1:1 `size` is not called with that many arguments: write it like `size(basket.products)`"
    ),
    "customer.age > 1.5": (
        "1:16 `customer.age` is an int: write a whole number beside it, or `double(customer.age)`"
    ),
    "customer.affinity * 2 > 1.0": "1:21 `customer.affinity` is a double: write `2.0` instead of `2`",
    "customer.age == '18'": "1:17 `'18'` is text here: write `18`, without quotes",
    "now > '2026-01-01'": (
        "1:7 `'2026-01-01'` is not understood here: write `timestamp(\"2026-01-01T00:00:00Z\")`"
    ),
    "customer.away > '36h'": '1:15 `>` does not go between duration and string: write `duration("36h")`',
    "customer.tier in 'gold'": (
        "1:1 `customer.tier in 'gold'` is not understood here: write `customer.tier == 'gold'`"
    ),
    "customer.age in customer.tags": "1:14 `in` does not go between int and list<string>",
    "customer.age && customer.vip": "1:14 `&&` needs true or false on every side, not int and bool",
    "!customer.age": "1:1 `!` needs true or false on every side, not int",
    "-customer.name == ''": "1:1 `-` cannot be put before string",
    "customer.age ? has(now) : true": "1:14 `? :` needs true or false before the `?`, not int",
    "customer.vip ? 1 : 'a'": "1:14 `? :` needs one type on both sides of the `:`, not int and string",
    "channel.startsWith(1)": "1:19 `startsWith` does not take (string, int)",
    "customer.age.years > 1": "1:13 a value of type int has no fields",
    "customer.age.exists(x, x)": "1:9 macros like `exists` need a list, not int",
    "customer.tags.exists(1, true)": "1:22 give the items a name first, as in `exists(item, item == 1)`",
    "customer.age = 18": "1:14 `=` is not understood here: write `==`",
    "customer.vip and has(now)": "1:14 `and` is not understood here: write `&&`",
    "customer.tags contains 'a'": (
        "1:15 `customer.tags contains 'a'` is not understood here: write `'a' in customer.tags`"
    ),
    "channel == \u2018pos\u2019": (
        '1:12 text stands in straight quotes: write `"` for every curly or angled quote'
    ),
    "vip_at_risk": "1:1 `vip_at_risk` is not declared, did you mean `situation.vip_at_risk`?",
    "customer.vip OR has(now)": "1:14 `OR` is not understood here: write `||`",
    "customer.vip)": "1:13 `)` closes nothing: remove it, or put a `(` where it begins",
    "customer.age >": "1:15 the expression ends too early: something must follow `>`",
    "(customer.vip": "1:1 `(` is not closed: put a `)` where it ends",
    "channel == 'pos": "1:12 text is not closed, or has an escape that does not exist",
    r"channel == '\q'": "1:12 text is not closed, or has an escape that does not exist",
    "customer.age == 9223372036854775808": "1:17 this number does not fit into 64 bits",
    "package": "1:1 `package` is a word of the language: call it something else",
    "": "1:1 the expression is empty",
    " \n // nothing": "2:12 the expression ends too early",
    "customer.age": (
        "1:1 a condition must be true or false, this is of type int: compare it, such as `customer.age >= 1`"
    ),
    "dyn(customer.vip)": "1:1 a condition must be true or false, this is of type dyn",
    "has(customer.agee)": "1:1 `has()` takes the name of a declared attribute, `customer.agee` is none",
    "customer.vip && has(list.fruit)": (
        "1:17 `has()` takes the name of a declared attribute, `list.fruit` is none"
    ),
    "has(row.code)": "1:1 `has()` takes the name of a declared attribute, `row.code` is none",
    "has({'a': 1}.a)": "1:1 `has()` takes the name of a declared attribute, `{'a':1}.a` is none",
    "has()": "1:1 `has()` takes the name of a declared attribute",
    "customer.tags.exists(t, has(t.a))": "1:28 a value of type string has no fields",
    "has_.customer.age": "1:1 `has_` is not declared: " + TEXT_OR_ATTRIBUTE,
    "customer.tags.exists(customer, customer == 'a')": (
        "1:21 `customer` is part of an attribute's name: call the variable of the macro something else"
    ),
    "customer.tags.exists(list, list == 'a')": (
        "1:21 `list` is part of an attribute's name: call the variable of the macro something else"
    ),
    "google.protobuf.BoolValue{value: true} == customer.vip": (
        "1:1 an expression cannot build protobuf messages"
    ),
    "now > timestamp('2026-01-01')": (
        "1:17 `2026-01-01` is not a timestamp: write it like `2026-12-01T00:00:00Z`"
    ),
    "customer.away > duration('1 day')": (
        "1:26 `1 day` is not a duration: write it like `36h`, `90m` or `1.5s`"
    ),
    "now + duration('999999999h') > now": (
        "1:16 `999999999h` is not a duration: write it like `36h`, `90m` or `1.5s`"
    ),
    "channel.matches('(')": "1:17 `(` is not a regular expression: missing ): (",
    "customer.vip && customer.tier == 'golld'": (
        "1:34 `golld` is not a value of customer.tier: values are `basic`, `gold`, `platinum`"
    ),
    "'golld' != customer.tier": (
        "1:1 `golld` is not a value of customer.tier: values are `basic`, `gold`, `platinum`"
    ),
    "customer.tier in [\n  'gold',\n  'Gold']": (
        "3:3 `Gold` is not a value of customer.tier: values are `basic`, `gold`, `platinum`"
    ),
    "customer.tier in list.fruit": (
        "1:22 `apple` is not a value of customer.tier: values are `basic`, `gold`, `platinum`"
    ),
    "'beer' in customer.interests": (
        "1:1 `beer` is not a value of customer.interests: values are `food`, `wine`"
    ),
    "customer.interests.exists(i, i == 'beer')": (
        "1:35 `beer` is not a value of customer.interests: values are `food`, `wine`"
    ),
}


@pytest.mark.parametrize(("text", "message"), SAID.items())
def test_says(refusal, text, message):
    assert refusal(text) == message


@pytest.mark.parametrize("text", SAID)
def test_messages_keep_to_the_style(refusal, text):
    message = refusal(text).partition(" ")[2]
    assert not message[0].isupper()
    assert not message.endswith(".")
    assert "\n" not in message
    assert "INVALID_ARGUMENT" not in message


def test_lists_of_mixed_types_are_refused():
    with pytest.raises(ExpressionError, match=r"`list\.odd` holds values of different types"):
        compiler({}, {"list.odd": ("a", 1)})


@pytest.mark.parametrize("value", ["a\0b", "\ud800", 2**63])
def test_lists_of_values_cel_cannot_hold_are_refused(value):
    with pytest.raises(ExpressionError, match=r"`list\.odd` holds"):
        compiler({}, {"list.odd": (value,)})


def test_values_of_long_lists_are_not_all_named(declared):
    allowed = tuple(f"v{n}" for n in range(20))
    attribute = declared("a.b", Kind.STRING, allowed=allowed)
    with pytest.raises(ExpressionError, match=r"`v7` and 12 more"):
        compiler({"a.b": attribute}, {}).condition("a.b == 'w'").bind({})


@pytest.mark.parametrize(
    "text", ['customer.tier >= "gold"', '"gold" < customer.tier', '!(customer.tier < "gold")']
)
def test_declared_values_have_no_order_but_that_of_their_letters(refusal, text):
    assert "no order" in refusal(text)

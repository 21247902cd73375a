"""The text of expressions: tokens, ``has()``, places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.cel.source import mark_presence, place_of, tokens_of


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("has(a.b)", "has_.a.b"),
        ("has( a.b )", "has_.a.b  "),
        ("has (a\n.b)&&x", "has_.a.b  &&x"),
        ("!has(a.b) || has(a.b)", "!has_.a.b || has_.a.b"),
        ("has // why(\n(a.b)", "has_.a.b         "),
    ],
)
def test_has_becomes_a_name_of_the_same_length(text, marked):
    assert mark_presence(text, {"a.b"}.__contains__) == marked
    assert len(text) == len(marked)


@pytest.mark.parametrize(
    "text",
    [
        "'has(a.b)'",
        '"has(a.b)"',
        "'''it's has(a.b)'''",
        '"""\nhas(a.b)"""',
        r"'\' has(a.b)'",
        r"r'\' == 'has(a.b)'",
        r'R"\" == "has(a.b)"',
        "b'has(a.b)'",
        "br'has(a.b)'",
        "x // has(a.b)",
        "has_been(a.b)",
        "shas(a.b)",
        "x.has(a.b)",
        "x . has(a.b)",
        "has.b",
    ],
)
def test_other_text_is_left_alone(text):
    assert mark_presence(text, {"a.b"}.__contains__) == text


@given(st.text(alphabet="has(.b)\"'`\\/\nr 5é", max_size=30))
def test_tokens_cover_any_text(text):
    tokens = tokens_of(text)
    assert all(text[token.at :].startswith(token.value) for token in tokens)
    between = [text[: tokens[0].at] if tokens else text]
    ends = [token.at + len(token.value) for token in tokens]
    between += [text[end : after.at] for end, after in zip(ends, tokens[1:], strict=False)]
    assert all(not gap.strip() or "//" in gap for gap in between)


@pytest.mark.parametrize(("at", "place"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (3, 1)), (6, (3, 2))])
def test_places_count_from_one(at, place):
    assert place_of("é😀\na\nbc", at) == place


def test_has_keeps_the_places_of_what_follows(refusal):
    assert refusal("has( customer.age ) && nothing").startswith("1:24 `nothing`")


def test_has_in_a_text_is_text(lowered):
    assert lowered("channel == 'has(customer.age)'").test.values == {"has(customer.age)"}

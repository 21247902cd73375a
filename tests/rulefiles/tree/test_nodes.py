"""Where a character within a scalar stands in the file."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from maitred.rulefiles.tree import inside, read


def trees(text):
    return {tree.number: tree for tree in read(text.encode(), lambda *_: None)}


def node_at(text, *path):
    return trees(text)[0].find(path)[1]


# Each has `@` as the one character to find; the value is what YAML makes of it.
CASES = {
    "plain": "k: ab @ c\n",
    "plain over lines": "k: ab\n  c d\n\n    @ e\n",
    "single": "k: 'it''s ''@'' here'\n",
    "single over lines": "k: 'it''s\n\n  here @'\n",
    "double": 'k: "a \\"b\\" \\u00e9 \\t \\x41 @"\n',
    "double over lines": 'k: "a\\\n   b \\\n  \\  c\n\n  @ d"\n',
    "literal": "k: |\n  a\n\n   @ b\n",
    "literal with header": "k: |2- # why @\n    a @\n".replace("why @", "why"),
    "folded": "k: >-\n  a\n  b\n\n    c\n  @ d\n",
    "carriage returns": "k: |\r\n  a\r\n  @ b\r\n",
    "in a flow mapping": "{j: {k: x}, k: 'ü @'}\n",
    "beyond the basic plane": "k: '\U0001f355\U0001f355 @'\n",
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_a_character_is_found_in_every_style(text):
    value = yaml.safe_load(text)["k"]
    index = value.index("@")
    line, column = value.count("\n", 0, index) + 1, index - (value.rfind("\n", 0, index) + 1) + 1
    found_line, found_column = inside(text, node_at(text, "k"), line, column)
    source = text.replace("\r\n", "\n").split("\n")
    assert source[found_line - 1][found_column - 1] == "@"


def test_a_blank_is_found_behind_the_character_before_it():
    text = "k: >-\n  ab\n  cd\n"
    assert inside(text, node_at(text, "k"), 1, 3) == (2, 5)


@pytest.mark.parametrize(("line", "column"), [(1, 99), (7, 1), (9, 9)])
def test_what_lies_outside_falls_back_on_the_end_or_the_start(line, column):
    text = "k: 'ab cd'\n"
    assert inside(text, node_at(text, "k"), line, column) in {(1, 4), (1, 10)}


def test_places_of_keys_and_values():
    text = "a: 1\n---\nb:\n  - {c: x, d: [y]}\n"
    places = {
        (number, path, node.line, node.column)
        for number, tree in trees(text).items()
        for path, _, node in tree.walk()
    }
    assert places == {
        (0, (), 1, 1),
        (0, ("a",), 1, 4),
        (1, (), 3, 1),
        (1, ("b",), 4, 3),
        (1, ("b", 0), 4, 5),
        (1, ("b", 0, "c"), 4, 9),
        (1, ("b", 0, "d"), 4, 15),
        (1, ("b", 0, "d", 0), 4, 16),
    }
    key, _ = trees(text)[1].find(("b", 0, "d"))
    assert (key.line, key.column) == (4, 12)


def test_steps_that_are_not_there_are_passed_over():
    key, node = trees("b: {c: x}\n")[0].find(("b", "nope", "c", 3))
    assert (key.text, node.text) == ("c", "x")


def test_of_two_equal_keys_the_first_is_meant_and_complex_keys_confuse_nothing():
    text = "a: 1\n? [x, {a: 2}]\n: 3\na: 4\nb: 5\n"
    assert node_at(text, "a").line == 1
    assert node_at(text, "b").line == 5


def test_spans_and_styles_say_how_it_was_written():
    text = "a: 'x'\nb: {c: [1]}\nd:\n  - |\n    e\n"
    written = {
        path: (node.style, text[node.start.index : node.end.index])
        for path, _, node in trees(text)[0].walk()
        if path
    }
    assert written["a",] == ("'", "'x'")
    assert written["b",] == ("flow", "{c: [1]}")
    assert written["b", "c"] == ("flow", "[1]")
    assert written["d",][0] == ""
    assert written["d", 0] == ("|", "|\n    e\n")


WITH_SIGNS = st.text("a @'\"\\\n", min_size=1, max_size=40).filter(lambda text: "@" in text)


@given(WITH_SIGNS, st.sampled_from("'\"|>"))
def test_every_at_sign_is_found_at_an_at_sign(value, style):
    text = yaml.safe_dump({"k": value}, default_style=style, width=12)
    # PyYAML folds lines that begin with a blank to another text.
    value = yaml.safe_load(text)["k"]
    place = node_at(text, "k")
    source = text.split("\n")
    for index in (index for index, letter in enumerate(value) if letter == "@"):
        line, column = value.count("\n", 0, index) + 1, index - (value.rfind("\n", 0, index) + 1) + 1
        at = inside(text, place, line, column)
        if (line, column) != (1, 1):
            assert source[at[0] - 1][at[1] - 1] == "@"

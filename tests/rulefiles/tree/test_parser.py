"""YAML to values, and everything that is refused on the way."""

import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.values.texts import composed
from maitred.rulefiles import bounds
from maitred.rulefiles.tree import read


def parse(text):
    faults = []
    trees = read(text.encode() if isinstance(text, str) else text, lambda *fault: faults.append(fault))
    return [tree.root.value for tree in trees], faults


def only_fault(text):
    _, faults = parse(text)
    assert len(faults) == 1, faults
    return faults[0]


def test_documents_of_a_file_with_their_numbers():
    trees = read(b"a: 1\n---\n# nothing\n---\nb: [x, {c: no}]\n", None)
    assert [(tree.number, tree.root.value) for tree in trees] == [
        (0, {"a": 1}),
        (2, {"b": ["x", {"c": "no"}]}),
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n", "\ufeff", "\n\n"])
def test_nothing_is_no_document(text):
    assert parse(text) == ([], [])


def test_byte_order_mark_and_carriage_returns_change_nothing():
    plain = "a: 1\nb: |\n  x\n  y\n"
    assert parse("\ufeff" + plain.replace("\n", "\r\n")) == parse(plain)


def test_keys_are_text_whatever_they_look_like():
    assert parse("1: a\nno: b\ntrue: c\n") == ([{"1": "a", "no": "b", "true": "c"}], [])


def test_quoted_scalars_are_text():
    assert parse("""["1", 'true', "~", '', "\\u00e9"]""") == ([["1", "true", "~", "", "é"]], [])


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("limit: 300\nlimit: 3000\n", 2, 1, "`limit` stands here twice"),
        ("a: {b: 1, b: 2}\n", 1, 11, "`b` stands here twice"),
        ("'a': 1\n\"a\": 2\n", 2, 1, "`a` stands here twice"),
        ("a: &x 1\n", 1, 4, "remove `&x`"),
        ("a: &x [1]\n", 1, 4, "remove `&x`"),
        ("&x a: 1\n", 1, 1, "remove `&x`"),
        ("a: *x\n", 1, 4, "value of `*x`"),
        ("a: !!str 1\n", 1, 4, "tags are not allowed"),
        ("a: !x {b: 1}\n", 1, 4, "quotes"),
        ("a: ! 1\n", 1, 4, "quotes"),
        ("a: !!python/object:os.system {}\n", 1, 4, "tags are not allowed"),
        ("<<: {a: 1}\n", 1, 1, "merge keys"),
        ("%YAML 1.1\n---\na: 1\n", 1, 1, "directives"),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", 1, 1, "directives"),
        ("a: .nan\n", 1, 4, "finite"),
        ("a: -.inf\n", 1, 4, "finite"),
        ("a: 99999999999999999999\n", 1, 4, "64 bits"),
        ("[a, b]: 1\n", 1, 1, "key must be text"),
        ("? {a: 1}\n: 2\n", 1, 3, "key must be text"),
        ("a: [1\n", 1, 4, "put a `]` at its end"),
        ("a: 'x\n", 1, 4, "the text that begins here is not closed"),
        ('a: {b: "x}\nc: d\n---\ne: f\n', 1, 8, "the text that begins here is not closed"),
        ("a: b: c\n", 1, 4, 'put it in quotes, `"b: c"`'),
        ("a: {b: c: d}\n", 1, 8, 'put it in quotes, `"c: d"`'),
        ("a: {b: ${row.c}}\n", 1, 8, 'put it in quotes, `"${row.c}"`'),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "give fields of one level one column"),
        ("a:\n\tb: 1\n", 2, 1, "blanks, not with a tab"),
        ("a: x\x00y\n", 1, 5, "U+0000"),
        ("a: x\x1by\n", 1, 5, "U+001B"),
        ("a: x\x85y\n", 1, 5, "U+0085"),
        ("a: x\u2028y\n", 1, 5, "U+2028"),
        ("a: x\u202ey\n", 1, 5, "U+202E"),
        ("# \u2066comment\n", 1, 3, "U+2066"),
        ("a: 1\nb: \ufeff\n", 2, 4, "U+FEFF"),
        ('a: "x\\0"\n', 1, 4, "U+0000"),
        ('a: "\\u202e"\n', 1, 4, "U+202E"),
        ('"\\u202e": 1\n', 1, 1, "U+202E"),
    ],
)
def test_what_is_refused_and_where(text, line, column, words):
    fault = only_fault(text)
    assert fault[:2] == (line, column)
    assert words in fault[2]


@pytest.mark.parametrize("text", ['a: "\\ud800"\n', 'a: "\\udfff\\ud800"\n'])
def test_lone_surrogates_cannot_be_written(text):
    assert "escape" in only_fault(text)[2]


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"a: \xff\n", 1, 4),
        (b"a: 1\nb: \xc3\xa9\xed\xa0\x80\n", 2, 5),
        ("a: 1".encode("utf-16"), 1, 1),
        (b"\x7fELF\x02\x01\x01\xfe", 1, 8),
        (b"a: \xc0\xaf\n", 1, 4),
    ],
)
def test_what_is_not_utf8_is_refused_at_its_first_byte(data, line, column):
    fault = only_fault(data)
    assert fault[:2] == (line, column)
    assert "UTF-8" in fault[2]


def test_every_refusal_of_a_file_is_told_and_reading_goes_on():
    roots, faults = parse("a: &x 1\na: 2\n---\nb: *x\nc: .nan\n---\nd: 4\n")
    assert [fault[0] for fault in faults] == [1, 2, 4, 5]
    assert roots[-1] == {"d": 4}


def test_documents_before_a_syntax_error_are_kept():
    roots, faults = parse("a: 1\n---\nb: [\n---\nc: 1\n")
    assert roots == [{"a": 1}]
    assert len(faults) == 1


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_five_thousand_levels_end_at_the_limit(opening):
    started = time.process_time()
    _, faults = parse(opening * 5000)
    assert "levels deep" in faults[-1][2]
    assert len(faults) <= bounds.NESTING_LEVELS
    assert time.process_time() - started < 1


@pytest.mark.parametrize("text", ["a: '" + "[" * 50 + "'\nb: }", "a: |\n  " + "[" * 50 + "\nb: }"])
def test_brackets_in_a_text_are_not_nesting(text):
    (fault,) = parse(text)[1]
    assert fault[0] > 1
    assert "levels deep" not in fault[2]


def test_the_deepest_level_allowed_is_read():
    deep = "[" * bounds.NESTING_LEVELS + "]" * bounds.NESTING_LEVELS
    assert parse(deep)[1] == []
    assert "levels deep" in only_fault(f"[{deep}]")[2]


def merge_bomb(levels: int = 24) -> str:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, levels)]
    return "\n".join(lines)


def test_a_bomb_of_merge_keys_goes_off_in_no_time():
    bomb = merge_bomb()
    assert len(bomb) < 1000
    started = time.process_time()
    _, faults = parse(bomb)
    assert time.process_time() - started < 0.5
    assert {
        words for *_, message in faults for words in ("anchors", "merge keys", "aliases") if words in message
    } == {
        "anchors",
        "merge keys",
        "aliases",
    }


def test_a_megabyte_is_read_and_one_byte_more_is_not():
    line = b"a: '" + b"x" * (bounds.YAML_FILE_BYTES - 6) + b"'\n"
    assert len(line) == bounds.YAML_FILE_BYTES
    assert parse(line)[1] == []
    assert only_fault(line + b"\n") == (0, 0, "the file is over 1 MiB: split it")


# A file of one megabyte that is as hard to read as it can be, of each sort.
@pytest.mark.parametrize(
    "unit",
    ["- [", "a: {", "'", '"', "# ", "*a ", "&a ", "? ", "- ", ": ", "!", "|", "\n", "a\n", "{a: [", "%"],
)
def test_hostile_megabytes_end_soon(unit):
    text = unit * (bounds.YAML_FILE_BYTES // len(unit))
    started = time.process_time()
    parse(text)
    assert time.process_time() - started < 5


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")))
NAME = st.from_regex(r"[a-z]{1,6}", fullmatch=True)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(bounds.INT64_MIN, bounds.INT64_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAME, inner, max_size=4),
    max_leaves=20,
)


def spelled(value):
    """The value with its texts in the one spelling."""
    if isinstance(value, str):
        return composed(value)
    if isinstance(value, list):
        return [*map(spelled, value)]
    return {key: spelled(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(values, st.booleans())
def test_what_a_writer_of_json_writes_is_read_as_it_was(value, indent):
    # JSON is YAML 1.2: an independent writer to compare with.
    text = json.dumps(value, ensure_ascii=False, indent=2 if indent else None)
    roots, faults = parse(text)
    assert faults == []
    assert (roots[0] if roots else None) == spelled(value)


texts = st.recursive(
    TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAME, inner, max_size=4),
    max_leaves=10,
)


@given(texts, st.sampled_from("'\"|>"), st.booleans())
def test_texts_are_read_as_they_were_in_every_style(value, style, escaped):
    text = yaml.safe_dump(
        {"k": value}, default_flow_style=False, default_style=style, allow_unicode=not escaped, width=30
    )
    # Not `value`: PyYAML folds lines that begin with a blank to another text.
    assert parse(text) == ([spelled(yaml.safe_load(text))], [])


def check_places(faults):
    for line, column, message in faults:
        assert line >= 1
        assert column >= 1
        assert message


@given(st.binary(max_size=200))
def test_no_bytes_raise(data):
    check_places(parse(data)[1])


@given(st.text("ab:-[]{}'\"|>?&*!%#\n \t<", max_size=60))
def test_no_text_raises(text):
    check_places(parse(text)[1])

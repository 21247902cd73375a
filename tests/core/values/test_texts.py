"""One spelling: what looks the same is the same, and a hostile text takes no time."""

import time
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.values.texts import RUN_CHARACTERS, composed, folded, has_blank_ends

NFD = "cafe\u0301"
NFC = "caf\u00e9"

short = st.text(max_size=RUN_CHARACTERS)


@given(short)
def test_a_text_of_an_id_s_length_is_in_nfc(text):
    assert composed(text) == normalize("NFC", text)


@given(st.lists(st.text(st.characters(max_codepoint=0x3FF), max_size=20)).map(" ".join))
def test_words_of_a_long_text_are_in_nfc(text):
    assert composed(text * 9) == normalize("NFC", text * 9)


@given(short)
def test_composing_twice_changes_nothing(text):
    assert composed(composed(text)) == composed(text)


@given(short)
def test_both_forms_fold_alike(text):
    assert folded(normalize("NFC", text)) == folded(normalize("NFD", text))


@pytest.mark.parametrize(
    ("one", "other"),
    [(NFC, NFD), ("CAFÉ", NFD), ("STRASSE", "straße"), ("Σίσυφος", "ΣΊΣΥΦΟΣ"), ("KM", "\u212am")],
)
def test_letters_that_differ_in_case_only_fold_alike(one, other):
    assert folded(one) == folded(other)


@pytest.mark.parametrize("text", ["a ", " a", "\ta", "a\u00a0", "\u3000a", " "])
def test_white_space_at_an_end_is_seen(text):
    assert has_blank_ends(text)


@pytest.mark.parametrize("text", ["a\u200b", "\ufeffa", "a\u00ad", "\u2060\u00e9", "\u200ea"])
def test_what_nobody_sees_at_an_end_is_seen(text):
    assert has_blank_ends(text)


@pytest.mark.parametrize("text", ["", "a", "a b", "\u00e9", "\u0646\u200c\u0627"])
def test_white_space_inside_is_none_at_an_end(text):
    assert not has_blank_ends(text)


SECONDS_IF_LINEAR = 20
"""Were it quadratic, it would take minutes."""


def test_a_text_of_marks_takes_no_time():
    marks = "\u0315\u0300"
    hostile = "a" + marks * 60_000
    began = time.perf_counter()
    assert composed(hostile) == hostile
    assert time.perf_counter() - began < SECONDS_IF_LINEAR
    many = ("a" + marks * (RUN_CHARACTERS // 2) + " ") * 1_000
    began = time.perf_counter()
    composed(many)
    assert time.perf_counter() - began < SECONDS_IF_LINEAR

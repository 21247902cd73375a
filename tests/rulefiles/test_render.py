"""Faults as text."""

from hypothesis import given
from hypothesis import strategies as st

from maitred.core.faults import Fault, Severity
from maitred.rulefiles import format_fault, format_faults


def test_place_message_line_and_caret():
    fault = Fault("a.yaml", 3, 5, "this is wrong", "  - x: y")
    assert format_fault(fault) == "a.yaml:3:5: error: this is wrong\n      - x: y\n        ^"


def test_without_a_line_and_without_a_file():
    faults = [Fault("", 0, 0, "no file"), Fault("a", 0, 0, "odd", severity=Severity.WARNING)]
    assert format_faults(faults) == "error: no file\na: warning: odd"
    assert format_faults([]) == ""


def test_of_a_long_line_the_part_around_the_caret_is_shown():
    _, line, caret = format_fault(Fault("a", 1, 301, "m", "x" * 300 + "!" + "y" * 300)).split("\n")
    assert len(line) < 120
    assert line[caret.index("^")] == "!"
    assert line.strip().startswith("…")
    assert line.endswith("…")


@given(st.text("ab\t é", min_size=1, max_size=300).filter(lambda text: text.strip()), st.data())
def test_the_caret_stands_below_its_column(text, data):
    column = data.draw(st.integers(1, len(text.rstrip())))
    _, line, caret = format_fault(Fault("a", 1, column, "m", text)).split("\n")
    assert line[caret.index("^")] == text[column - 1].replace("\t", " ")

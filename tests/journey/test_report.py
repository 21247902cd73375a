import io
import math
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tools.journey.client import Answered
from tools.journey.join import Join
from tools.journey.report import compare, parts, print_report, quantile

EXPECTED = {"1": frozenset({"a", "b"}), "3": frozenset({"c"})}
JOINED = Join({"1": date(2017, 6, 30), "2": date(2017, 7, 1), "3": date(2017, 7, 1)}, EXPECTED)


def answered(basket, *actions):
    return Answered(basket, actions, "", 0.25)


def test_all_that_was_expected_is_neither_missing_nor_extra():
    part = compare("year", [answered("1", "b", "a"), answered("2"), answered("3", "c")], EXPECTED)
    assert (part.sent, part.matched, part.proposed, part.missing, part.extra) == (3, 2, 3, (), ())


def test_each_difference_is_named():
    part = compare("year", [answered("1", "b", "b"), answered("2", "x")], EXPECTED)
    assert part.missing == (("1", "a"),)
    assert part.extra == (("1", "b"), ("2", "x"))


def test_the_halves_part_at_the_end_of_june():
    first, second, year = parts([answered("1", "a", "b"), answered("2"), answered("3")], JOINED)
    assert (first.sent, second.sent, year.sent) == (1, 2, 3)
    assert (first.missing, second.missing) == ((), (("3", "c"),))


def test_the_report_shows_the_first_differences_and_counts_the_rest():
    console = Console(file=(file := io.StringIO()), width=120)
    joined = Join({"1": date(2017, 1, 1)}, {"1": frozenset(f"a{number}" for number in range(12))})
    assert not print_report(console, [answered("1", "b")], joined, 2.0)
    text = file.getvalue()
    assert text.count("missing: basket 1, a") == 10
    assert "... and 2 more missing" in text
    assert "extra: basket 1, b" in text
    assert "250.0" in text


def test_a_report_of_nothing_sent_is_fine():
    assert print_report(Console(file=io.StringIO()), [], JOINED, 0.0)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1, exclude_min=True))
def test_a_quantile_is_the_least_value_that_the_share_does_not_exceed(values, share):
    ordered = sorted(values)
    value = quantile(ordered, share)
    assert sum(other <= value for other in ordered) >= math.ceil(len(ordered) * share)
    assert sum(other < value for other in ordered) < len(ordered) * share

"""The law behind the warning of pointless limits: what counts in the inner window counts in the outer."""

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from maitred.core.values.windows import Calendar, Lifetime, Period, Rolling, Session, span_of
from maitred.rulefiles.limiting.checks import window_holds

HOURS = [1, 23, 24, 25, 26, 24 * 7, 24 * 7 + 1, 24 * 31, 24 * 31 + 1, 24 * 366, 24 * 366 + 1]
ROLLING = st.sampled_from([Rolling(timedelta(hours=hours)) for hours in HOURS])
ZONES = st.sampled_from(["America/New_York", "America/Santiago", "Asia/Tokyo", None])
CALENDARS = st.builds(Calendar, st.sampled_from(list(Period)), ZONES, st.integers(0, 6))
WINDOWS = ROLLING | CALENDARS | st.sampled_from([Lifetime(), Session()])
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
AGES = st.timedeltas(timedelta(), timedelta(days=400))


def counts(window, taken, now):
    """Whether a unit that was taken counts now, by the engine's own windows."""
    if isinstance(window, Rolling):
        return now < taken + window.duration
    return span_of(window, now, "Asia/Tokyo", "s").key == span_of(window, taken, "Asia/Tokyo", "s").key


@given(WINDOWS, WINDOWS, INSTANTS, AGES)
@example(
    Rolling(timedelta(hours=25)),
    Calendar(Period.DAY, "America/New_York"),
    datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC),
    timedelta(hours=24, minutes=59, seconds=59),
)
def test_what_counts_in_the_inner_window_counts_in_the_outer(outer, inner, now, age):
    if window_holds(outer, inner) and counts(inner, now - age, now):
        assert counts(outer, now - age, now)


@given(WINDOWS)
def test_every_window_holds_itself_and_no_time_ends_a_lifetime(window):
    assert window_holds(window, window)
    assert window_holds(Lifetime(), window)
    assert window_holds(window, Lifetime()) == (window == Lifetime())

"""Every row of docs/windows.md, by its name; and the laws of windows."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.values.instants import day_start
from maitred.core.values.windows import LIFETIME, Calendar, Lifetime, Period, Rolling, Session, span_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "windows.md"
MICROSECOND = timedelta(microseconds=1)
NEW_YORK, SANTIAGO, HAVANA = "America/New_York", "America/Santiago", "America/Havana"
ST_JOHNS, APIA, TORONTO = "America/St_Johns", "Pacific/Apia", "America/Toronto"
ODD_ZONES = [NEW_YORK, SANTIAGO, HAVANA, ST_JOHNS, APIA, TORONTO, "Asia/Kathmandu", "Africa/Casablanca"]
ODD_ZONES += [
    "UTC",
    "Pacific/Kiritimati",
    "Asia/Gaza",
    "America/Sao_Paulo",
    "Antarctica/Troll",
    "Asia/Beirut",
]


def utc(*parts):
    return datetime(*parts).replace(tzinfo=UTC)


def wall(zone, *parts, fold=0):
    return datetime(*parts).replace(tzinfo=ZoneInfo(zone), fold=fold)


def day(zone, now):
    return span_of(Calendar(Period.DAY, zone), now, "UTC")


def counts(taken_at, now, duration):
    return span_of(Rolling(duration), now, "UTC").start < taken_at <= now


def test_rolling_counts_at_once():
    assert counts(utc(2026, 12, 1), utc(2026, 12, 1), timedelta(days=7))


def test_rolling_counts_until_the_last_microsecond():
    assert counts(utc(2026, 12, 1), utc(2026, 12, 8) - MICROSECOND, timedelta(days=7))


def test_rolling_lets_go_after_exactly_its_duration():
    assert not counts(utc(2026, 12, 1), utc(2026, 12, 8), timedelta(days=7))


def test_rolling_looks_across_midnight():
    assert counts(wall(NEW_YORK, 2026, 12, 1, 23, 59), wall(NEW_YORK, 2026, 12, 2, 0, 1), timedelta(hours=24))


def test_rolling_is_elapsed_time_not_wall_time():
    taken = wall(NEW_YORK, 2026, 3, 7, 22).astimezone(UTC)
    until = wall(NEW_YORK, 2026, 3, 8, 23).astimezone(UTC)
    assert counts(taken, until - MICROSECOND, timedelta(hours=24))
    assert not counts(taken, until, timedelta(hours=24))


def test_day_ends_at_midnight():
    before = day(NEW_YORK, wall(NEW_YORK, 2026, 12, 1, 23, 59, 59, 999_999))
    after = day(NEW_YORK, wall(NEW_YORK, 2026, 12, 2))
    assert (before.key, after.key) == ("day/2026-12-01", "day/2026-12-02")
    assert before.end == after.start == wall(NEW_YORK, 2026, 12, 2)


def test_day_is_of_the_zone():
    assert day(NEW_YORK, utc(2026, 12, 2, 2)).key == "day/2026-12-01"
    assert day("UTC", utc(2026, 12, 2, 2)).key == "day/2026-12-02"


def test_day_of_23_hours():
    span = day(NEW_YORK, utc(2026, 3, 8, 12))
    assert (span.start, span.end) == (utc(2026, 3, 8, 5), utc(2026, 3, 9, 4))


def test_day_of_25_hours():
    span = day(NEW_YORK, utc(2026, 11, 1, 12))
    assert (span.start, span.end) == (utc(2026, 11, 1, 4), utc(2026, 11, 2, 5))


def test_hour_that_happens_twice():
    first = day(NEW_YORK, wall(NEW_YORK, 2026, 11, 1, 1, 30).astimezone(UTC))
    second = day(NEW_YORK, wall(NEW_YORK, 2026, 11, 1, 1, 30, fold=1).astimezone(UTC))
    assert first == second


def test_midnight_that_does_not_exist():
    assert day_start(date(2026, 9, 6), SANTIAGO) == utc(2026, 9, 6, 4)
    assert day(SANTIAGO, utc(2026, 9, 6, 4) - MICROSECOND).key == "day/2026-09-05"
    assert day(SANTIAGO, utc(2026, 9, 6, 4)).key == "day/2026-09-06"


def test_midnight_inside_a_jump():
    assert day_start(date(1919, 3, 31), TORONTO) == utc(1919, 3, 31, 4, 30)
    assert day(TORONTO, utc(1919, 3, 31, 4, 30) - MICROSECOND).key == "day/1919-03-30"
    assert day(TORONTO, utc(1919, 3, 31, 4, 30)).key == "day/1919-03-31"


def test_midnight_that_happens_twice():
    assert day_start(date(2026, 11, 1), HAVANA) == wall(HAVANA, 2026, 11, 1).astimezone(UTC)
    assert day(HAVANA, utc(2026, 11, 1, 4)) == day(HAVANA, utc(2026, 11, 1, 5))


def test_day_that_has_started_goes_on():
    started = utc(2010, 11, 7, 2, 30)
    assert day(ST_JOHNS, started - MICROSECOND).key == "day/2010-11-06"
    set_back = started + timedelta(minutes=1)
    assert set_back.astimezone(ZoneInfo(ST_JOHNS)).date() == date(2010, 11, 6)
    assert day(ST_JOHNS, started) == day(ST_JOHNS, set_back)
    assert day(ST_JOHNS, started).key == "day/2010-11-07"


def test_date_that_was_skipped():
    last = day(APIA, utc(2011, 12, 30, 10) - MICROSECOND)
    following = day(APIA, utc(2011, 12, 30, 10))
    assert (last.key, following.key) == ("day/2011-12-29", "day/2011-12-31")
    assert last.end == following.start


def test_week_starts_on_monday_by_default():
    week, monday = Calendar(Period.WEEK, "UTC"), utc(2026, 11, 23)
    assert span_of(week, monday, "UTC").start == span_of(week, monday - MICROSECOND, "UTC").end == monday


def test_week_starts_on_the_day_named():
    week, sunday = Calendar(Period.WEEK, "UTC", first_weekday=6), utc(2026, 11, 22)
    assert span_of(week, sunday, "UTC").start == span_of(week, sunday - MICROSECOND, "UTC").end == sunday


def test_week_with_a_clock_change():
    span = span_of(Calendar(Period.WEEK, NEW_YORK), utc(2026, 3, 5), "UTC")
    assert span.key == "week/2026-03-02"
    assert span.end - span.start == timedelta(hours=167)


def test_month_has_its_own_length():
    span = span_of(Calendar(Period.MONTH, "UTC"), utc(2028, 2, 29, 23, 59), "UTC")
    assert (span.key, span.end - span.start) == ("month/2028-02-01", timedelta(days=29))


def test_year_starts_in_january():
    year = Calendar(Period.YEAR, "UTC")
    assert span_of(year, utc(2026, 12, 31, 23, 59, 59), "UTC").key == "year/2026-01-01"
    assert span_of(year, utc(2027, 1, 1), "UTC").key == "year/2027-01-01"


def test_location_zone_is_the_locations_own():
    window, now = Calendar(Period.DAY), utc(2026, 12, 1, 18)
    assert span_of(window, now, "Asia/Tokyo").key == "day/2026-12-02"
    assert span_of(window, now, "Pacific/Honolulu").key == "day/2026-12-01"


def test_one_date_in_two_zones_is_one_count():
    window, now = Calendar(Period.DAY), utc(2026, 12, 1, 1)
    tokyo = span_of(window, now, "Asia/Tokyo")
    assert tokyo.key == span_of(window, now + timedelta(hours=15), NEW_YORK).key


def test_lifetime_never_resets():
    assert (
        span_of(Lifetime(), utc(1970, 1, 1), "UTC") == span_of(Lifetime(), utc(2970, 1, 1), "UTC") == LIFETIME
    )
    assert LIFETIME.end is None


def test_session_is_its_id():
    first = span_of(Session(), utc(2026, 1, 1), "UTC", "abc")
    assert first == span_of(Session(), utc(2027, 1, 1), "UTC", "abc")
    assert first.key != span_of(Session(), utc(2026, 1, 1), "UTC", "ABC").key


def test_the_document_and_the_tests_name_the_same_behaviours():
    documented = re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    source = Path(__file__).read_text()
    missing = [name for name in documented if f"def test_{name}(" not in source]
    assert len(documented) == 24
    assert missing == []


instants = st.datetimes(datetime(1880, 1, 1), datetime(2120, 1, 1), timezones=st.just(UTC))
calendars = st.builds(Calendar, st.sampled_from(Period), st.sampled_from(ODD_ZONES), st.integers(0, 6))


@given(calendars, instants)
def test_every_instant_is_in_its_span_and_spans_tile(window, now):
    span = span_of(window, now, "UTC")
    assert span.start <= now < span.end
    assert span_of(window, span.start, "UTC") == span
    assert span_of(window, span.end - MICROSECOND, "UTC") == span
    following = span_of(window, span.end, "UTC")
    assert following.start == span.end
    assert following.key != span.key


@given(calendars, instants, instants)
def test_two_instants_share_a_key_exactly_where_they_share_a_span(window, one, other):
    first, second = span_of(window, one, "UTC"), span_of(window, other, "UTC")
    assert (first.key == second.key) == (first.start <= other < first.end)
    assert (first == second) == (first.key == second.key)


@given(st.sampled_from(ODD_ZONES), instants)
def test_a_day_is_that_of_the_clock_on_the_wall_unless_the_clock_went_back_over_midnight(zone, now):
    shown = now.astimezone(ZoneInfo(zone)).date()
    started = date.fromisoformat(day(zone, now).key.removeprefix("day/"))
    assert shown == started or (shown < started and day_start(started, zone) <= now)


@given(
    instants, st.timedeltas(MICROSECOND, timedelta(days=400)), st.timedeltas(timedelta(), timedelta(days=800))
)
def test_a_rolling_window_counts_a_unit_for_exactly_its_duration(taken_at, duration, later):
    assert counts(taken_at, taken_at + later, duration) == (later < duration)


@pytest.mark.parametrize("zone", ODD_ZONES)
@pytest.mark.parametrize("now", [datetime.min.replace(tzinfo=UTC), utc(9999, 12, 31, 23, 59, 59)])
@pytest.mark.parametrize("period", Period)
def test_the_ends_of_the_calendar_have_spans_too(period, now, zone):
    span = span_of(Calendar(period, zone), now, "UTC")
    assert span.start <= now <= span.end

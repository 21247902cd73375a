from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recording import spied

from maitred.core.conditions.scan import truth
from maitred.core.rules.live import clock_facts, live_condition
from maitred.core.rules.ruleset import Live

NEW_YORK = "America/New_York"
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def live_at(live, moment, location_zone=NEW_YORK):
    facts = clock_facts([live.zone], moment, location_zone)
    return truth(live_condition(live), facts, {}) is True


def civil(*fields, zone=NEW_YORK, fold=0):
    return datetime(*fields).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def test_both_ends_are_included_on_the_local_date():
    live = Live(first=date(2017, 3, 3), last=date(2017, 4, 9))
    assert not live_at(live, civil(2017, 3, 2, 23, 59))
    assert live_at(live, civil(2017, 3, 3, 0, 0))
    assert live_at(live, civil(2017, 4, 9, 23, 59))
    assert not live_at(live, civil(2017, 4, 10, 0, 0))


def test_the_utc_date_does_not_count():
    live = Live(first=date(2017, 3, 3), last=date(2017, 3, 3))
    late_evening = civil(2017, 3, 3, 22, 0)
    assert late_evening.date() == date(2017, 3, 4)
    assert live_at(live, late_evening)


def test_a_named_zone_is_not_that_of_the_location():
    live = Live(first=date(2017, 3, 4), last=date(2017, 3, 4), zone="Europe/Berlin")
    assert live_at(live, civil(2017, 3, 3, 22, 0))


def test_a_zone_is_read_once_however_many_there_are(monkeypatch):
    zones = [f"Etc/GMT{hours:+}" for hours in range(-6, 7)]
    read: list[str] = []
    monkeypatch.setattr("maitred.core.rules.live.ZoneInfo", spied(read, ZoneInfo))
    for zone in zones * 2:
        clock_facts([None], NOON, zone)
    assert sorted(read) == sorted(zones)


def test_weekdays():
    tuesdays = Live(weekdays=frozenset({1}))
    assert live_at(tuesdays, civil(2026, 12, 1, 12, 0))
    assert not live_at(tuesdays, civil(2026, 12, 2, 12, 0))


def test_hours_include_their_start_and_not_their_end():
    lunch = Live(hours=((11 * 60, 14 * 60),))
    assert not live_at(lunch, civil(2026, 12, 1, 10, 59))
    assert live_at(lunch, civil(2026, 12, 1, 11, 0))
    assert live_at(lunch, civil(2026, 12, 1, 13, 59))
    assert not live_at(lunch, civil(2026, 12, 1, 14, 0))


def test_hours_past_midnight_belong_to_the_day_they_start_on():
    friday_night = Live(
        first=date(2026, 12, 4), last=date(2026, 12, 4), weekdays=frozenset({4}), hours=((22 * 60, 120),)
    )
    assert live_at(friday_night, civil(2026, 12, 4, 22, 0))
    assert live_at(friday_night, civil(2026, 12, 5, 1, 59))
    assert not live_at(friday_night, civil(2026, 12, 5, 2, 0))
    assert not live_at(friday_night, civil(2026, 12, 4, 1, 0))
    assert not live_at(friday_night, civil(2026, 12, 5, 22, 0))


@pytest.mark.parametrize("fold", [0, 1])
def test_the_hour_that_happens_twice_is_live_both_times(fold):
    night = Live(hours=((60, 120),))
    assert live_at(night, civil(2026, 11, 1, 1, 30, fold=fold))


def test_the_hour_that_does_not_happen_is_never_live():
    night = Live(hours=((2 * 60, 3 * 60),))
    start = civil(2026, 3, 8, 0, 0)
    assert not any(live_at(night, start + timedelta(minutes=minute)) for minute in range(23 * 60))


def test_without_a_window_always_live():
    assert live_at(Live(), datetime(1970, 1, 1, tzinfo=UTC))


@given(
    first=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    days=st.integers(0, 400),
    weekdays=st.frozensets(st.integers(0, 6)),
    hours=st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), max_size=2).map(tuple),
    moment=st.datetimes(datetime(2019, 1, 1), datetime(2032, 1, 1)),
    zone=st.sampled_from([NEW_YORK, "America/Santiago", "Asia/Kathmandu", "Pacific/Apia", "UTC"]),
)
def test_a_window_is_live_where_its_fields_say_so(first, days, weekdays, hours, moment, zone):
    live = Live(first, first and first + timedelta(days=days), weekdays, hours, zone)
    now = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    assert live_at(live, now.astimezone(UTC)) == named_by(live, now)


def named_by(live, now):
    """The same, said day by day."""
    minute = now.hour * 60 + now.minute

    def day_counts(day):
        inside = (live.first is None or live.first <= day) and (live.last is None or day <= live.last)
        return inside and (not live.weekdays or day.weekday() in live.weekdays)

    today, yesterday = now.date(), now.date() - timedelta(days=1)
    if not live.hours:
        return day_counts(today)
    for start, end in live.hours:
        if start < end and start <= minute < end and day_counts(today):
            return True
        if start >= end and (
            (minute >= start and day_counts(today)) or (minute < end and day_counts(yesterday))
        ):
            return True
    return False

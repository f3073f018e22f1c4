"""When a queue is open: schedules, public holidays, make-up working days, nights and edges."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calendar import Calendar, Closed, DayKind, Schedule, holiday_stretches, next_change, opening_at

OFFICE = Schedule(((510, 720), (810, 1080)), ((540, 720),), ())  # 08:30-12:00, 13:30-18:00; weekends 09:00-12:00
NIGHT = Schedule(((1320, 1800),), (), ())  # 22:00 to 06:00 of the next day, on working days
FIRST = datetime.fromisoformat("2026-01-01")
SPRING = Calendar(
    {date(2026, 2, 16): "农历除夕", date(2026, 2, 17): "春节"},
    frozenset({date(2026, 2, 14)}),  # a Saturday that is worked
    {date(2026, 12, 31): ((540, 720),)},
)
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


def instant(local: str) -> float:
    """Epoch second of a time in Shanghai."""
    return datetime.fromisoformat(local).replace(tzinfo=SHANGHAI).timestamp()


WHEN: dict[str, tuple[Schedule, str, str, str]] = {
    "the first minute": (OFFICE, "2026-03-02 08:30", "open", "2026-03-02 12:00"),
    "the minute before": (OFFICE, "2026-03-02 08:29", "hours", "2026-03-02 08:30"),
    "the end is no longer open": (OFFICE, "2026-03-02 12:00", "hours", "2026-03-02 13:30"),
    "Friday evening": (OFFICE, "2026-03-06 18:00", "hours", "2026-03-07 09:00"),
    "Sunday": (OFFICE, "2026-03-08 11:59", "open", "2026-03-08 12:00"),
    "a public holiday": (OFFICE, "2026-02-17 10:00", "holiday", "2026-02-18 08:30"),
    "the evening before a holiday": (OFFICE, "2026-02-15 20:00", "hours", "2026-02-18 08:30"),
    "a Saturday that is worked": (OFFICE, "2026-02-14 17:00", "open", "2026-02-14 18:00"),
    "a date with hours of its own": (OFFICE, "2026-12-31 14:00", "hours", "2027-01-01 08:30"),
    "past midnight": (NIGHT, "2026-03-03 05:59", "open", "2026-03-03 06:00"),
    "the morning after Friday's night belongs to Friday": (NIGHT, "2026-03-07 03:00", "open", "2026-03-07 06:00"),
    "Saturday night": (NIGHT, "2026-03-07 23:00", "hours", "2026-03-09 22:00"),
    "always open": (Schedule(), "2026-02-17 03:00", "open", "2026-12-31 00:00"),
    "never open": (Schedule((), (), ()), "2026-03-02 10:00", "hours", "2026-12-31 09:00"),
}


@pytest.mark.parametrize("title", WHEN)
def test_when_a_queue_is_open(title: str) -> None:
    """Open or closed and why, and the next change, as a caller would find it."""
    schedule, at, expected, changes = WHEN[title]
    found = opening_at(schedule, SPRING, SHANGHAI, instant(at))
    assert ("open" if found.is_open else found.closed and found.closed.value) == expected
    assert next_change(schedule, SPRING, SHANGHAI, instant(at)) == instant(changes)
    assert found.holiday == ("春节" if expected == "holiday" else "")


def test_what_days_are() -> None:
    """A worked Saturday is a working day, a holiday on a Monday is none."""
    kinds = {day: SPRING.kind_of(date(2026, 2, day)) for day in (13, 14, 15, 16, 18)}
    assert kinds == {
        13: DayKind.WORKING_DAY,
        14: DayKind.WORKING_DAY,
        15: DayKind.WEEKEND,
        16: DayKind.HOLIDAY,
        18: DayKind.WORKING_DAY,
    }


spans = st.lists(st.integers(0, 1439), min_size=0, max_size=6, unique=True).map(
    lambda edges: tuple(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)


# New York 2026: clocks go from 02:00 to 03:00 on 8 March, from 02:00 back to 01:00 on 1 November. Clock times with the offset
DAYLIGHT: dict[str, tuple[tuple[int, int], str, str]] = {
    "opens in the hour that is left out: when it is over": ((150, 300), "2026-03-08T03:00-04:00", "2026-03-08T05:00-04:00"),
    "ends in it: when it begins": ((60, 150), "2026-03-08T01:00-05:00", "2026-03-08T03:00-04:00"),
    "opens in the hour that comes twice: the first time, and stays": ((90, 180), "2026-11-01T01:30-04:00", "2026-11-01T03:00-05:00"),
    "ends in it: the first time, and stays": ((30, 90), "2026-11-01T00:30-04:00", "2026-11-01T01:30-04:00"),
    "lies in it: once": ((70, 80), "2026-11-01T01:10-04:00", "2026-11-01T01:20-04:00"),
    "around it: all of it": ((0, 1440), "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00"),
}  # fmt: skip


@pytest.mark.parametrize("title", DAYLIGHT)
def test_the_hour_that_clocks_leave_out_or_show_twice(title: str) -> None:
    """Each opening begins and ends once, at one moment, whatever the wall clock shows."""
    span, opens, closes = DAYLIGHT[title]
    opens_at, closes_at = (datetime.fromisoformat(text).timestamp() for text in (opens, closes))
    calendar = Calendar(special_hours={datetime.fromisoformat(opens).date(): (span,)})
    never = Schedule((), (), ())
    day = [opens_at - 3 * 3600 + minute * 60 for minute in range(36 * 60)]
    found = [at for at in day if opening_at(never, calendar, NEW_YORK, at).is_open]
    assert found == [at for at in day if opens_at <= at < closes_at]
    assert next_change(never, calendar, NEW_YORK, opens_at - 7200) == opens_at
    assert next_change(never, calendar, NEW_YORK, opens_at) == closes_at


def test_an_opening_that_clocks_leave_out_altogether() -> None:
    """02:00 to 02:45 does not exist that night: nobody is told to come then."""
    nights = Schedule(((120, 165),), ((120, 165),), ((120, 165),))
    at = datetime.fromisoformat("2026-03-07T12:00-05:00").timestamp()
    assert next_change(nights, Calendar(), NEW_YORK, at) == datetime.fromisoformat("2026-03-09T02:00-04:00").timestamp()


def test_public_holidays_as_stretches_of_time() -> None:
    """Days off one after the other are one stretch, from midnight to midnight."""
    found = holiday_stretches(SPRING, SHANGHAI, date(2026, 2, 1), 60)
    assert found == [(instant("2026-02-16 00:00"), instant("2026-02-18 00:00"))]


@given(
    spans,
    spans,
    spans,
    st.datetimes(FIRST, FIRST + timedelta(days=700)),
    st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Africa/Cairo")]),
)
def test_the_next_change_is_one_and_the_first(
    working: tuple[tuple[int, int], ...],
    weekend: tuple[tuple[int, int], ...],
    holiday: tuple[tuple[int, int], ...],
    local: datetime,
    zone: ZoneInfo,
) -> None:
    """At the next change it is the other way round, a minute before it is as now."""
    schedule, at = Schedule(working, weekend, holiday), local.replace(tzinfo=zone).timestamp()
    found, changes_at = opening_at(schedule, SPRING, zone, at), next_change(schedule, SPRING, zone, at)
    assert found.is_open == (found.closed is None)
    assert (found.closed is Closed.HOLIDAY) == bool(found.holiday)
    if changes_at is None:
        return
    assert changes_at > at
    assert opening_at(schedule, SPRING, zone, changes_at).is_open is not found.is_open
    before = max(at, changes_at - 60)
    assert opening_at(schedule, SPRING, zone, before).is_open is found.is_open

"""When a queue is open: schedules, public holidays, make-up working days, nights and edges."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calendar import Calendar, Closed, DayKind, Schedule, next_change, opening_at

OFFICE = Schedule(((510, 720), (810, 1080)), ((540, 720),), ())  # 08:30-12:00, 13:30-18:00; weekends 09:00-12:00
NIGHT = Schedule(((1320, 1800),), (), ())  # 22:00 to 06:00 of the next day, on working days
FIRST = datetime.fromisoformat("2026-01-01")
SPRING = Calendar(
    {date(2026, 2, 16): "农历除夕", date(2026, 2, 17): "春节"},
    frozenset({date(2026, 2, 14)}),  # a Saturday that is worked
    {date(2026, 12, 31): ((540, 720),)},
)
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
    found = opening_at(schedule, SPRING, datetime.fromisoformat(at))
    assert ("open" if found.is_open else found.closed and found.closed.value) == expected
    assert next_change(schedule, SPRING, datetime.fromisoformat(at)) == datetime.fromisoformat(changes)
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


@given(spans, spans, spans, st.datetimes(FIRST, FIRST + timedelta(days=700)))
def test_the_next_change_is_one_and_the_first(
    working: tuple[tuple[int, int], ...],
    weekend: tuple[tuple[int, int], ...],
    holiday: tuple[tuple[int, int], ...],
    at: datetime,
) -> None:
    """At the next change it is the other way round, a minute before it is as now."""
    schedule = Schedule(working, weekend, holiday)
    found, changes_at = opening_at(schedule, SPRING, at), next_change(schedule, SPRING, at)
    assert found.is_open == (found.closed is None)
    assert (found.closed is Closed.HOLIDAY) == bool(found.holiday)
    if changes_at is None:
        return
    assert changes_at > at
    assert opening_at(schedule, SPRING, changes_at).is_open is not found.is_open
    before = max(at, changes_at - timedelta(minutes=1))
    assert opening_at(schedule, SPRING, before).is_open is found.is_open

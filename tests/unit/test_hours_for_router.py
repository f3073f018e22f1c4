"""When the router is told of opening hours: at the start, at each edge, when the calendar file changes; and what it makes of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from jietong.hours_for_router import HoursForRouter
from jietong.opening_hours import OpeningHours
from jietong.site_file import load_site
from routing.opening import OpeningTimes
from routing.rules import CallbackRules
from tests.unit.test_ivr_calendar import instant

SITE = """
[hotline]
number = "10010"
hours = "office"
[[queues]]
name = "night"
[[trunks]]
name = "t"
match = ["127.0.0.1"]
[calendar]
file = "days.toml"
[hours.office]
working_days = ["08:30-18:00"]
weekends = []
holidays = ["10:00-16:00"]
"""


@pytest.fixture
def hours(tmp_path: Path) -> HoursForRouter:
    """The hours of an office with a night queue that is always open."""
    (tmp_path / "days.toml").touch()
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    opening = OpeningHours(load_site(tmp_path / "site.toml"))
    return HoursForRouter(opening, ("hotline", "night"))


def test_the_router_is_told_at_each_edge(hours: HoursForRouter, tmp_path: Path) -> None:
    """First look, nothing new, closing time, opening, a changed file."""
    first = hours.look(instant("2026-09-30 09:00"))
    assert first is not None and [queue for queue, _ in first.queues] == ["hotline"]
    times = dict(first.queues)["hotline"]
    assert times[:2] == (
        (instant("2026-09-30 08:30"), instant("2026-09-30 18:00")),
        (instant("2026-10-01 10:00"), instant("2026-10-01 16:00")),
    )
    assert first.holidays == ((instant("2026-10-01 00:00"), instant("2026-10-08 00:00")),)
    assert hours.look(instant("2026-09-30 17:59")) is None
    closed = hours.look(instant("2026-09-30 18:00"))
    assert closed is not None and dict(closed.queues)["hotline"] == times[1:]
    assert hours.look(instant("2026-09-30 23:59")) is None
    assert hours.look(instant("2026-10-01 00:00")) is not None  # the holiday begins
    assert hours.look(instant("2026-10-01 10:00")) is not None
    assert hours.look(instant("2026-10-01 11:00")) is None
    (tmp_path / "days.toml").write_text("[special_hours]\n2026-10-01 = []\n")
    told = hours.look(instant("2026-10-01 11:00"))
    assert told is not None and dict(told.queues)["hotline"][0][0] == instant("2026-10-02 10:00")


def test_looks_come_in_time(hours: HoursForRouter) -> None:
    """An edge is met when it comes, a changed file within a second, and nobody spins."""
    hours.look(instant("2026-09-30 17:00"))
    assert hours.pause_s(instant("2026-09-30 17:30")) == 1.0
    assert hours.pause_s(instant("2026-09-30 18:00") - 0.25) == pytest.approx(0.25)
    assert hours.pause_s(instant("2026-09-30 19:00")) > 0


def test_a_clock_that_is_mad_stops_nobody(hours: HoursForRouter) -> None:
    """A time that no calendar knows is logged, and the hours before stay in force."""
    with capture_logs():
        assert hours.look(1e15) is None
    assert hours.look(instant("2026-09-30 09:00")) is not None


edges = st.lists(st.integers(0, 500), unique=True, max_size=10).map(
    lambda found: tuple(zip(*[iter(map(float, sorted(found)))] * 2, strict=False))
)


@given(edges, edges, st.integers(0, 500), st.integers(0, 100), st.integers(60, 400), st.integers(60, 400))
def test_promises_never_lie_in_the_past_nor_in_closed_hours(
    times: tuple[tuple[float, float], ...],
    holidays: tuple[tuple[float, float], ...],
    asked_at: int,
    waited_s: int,
    promise_s: int,
    holiday_promise_s: int,
) -> None:
    """Whatever the hours: at least what the promise says on working days, at most that on an open holiday, and at a moment when somebody is there."""
    rules = CallbackRules((), promise_s=promise_s, holiday_promise_s=holiday_promise_s)
    opening = OpeningTimes({"hotline": times}, holidays)
    line_at = float(asked_at - waited_s)
    due_at = opening.due_at("hotline", float(asked_at), line_at, rules)
    is_holiday = any(start <= asked_at < end for start, end in holidays)
    is_open = "hotline" not in opening.closed_at(float(asked_at))
    by_the_clock = line_at + (holiday_promise_s if is_holiday else promise_s)
    assert due_at <= by_the_clock if is_holiday and is_open else due_at >= by_the_clock
    last = max((end for _, end in times), default=0.0)
    if asked_at < due_at <= last:
        assert any(start < due_at <= end for start, end in times)
    assert OpeningTimes().due_at("hotline", float(asked_at), line_at, rules) == line_at + promise_s

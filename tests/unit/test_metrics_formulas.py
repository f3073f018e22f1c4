"""Handling, resolution and working time: each formula on cases that an operator can reckon by hand."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.agent_time import LONGEST_S, AgentTimes, halves
from metrics.handling import average_handle_time_s, average_s, average_speed_of_answer_s, occupancy, rona_rate
from metrics.resolution import (
    FirstContacts,
    callbacks_kept,
    first_contact_resolution,
    mean_rating,
    response_rate,
    satisfaction,
)
from metrics.spans import Slots
from routing.facts import AgentState
from tests.builders_facts import agent_changed

DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (average_speed_of_answer_s(100.0, 8), 12.5),
        (average_handle_time_s(1200.0, 300.0, 10), 150.0),
        (average_s(45.0, 10), 4.5),
        (occupancy(2700.0, 900.0), 0.75),
        (rona_rate(3, 60), 0.05),
        (first_contact_resolution(10, 2), 0.8),
        (satisfaction((1, 0, 1, 3, 5)), 0.8),
        (mean_rating((1, 0, 1, 3, 5)), 4.1),
        (response_rate(10, 40), 0.25),
        (response_rate(3, 2), 1.0),  # a rating of a call of yesterday
        (callbacks_kept(9, 3), 0.75),
        *((formula(0, 0), None) for formula in (average_s, occupancy, rona_rate, first_contact_resolution, response_rate)),
        (average_handle_time_s(0.0, 0.0, 0), None),
        (satisfaction((0, 0, 0, 0, 0)), None),
        (callbacks_kept(0, 0), None),
    ],
)  # fmt: skip
def test_each_formula_by_hand(value: float | None, expected: float | None) -> None:
    """And where nothing counts there is no figure."""
    assert value == (None if expected is None else pytest.approx(expected))


def contacts(*told: tuple[str, float, bool], until_days: float = 30.0) -> tuple[int, int]:
    """(answered contacts that count, of these repeated) of (caller, day, answered) in the first ten days."""
    found = FirstContacts(0.0, 10 * DAY_S, until_days * DAY_S)
    for caller, day, is_answered in told:
        found.add(caller, day * DAY_S, is_answered=is_answered)
    return found.settled, found.repeated


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([("a", 1, True)], (1, 0)),
        ([("a", 1, True), ("a", 3, True)], (2, 1)),
        ([("a", 1, True), ("a", 8, True)], (2, 1)),  # exactly seven days later
        ([("a", 1, True), ("a", 8.01, True)], (2, 0)),
        ([("a", 1, True), ("b", 2, True)], (2, 0)),
        ([("a", 1, False), ("a", 2, True)], (1, 0)),  # nobody answered the first
        ([("a", 1, True), ("a", 2, False)], (1, 1)),  # called again and gave up: not solved
        ([("a", 1, True), ("a", 2, True), ("a", 3, True)], (3, 2)),
        ([("a", 9, True), ("a", 12, True)], (1, 1)),  # the repeat lies behind the span
        ([("", 1, True), ("", 2, True)], (0, 0)),  # withheld numbers are nobody
    ],
)
def test_first_contacts(told: list[tuple[str, float, bool]], expected: tuple[int, int]) -> None:
    """A contact is solved when the same number does not call again within seven days."""
    assert contacts(*told) == expected


def test_a_contact_of_yesterday_says_nothing_yet() -> None:
    """Its seven days are not over: it counts neither as solved nor as repeated."""
    assert contacts(("a", 1, True), ("b", 9, True), ("b", 9.5, True), until_days=10) == (1, 0)


def test_time_is_cut_where_half_hours_begin() -> None:
    """From 8:50 to 10:10: ten minutes, two halves, ten minutes; a clock that is put back gives nothing."""
    assert list(halves(31_800.0, 36_600.0, 0.0)) == [
        (30_600.0, 600.0), (32_400.0, 1800.0), (34_200.0, 1800.0), (36_000.0, 600.0),
    ]  # fmt: skip
    assert list(halves(36_000.0, 35_000.0, 0.0)) == []


def test_a_state_that_nobody_watched_counts_for_four_hours_at_most() -> None:
    """The site stood still over night: the agent was not ready all the time."""
    times = AgentTimes()
    times.add(agent_changed(0.0, state=AgentState.READY))
    times.add(agent_changed(12 * 3600.0, state=AgentState.LOGGED_OUT))
    times.add(agent_changed(20 * 3600.0, state=AgentState.READY))
    assert sum(seconds.ready_s for seconds in times.seconds.values()) == LONGEST_S


@given(st.lists(st.tuples(st.floats(0, 9000), st.sampled_from(list(AgentState))), max_size=20))
def test_all_time_at_work_is_in_some_state_once(changes: list[tuple[float, AgentState]]) -> None:
    """However the states follow each other, the seconds of all half-hours add up to the time in which the agent was logged in."""
    times, at, logged_in_s, state = AgentTimes(), 0.0, 0.0, AgentState.LOGGED_OUT
    for gap_s, word in changes:
        at += gap_s
        logged_in_s += gap_s if state is not AgentState.LOGGED_OUT else 0.0
        times.add(agent_changed(at, state=word))
        state = word
    spent = sum(s.at_work_s + s.missed_s + s.not_ready_s for s in times.seconds.values())
    assert spent == pytest.approx(logged_in_s)
    assert all(s.at_work_s + s.missed_s + s.not_ready_s <= 1800.000001 for s in times.seconds.values())


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "UTC"])
def test_half_hours_begin_on_the_sites_clock(zone: str) -> None:
    """Also where clocks are a quarter or half of an hour beside Greenwich, or are put back by half an hour."""
    slots = Slots(ZoneInfo(zone), 1_790_000_000.0)
    for at in range(1_790_000_000, 1_790_090_000, 777):
        start = slots.start_of(slots.of(at))
        assert start.minute in (0, 30) and start.second == 0
        assert 0 <= at - start.timestamp() < 1800
        assert start <= datetime.fromtimestamp(at, start.tzinfo)


def test_a_leap_second_is_no_second_of_the_epoch() -> None:
    """2016-12-31T23:59:60 UTC has the epoch second of the next midnight: it counts there, and no half-hour has 1801 s."""
    slots = Slots(ZoneInfo("UTC"), 1_483_228_800.0)
    assert slots.start_of(slots.of(1_483_228_799.999)).isoformat() == "2016-12-31T23:30:00+00:00"
    assert slots.start_of(slots.of(1_483_228_800.0)).isoformat() == "2017-01-01T00:00:00+00:00"

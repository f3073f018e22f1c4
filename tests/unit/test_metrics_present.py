"""What a supervisor may rely on when the day goes badly: how far it is from its goal, and whether it can still be kept."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.kpi import ANSWER_GOAL, PeriodCount
from metrics.present import Present, calls_to_goal, expected_ahead, reachable_rate
from routing.facts import Outcome
from tests.builders_facts import QUEUE, answered, offered, record
from tests.unit.test_metrics_tally import HOUR, NOON, _hour_with, a_tally


@pytest.mark.parametrize(
    ("answered", "concluded", "expected"),
    [(0, 0, 0), (9, 10, 0), (8, 10, 10), (0, 1, 9), (90, 100, 0), (89, 100, 10), (0, 100, 900)],
)
def test_so_many_calls_must_be_answered_in_a_row(answered: int, concluded: int, expected: int) -> None:
    """One caller lost of one takes nine answered ones to be at 90 %."""
    assert calls_to_goal(answered, concluded, 0.9) == expected


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 99))
def test_it_is_the_least_number_that_brings_the_day_to_its_goal(answered: int, missed: int, percent: int) -> None:
    """Not one call more than needed, not one fewer."""
    concluded = answered + missed
    needed = calls_to_goal(answered, concluded, percent / 100)
    assert (answered + needed) * 100 >= percent * (concluded + needed)
    assert needed == 0 or (answered + needed - 1) * 100 < percent * (concluded + needed - 1)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100), st.floats(0, 1000))
def test_the_reachable_rate_lies_between_the_present_one_and_all(
    answered: int, missed: int, waiting: int, ahead: float
) -> None:
    """Whoever is lost stays lost; whoever is ahead can only help."""
    count = PeriodCount(answered + missed + waiting, answered + missed, answered)
    rate = reachable_rate(count, ahead)
    if rate is None:
        assert count.offered + ahead == 0
    else:
        now = answered / (answered + missed) if answered + missed else 0.0
        assert now - 1e-9 <= rate <= 1 + 1e-9


def hours(**calls: int) -> dict[str, PeriodCount]:
    """Counts of a Monday by hour: h09=3."""
    return {f"2026-11-23T{hour[1:]}": PeriodCount(number, number, number) for hour, number in calls.items()}


@pytest.mark.parametrize(
    ("last_week", "yesterday", "today", "expected"),
    [
        (hours(h09=50, h12=8, h13=10, h20=5), hours(h14=99), hours(h12=1), 4 + 10 + 5),
        ({}, hours(h11=3, h12=2, h23=7), hours(h12=1), 1 + 7),
        ({}, {}, hours(h00=25), 25 / 12.5 * 11.5),
        ({}, {}, {}, 0.0),
    ],
)
def test_the_rest_of_the_day_is_expected_to_be_as_last_week(
    last_week: dict[str, PeriodCount],
    yesterday: dict[str, PeriodCount],
    today: dict[str, PeriodCount],
    expected: float,
) -> None:
    """Half past twelve: the second half of that hour and what came after it; without last week yesterday, without that as today so far."""
    days = {"2026-11-23": last_week, "2026-11-29": yesterday, "2026-11-30": today}
    assert expected_ahead(lambda day: days.get(day, {}), "2026-11-30T12", 0.5) == pytest.approx(expected)


def test_a_day_below_its_goal_can_be_saved_while_enough_calls_are_ahead() -> None:
    """At noon with 8 of 10 answered, ten more calls like last week's bring the day to 90 %."""
    last_week = _hour_with(NOON - 7 * 24 * HOUR + 2 * HOUR, 10, 0)
    outlook = a_tally(*last_week, *_hour_with(NOON, 8, 2)).present(NOON + 1).outlooks()["all"]
    assert (outlook.count.offered, outlook.count.answered, outlook.calls_to_goal) == (10, 8, 10)
    assert outlook.reachable == pytest.approx(18 / 20)
    assert outlook.reachable >= ANSWER_GOAL


def test_who_still_waits_can_still_be_answered() -> None:
    """A caller in the line is not lost: the reachable rate counts on it."""
    tally = a_tally(offered(NOON, "a"), record(NOON + 1, Outcome.ABANDONED, "b"))
    yesterday_without_calls_ahead = a_tally(*_hour_with(NOON - 25 * HOUR, 1, 0), offered(NOON, "a"))
    assert tally.present(NOON + 2).outlooks()[QUEUE].count.concluded == 1
    assert yesterday_without_calls_ahead.present(NOON + 2).outlooks()[QUEUE].reachable == 1.0


@pytest.mark.parametrize("offset_h", [0, 8, 5.5, 5.75])
@pytest.mark.parametrize("minute", [0, 1, 29, 59])
def test_the_passed_part_of_the_hour_is_that_of_the_site_s_clock(offset_h: float, minute: int) -> None:
    """Also where clocks differ from ours by half an hour or a quarter."""
    zone = timezone(timedelta(hours=offset_h))
    at = datetime(2026, 11, 23, 12, minute, tzinfo=zone).timestamp()
    present = Present({}, lambda moment: datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%dT%H"), at)
    assert present._share == pytest.approx(minute / 60)


def test_the_hotline_has_one_rate_beside_those_of_its_queues() -> None:
    """The contract is of the hotline: all queues and tiers together, by their calls."""
    tally = a_tally(answered(NOON, "a", 0.0), record(NOON, Outcome.ABANDONED, "b", wait_s=0, queue="complaint"))
    rates = tally.present(NOON + 1).rates()
    found = {key: by_window["day"] for key, by_window in rates.items() if key[1] == "all"}
    assert found == {(QUEUE, "all"): 1.0, ("complaint", "all"): 0.0, ("all", "all"): 0.5}
    assert datetime.fromtimestamp(NOON, UTC).hour == 12

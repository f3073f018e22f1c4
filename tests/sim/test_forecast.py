"""Forecasts from past days, on histories that are made so that the truth is known."""

import math
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.backtest import BAND, errors_of, poisson_error, verdict
from planning.forecast import HOLIDAY, DayForecast, Special, day_type, pattern_of, turn_of
from planning.history import History, HistoryError, merged, trusted
from planning.past_calls import PastCall, handling_of, histories_of

MONDAY = date(2026, 3, 2)
WEEKDAYS = (1.3, 1.05, 1.0, 0.95, 1.0, 0.4, 0.3)
HOURS = [0.0] * 8 + [1.0, 2.0, 3.0, 3.0, 2.0, 2.0, 2.5, 2.5, 2.0, 1.0] + [0.0] * 6


def made(
    days: int,
    seed: int = 1,
    level: float = 100.0,
    growth: float = 0.0,
    closed: tuple[int, ...] = (),
    noise: bool = True,
) -> History:
    """Days of Poisson counts from MONDAY on: weekday times hour times a level that grows."""
    luck, counts = Random(seed), {}
    for number in range(days):
        day = MONDAY + timedelta(days=number)
        if day.weekday() in closed:
            continue
        rates = [level * math.exp(growth * number) * WEEKDAYS[day.weekday()] * hour for hour in HOURS]
        counts[day] = tuple(max(0.0, round(luck.gauss(rate, math.sqrt(rate)))) if noise else rate for rate in rates)
    return History(3600, counts)


@pytest.mark.parametrize("ahead", range(8))
def test_a_week_to_come(ahead: int) -> None:
    """After six weeks each day of the next is forecast within 5 % of its true mean, and the busiest hour within 8 %."""
    day = MONDAY + timedelta(days=42 + ahead)
    found = pattern_of(made(42)).day(day)
    truth = 100 * WEEKDAYS[day.weekday()] * sum(HOURS)
    assert found.total == pytest.approx(truth, rel=0.05)
    assert max(found.calls) == pytest.approx(100 * WEEKDAYS[day.weekday()] * 3, rel=0.08)


def test_the_level_follows() -> None:
    """Calls that grow by one per cent a day are not forecast at the mean of the past: at most a week behind."""
    found = pattern_of(made(56, growth=0.01)).day(MONDAY + timedelta(days=56))
    truth = 100 * math.exp(0.56) * WEEKDAYS[0] * sum(HOURS)
    assert truth * 0.93 < found.total < truth * 1.03


def test_two_weeks_are_enough_to_begin() -> None:
    """A new site's second week is forecast from its first two: nothing is refused, nothing is absurd."""
    found = pattern_of(made(14)).day(MONDAY + timedelta(days=14))
    assert found.total == pytest.approx(100 * WEEKDAYS[0] * sum(HOURS), rel=0.12)


def test_closed_on_sundays() -> None:
    """A day of the week on which nobody ever called is forecast as closed, with a note."""
    found = pattern_of(made(28, closed=(6,))).day(MONDAY + timedelta(days=34))
    assert found.total == 0
    assert "Sundays have no calls" in found.notes[0]


HOLIDAY_DAY = MONDAY + timedelta(days=37)  # a Wednesday


def test_holidays() -> None:
    """A holiday is forecast from holidays; without any in the history as the quietest day, with a note; with a closed one as closed."""
    coming = MONDAY + timedelta(days=44)
    quiet = dict(made(42).days)
    quiet[HOLIDAY_DAY] = tuple(count * 0.5 for count in quiet[HOLIDAY_DAY])
    special = Special(frozenset({HOLIDAY_DAY, coming}))
    of_holidays = pattern_of(History(3600, quiet), special).day(coming)
    assert 0.4 < of_holidays.total / (100 * sum(HOURS)) < 0.65
    unknown = pattern_of(made(35), Special(frozenset({coming}))).day(coming)
    assert "the history has none" in unknown.notes[0]
    assert unknown.total == pytest.approx(100 * 0.3 * sum(HOURS), rel=0.1)
    without = {day: counts for day, counts in made(42).days.items() if day != HOLIDAY_DAY}
    shut = pattern_of(History(3600, without), special).day(coming)
    assert shut.total == 0 and "holidays have no calls" in shut.notes[0]


def test_what_a_date_counts_as() -> None:
    """The day after a holiday brings the callers of two days, as a Monday does after a closed weekend; a working day in lieu is a working day."""
    special = Special(frozenset({HOLIDAY_DAY}), frozenset({MONDAY + timedelta(days=5)}))
    working_week = dict.fromkeys(range(5), 0.0)
    assert day_type(HOLIDAY_DAY, special, working_week) == HOLIDAY
    assert day_type(HOLIDAY_DAY + timedelta(days=1), special, working_week) == 0
    assert day_type(HOLIDAY_DAY + timedelta(days=1), special, dict.fromkeys(range(7), 0.0)) == 3
    assert day_type(MONDAY + timedelta(days=5), special, working_week) == 2


@pytest.mark.parametrize(
    ("day", "position"),
    [
        ("2026-03-01", 1),
        ("2026-03-05", 5),
        ("2026-03-06", 99),
        ("2026-03-31", 0),
        ("2026-03-30", -1),
        ("2026-02-28", 0),
        ("2028-02-28", -1),
    ],
)
def test_the_turn_of_the_month(day: str, position: int) -> None:
    """Bills come with the month: its last two and first five days have effects of their own."""
    assert turn_of(date.fromisoformat(day)) == position


def test_gaps_and_broken_days_are_left_out_and_told() -> None:
    """A day without records and a day of an outage do not pull the forecast down; the operator reads which they were."""
    whole = made(42)
    days = dict(whole.days)
    gap, broken = MONDAY + timedelta(days=38), MONDAY + timedelta(days=40)
    del days[gap]
    days[broken] = tuple(count * 0.01 for count in days[broken])
    pattern = pattern_of(History(3600, days))
    assert [note.split(":")[0] for note in pattern.notes] == [f"{gap} has no calls", pattern.notes[1].split(":")[0]]
    assert pattern.notes[1].startswith(str(broken)) and "left out as broken" in pattern.notes[1]
    assert pattern.day(MONDAY + timedelta(days=42)).total == pytest.approx(100 * 1.3 * sum(HOURS), rel=0.06)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: pattern_of(History(3600, {})), "there is no call in the history"),
        (lambda: pattern_of(History(3600, {MONDAY: (0.0,) * 24})), "there is no call in the history"),
        (lambda: pattern_of(made(1)), "one day of history is not enough"),
        (lambda: History(7, {}), "a slot of 7 s"),
        (lambda: History(3600, {MONDAY: (1.0,) * 23}), "has 23 slots of 3600 s, a day has 24"),
        (lambda: History(3600, {MONDAY: (-1.0,) * 24}), "negative number of calls"),
        (lambda: merged((1.0,) * 24, 3600, 5400), "slots of 3600 s do not fill slots of 5400 s"),
        (lambda: errors_of(made(5), lambda h, d: pattern_of(h).day(d), 1, MONDAY), "no day can be tested"),
    ],
)
def test_histories_that_tell_nothing(make: Callable[[], object], text: str) -> None:
    """Empty, too short, negative, on no grid: refused with the reason."""
    with pytest.raises(HistoryError, match=text):
        make()


def test_the_back_test_knows_better_and_worse() -> None:
    """On steady weeks ours beats last week's counts, which err twice; the band holds what it says; known rates are the floor."""
    expected: list[float] = []

    def ours(known: History, day: date) -> DayForecast:
        found = pattern_of(known).day(day)
        expected.extend(merged(found.calls, found.slot_s, 1800))
        return found

    halves = {day: tuple(count / 2 for count in counts for _ in (0, 1)) for day, counts in made(70).days.items()}
    errors = errors_of(History(1800, halves), ours, 1, MONDAY + timedelta(days=28))
    found = verdict(errors, expected, Random(1).randrange)
    assert found.days == 42
    assert found.low < found.ratio < found.high < 1
    assert found.ratio == pytest.approx(1 / math.sqrt(2), abs=0.12)
    assert found.inside == pytest.approx(BAND, abs=0.2)  # these halves are smoother than Poisson
    naive = errors_of(
        History(1800, halves), lambda h, d: pattern_of(made(70, level=150)).day(d), 1, MONDAY + timedelta(days=28)
    )
    assert verdict(naive, expected, Random(1).randrange).ratio > 2


@pytest.mark.parametrize("mean", [0.0, 0.3, 1.0, 7.5, 180.0])
def test_the_error_of_a_known_rate(mean: float) -> None:
    """The floor is the mean absolute error of a Poisson count, summed term by term."""
    terms = (
        [math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) * abs(k - mean) for k in range(600)]
        if mean
        else [0.0]
    )
    assert poisson_error(mean) == pytest.approx(sum(terms), abs=1e-9)


@settings(max_examples=25)
@given(st.integers(2, 40), st.integers(0, 9), st.floats(0.05, 300))
def test_any_history_gives_figures(days: int, seed: int, level: float) -> None:
    """However few calls, each forecast is finite, adds up, and has a band about it."""
    history = made(days, seed, level)
    if sum(sum(counts) > 0 for counts in trusted_days(history)) < 2:
        return
    for ahead in (0, 1, 6):
        found = pattern_of(history).day(MONDAY + timedelta(days=days + ahead))
        assert math.isfinite(found.total) and found.total >= 0 and 0 <= found.cv < 5
        assert sum(found.calls) == pytest.approx(found.total)
        low, high = found.band(10, 0.8)
        assert low <= found.calls[10] <= high
        assert found.day_factor(0.2) <= found.day_factor(0.8)


def trusted_days(history: History) -> list[tuple[float, ...]]:
    try:
        return list(trusted(history, frozenset())[0].days.values())
    except HistoryError:
        return []


def test_talk_and_patience_of_past_calls() -> None:
    """Mean talk of who was answered; patience from the waits of all and the number who hung up; nobody waits: patience is not known."""
    calls = [
        PastCall(0, "vip", 0, 100),
        PastCall(10, "vip", 60, 200),
        PastCall(20, "vip", 120, None),
        PastCall(30, "ordinary", 0, 50),
    ]
    found = handling_of(calls)
    assert found["vip"].talk_s == 150
    assert found["vip"].patience_s == pytest.approx((180 + 180) / 2)
    assert found["ordinary"].patience_s == math.inf


def test_counts_of_past_calls() -> None:
    """Each tier has the same days, and each call its slot by the local clock."""
    calls = [PastCall(3599, "vip", 0, 1), PastCall(3600, "ordinary", 0, 1), PastCall(90_000, "ordinary", 0, 1)]
    found = histories_of(calls, lambda at: (MONDAY + timedelta(days=int(at // 86_400)), at % 86_400), 3600)
    assert found["vip"].days[MONDAY][0] == 1 and sum(found["vip"].days[MONDAY + timedelta(days=1)]) == 0
    assert [found["ordinary"].days[MONDAY][1], found["ordinary"].days[MONDAY + timedelta(days=1)][1]] == [1, 1]

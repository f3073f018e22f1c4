"""How many calls come on a day to come, slot by slot: level of late, day of the week, turn of the month, time of day, holidays.

Owns this model. Must not read a clock, a calendar or a file.
Rules: a multiplicative model fitted in logarithms of day totals; effects are shrunk towards none when few days speak for them, so that two
weeks of history give a usable forecast and a year a better one. Every weight falls by half in a fixed number of days. The constants were
chosen on March to May of the history that docs/simulation.md tests on; June to August had no say.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist, median

from planning.history import History, HistoryError, trusted

LEVEL_HALF_LIFE = 3.0  # open days; how fast the recent level follows
EFFECT_HALF_LIFE = 60.0  # days; how fast weekdays and profile change
AROUND_DAYS = 10  # a day's own level is that of the days around it
ROUNDS = 4  # of fitting effects against each other
DOUBT = 1.0  # days' worth of evidence against an effect of the turn of the month or of a holiday
SHAPE_DOUBT = 1.0  # days' worth of evidence that a weekday's profile is like every day's
CLIP = 0.25  # a day further off than that (in logarithms) speaks no louder
TURN_BEFORE, TURN_AFTER = 2, 5  # days of the month's end and beginning that have an effect of their own
MOST_AHEAD = 8  # days; further ahead the spread is taken as there
HOLIDAY = 7  # the day type after the seven weekdays
ONE_DAY = timedelta(days=1)
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Special:
    """Dates that are not what the day of the week says: holidays, and working days in lieu."""

    holidays: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class DayForecast:
    """Expected calls of one day in each slot from midnight.

    cv        how far the whole day may be off, as standard deviation over mean
    slot_cv   how far one slot may be off beyond that: days differ in their profile
    """

    day: date
    slot_s: int
    calls: tuple[float, ...]
    cv: float
    slot_cv: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Expected calls of the day."""
        return sum(self.calls)

    def day_factor(self, share: float) -> float:
        """The factor that the day's rate stays below on the share `share` of such days."""
        return day_factor(self.cv, share)

    def band(self, slot: int, share: float) -> tuple[float, float]:
        """Between which counts the slot will lie with probability `share`: Poisson, about a rate that is off by the day's factor and the slot's own."""
        mean = self.calls[slot]
        spread = _NORMAL.inv_cdf((1 + share) / 2) * math.sqrt(mean + (self.cv**2 + self.slot_cv**2) * mean**2)
        return max(0.0, mean - spread), mean + spread


def day_factor(cv: float, share: float) -> float:
    """The factor, lognormal with mean 1 and this spread, that lies below this value with probability `share`."""
    sigma = math.sqrt(math.log1p(cv**2))
    return math.exp(_NORMAL.inv_cdf(share) * sigma - sigma * sigma / 2)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a history tells. Effects are logarithms; `level` is that of the days just before `until`.

    cvs      how far a day may be off that is 1, 2 ... days ahead; the last holds for all later ones
    types    day type -> effect (0 to 6 Monday to Sunday, 7 holiday); a type that is missing has no calls
    turn     days from the turn of the month -> effect
    shapes   day type -> share of the day's calls in each slot
    """

    until: date
    slot_s: int
    level: float
    cvs: tuple[float, ...]
    slot_cv: float
    types: Mapping[int, float]
    turn: Mapping[int, float]
    shapes: Mapping[int, tuple[float, ...]]
    special: Special
    is_closed_on_holidays: bool
    notes: tuple[str, ...]

    def day(self, day: date) -> DayForecast:
        """The forecast of one day; a day of the week that never had calls is forecast as closed, with a note."""
        kind, cv = (
            day_type(day, self.special, self.types),
            self.cvs[min(max(0, (day - self.until).days), len(self.cvs) - 1)],
        )
        notes, effect = [], self.types.get(kind)
        if kind == HOLIDAY and effect is None and not self.is_closed_on_holidays:
            kind = min(self.types, key=self.types.__getitem__)
            effect = self.types[kind]
            notes.append(f"{day} is a holiday and the history has none: taken as the quietest day of the week")
        if effect is None:
            slots = len(next(iter(self.shapes.values())))
            why = "holidays" if kind == HOLIDAY else f"{day:%A}s"
            return DayForecast(
                day, self.slot_s, (0.0,) * slots, cv, 0.0, (f"{day}: {why} have no calls in the history, closed",)
            )
        total = math.exp(self.level + effect + self.turn.get(turn_of(day), 0.0))
        calls = tuple(total * share for share in self.shapes[kind])
        return DayForecast(day, self.slot_s, calls, cv, self.slot_cv, tuple(notes))


def pattern_of(history: History, special: Special = Special()) -> Pattern:  # frozen and empty
    """What the history tells of the days after it.

    raises   HistoryError when there is no call, or fewer than two days to learn from
    """
    known, notes = trusted(history, special.holidays)
    if len(known.days) < 2:
        raise HistoryError("one day of history is not enough: a forecast needs at least two, better four weeks")
    until = max(known.days) + ONE_DAY
    is_closed = any(min(known.days) < day < until and day not in known.days for day in special.holidays)
    logs = {day: math.log(sum(counts)) for day, counts in known.days.items()}
    types_seen = {day.weekday() for day in known.days if day not in special.holidays}
    kinds = {day: day_type(day, special, dict.fromkeys(types_seen, 0.0)) for day in logs}
    types, turn = _effects(logs, kinds, until)
    bare = {day: value - types[kinds[day]] - turn.get(turn_of(day), 0.0) for day, value in logs.items()}
    level, cvs = _level(bare, logs, len(types) + len(turn))
    shapes = _shapes(known, kinds, until)
    slot_cv = _slot_cv(known, kinds, shapes)
    return Pattern(until, known.slot_s, level, cvs, slot_cv, types, turn, shapes, special, is_closed, notes)


def day_type(day: date, special: Special, open_types: Mapping[int, float]) -> int:
    """What a date counts as: its day of the week, a holiday, a working day in lieu (as a Wednesday).

    The day after a holiday counts as the weekday that follows the closed days of a week, when there are such: callers of two days come.
    """
    if day in special.working_days:
        return 2
    if day in special.holidays:
        return HOLIDAY
    weekday = day.weekday()
    openers = [n for n in range(7) if n in open_types and (n - 1) % 7 not in open_types]
    if len(openers) == 1 and weekday in open_types and (day - ONE_DAY) in special.holidays:
        return openers[0]
    return weekday


def turn_of(day: date) -> int:
    """Days since the month began (1 to TURN_AFTER), or until it ends (0, -1 ... for the last, the last but one ...); 99 in between."""
    if day.day <= TURN_AFTER:
        return day.day
    left = ((day.replace(day=28) + 4 * ONE_DAY).replace(day=1) - day).days - 1
    return -left if left < TURN_BEFORE else 99


def _weight(day: date, until: date, half_life: float) -> float:
    return float(0.5 ** ((until - day).days / half_life))


def _effects(
    logs: Mapping[date, float], kinds: Mapping[date, int], until: date
) -> tuple[dict[int, float], dict[int, float]]:
    """Effects of day types and of the turn of the month, each fitted to what the others leave, in turns."""
    types = dict.fromkeys(sorted(set(kinds.values())), 0.0)
    turn: dict[int, float] = {}
    weights = {day: _weight(day, until, EFFECT_HALF_LIFE) for day in logs}
    for _ in range(ROUNDS):
        levels = _levels_around({day: logs[day] - types[kinds[day]] - turn.get(turn_of(day), 0.0) for day in logs})
        for kind in types:
            days = [day for day in logs if kinds[day] == kind]
            left = [(logs[day] - levels[day] - turn.get(turn_of(day), 0.0), weights[day]) for day in days]
            types[kind] = _mean(left, around=types[kind])
        for position in {turn_of(day) for day in logs} - {99}:
            days = [day for day in logs if turn_of(day) == position]
            left = [(logs[day] - levels[day] - types[kinds[day]], weights[day]) for day in days]
            turn[position] = _mean(
                [*left, (0.0, DOUBT * max(weight for _, weight in left))], around=turn.get(position, 0.0)
            )
    return types, turn


def _levels_around(bare: Mapping[date, float]) -> dict[date, float]:
    """For each day the median of the days around it."""
    days = sorted(bare)
    return {day: median(bare[near] for near in days if abs((near - day).days) <= AROUND_DAYS) for day in days}


def _mean(values: Iterable[tuple[float, float]], around: float) -> float:
    """Weighted mean of (value, weight), with values further than CLIP from `around` drawn in; the first round clips around the median."""
    pairs = list(values)
    middle = around or median(value for value, _ in pairs)
    total = sum(weight for _, weight in pairs)
    return sum(min(max(value, middle - CLIP), middle + CLIP) * weight for value, weight in pairs) / total


def _level(bare: Mapping[date, float], logs: Mapping[date, float], fitted: int) -> tuple[float, tuple[float, ...]]:
    """The level after the last day by exponential smoothing, and for 1 to MOST_AHEAD days ahead the spread of its errors beyond Poisson's.

    `fitted`: effects that were fitted to these very days, so that their errors look smaller than those of days to come.
    """
    gain = 1 - 0.5 ** (1 / LEVEL_HALF_LIFE)
    days = sorted(bare)
    level = median(bare[day] for day in days[:5])
    known = {days[0] - ONE_DAY: level}
    for day in days:
        level += gain * min(max(bare[day] - level, -CLIP), CLIP)
        known[day] = level
    used = days[len(days) // 4 :] if len(days) > 8 else days  # the first days are told what they should tell
    poisson = sum(math.exp(-logs[day]) for day in used) / len(used)
    excess = len(used) / max(len(used) - fitted / 2, len(used) / 2)
    cvs, at = [], sorted(known)
    for ahead in range(1, MOST_AHEAD + 1):
        errors = [bare[day] - known[at[max(0, bisect_left(at, day - (ahead - 1) * ONE_DAY) - 1)]] for day in used]
        variance = excess * sum(error * error for error in errors) / len(errors) - poisson
        cvs.append(math.sqrt(max(variance, 0.0)))
    return level, tuple(cvs)


def _slot_cv(history: History, kinds: Mapping[date, int], shapes: Mapping[int, tuple[float, ...]]) -> float:
    """How far slots are off their share of their own day, beyond Poisson's spread, in the slots that have most of the calls."""
    squares = weights = 0.0
    for day, counts in history.days.items():
        total, shape = sum(counts), shapes[kinds[day]]
        busy = max(shape) / 4
        for count, share in zip(counts, shape, strict=True):
            if share >= busy:
                mean = total * share
                squares += (count - mean) ** 2 - mean
                weights += mean * mean
    return math.sqrt(max(0.0, squares / weights)) if weights else 0.0


def _shapes(history: History, kinds: Mapping[date, int], until: date) -> dict[int, tuple[float, ...]]:
    """For each day type the share of its calls in each slot, drawn towards the profile of all days."""
    slots = len(next(iter(history.days.values())))
    of_all, of_kind = [0.0] * slots, {kind: [0.0] * slots for kind in set(kinds.values())}
    evidence = dict.fromkeys(of_kind, 0.0)
    for day, counts in history.days.items():
        weight = _weight(day, until, EFFECT_HALF_LIFE)
        total, own = sum(counts), of_kind[kinds[day]]
        evidence[kinds[day]] += weight
        for slot, count in enumerate(counts):
            if count:
                share = weight * count / total
                of_all[slot] += share
                own[slot] += share
    everyone = sum(evidence.values())
    newest = max(_weight(day, until, EFFECT_HALF_LIFE) for day in history.days)
    doubt = SHAPE_DOUBT * newest
    return {
        kind: tuple((own[slot] + doubt * of_all[slot] / everyone) / (evidence[kind] + doubt) for slot in range(slots))
        for kind, own in of_kind.items()
    }

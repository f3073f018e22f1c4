"""What came on past days: calls in each slot of each day, and which days cannot be trusted.

Owns these counts and their checks. Must not know a file format, nor what follows from the counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

DAY_S = 86_400
LEAST_SHARE = (
    0.25  # a day with a smaller share of its weekday's usual calls was broken, or a holiday that no calendar names
)
MOST_DAYS = 3 * 366


class HistoryError(ValueError):
    """A history that nothing can be learned from: the text says what is missing and what is needed."""


@dataclass(frozen=True, slots=True)
class History:
    """Calls of past days: for each date the counts of all slots from midnight, `DAY_S / slot_s` of them. Dates that are missing were not recorded, or closed.

    raises   HistoryError for a slot that does not divide a day, days of another length, negative counts
    """

    slot_s: int
    days: Mapping[date, tuple[float, ...]]

    def __post_init__(self) -> None:
        if not 60 <= self.slot_s <= 3600 or DAY_S % self.slot_s:
            raise HistoryError(
                f"a slot of {self.slot_s} s: it must be 1 minute to 1 hour, and a whole part of a day, such as 300 s"
            )
        for day, counts in self.days.items():
            if len(counts) != DAY_S // self.slot_s:
                raise HistoryError(
                    f"{day} has {len(counts)} slots of {self.slot_s} s, a day has {DAY_S // self.slot_s}"
                )
            if not all(count >= 0 for count in counts):
                raise HistoryError(f"{day} has a negative number of calls")

    def before(self, day: date) -> "History":
        """What was known at midnight before `day`."""
        return History(self.slot_s, {past: counts for past, counts in self.days.items() if past < day})

    def in_slots_of(self, slot_s: int) -> "History":
        """The same calls in slots of another length. Raises HistoryError when one is no multiple of the other."""
        return History(slot_s, {day: merged(counts, self.slot_s, slot_s) for day, counts in self.days.items()})


def merged(counts: Sequence[float], slot_s: int, into_s: int) -> tuple[float, ...]:
    """Counts of slots of `slot_s` as counts of longer slots of `into_s`; or of shorter ones, each with an equal part."""
    if slot_s % into_s == 0:
        parts = slot_s // into_s
        return tuple(count / parts for count in counts for _ in range(parts))
    if into_s % slot_s:
        raise HistoryError(f"slots of {slot_s} s do not fill slots of {into_s} s")
    each = into_s // slot_s
    return tuple(sum(counts[first : first + each]) for first in range(0, len(counts), each))


def trusted(history: History, holidays: frozenset[date]) -> tuple[History, tuple[str, ...]]:
    """The days to learn from, and in words what was left out: broken days, and gaps of days on which others of their weekday have calls.

    A holiday is neither broken nor a gap. At most MOST_DAYS, the newest.
    raises   HistoryError when there is no call at all
    """
    with_calls = {day: sum(counts) for day, counts in history.days.items() if sum(counts) > 0}
    if not with_calls:
        raise HistoryError("there is no call in the history: a forecast needs some days with calls, better four weeks")
    usual = {
        weekday: median(totals)
        for weekday in range(7)
        if (totals := [n for day, n in with_calls.items() if day.weekday() == weekday and day not in holidays])
    }
    notes, kept = [], {}
    first, last = min(with_calls), max(with_calls)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        expected = usual.get(day.weekday())
        if day in holidays or expected is None:
            if day in with_calls:
                kept[day] = history.days[day]
        elif day not in with_calls:
            notes.append(f"{day} has no calls: left out as a gap")
        elif with_calls[day] < LEAST_SHARE * expected:
            notes.append(f"{day} has {with_calls[day]:g} calls where {expected:g} are usual: left out as broken")
        else:
            kept[day] = history.days[day]
    newest = sorted(kept)[-MOST_DAYS:]
    return History(history.slot_s, {day: kept[day] for day in newest}), tuple(notes)

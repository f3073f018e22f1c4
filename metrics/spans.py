"""The spans that reports are made for: a day, week, month or year of the site's calendar, and the one before.

Owns where they begin and end, also where clocks are put forward and back. Must not read a clock.
Rules: a week begins on Monday (ISO 8601); a span is from its first midnight and before the next one's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

SLOT_S = 1800  # half an hour: what causes are looked for in
ONE_DAY = timedelta(days=1)


class Kind(Enum):
    """How long a report's span is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Span:
    """Days `first` to before `end` in `zone`. A day has 23 or 25 hours when clocks are put forward or back."""

    kind: Kind
    first: date
    end: date
    zone: ZoneInfo

    @classmethod
    def around(cls, kind: Kind, day: date, zone: ZoneInfo) -> "Span":
        """The span of that kind in which `day` lies. Raises OverflowError outside the years 1 to 9999."""
        match kind:
            case Kind.DAY:
                first, end = day, day + ONE_DAY
            case Kind.WEEK:
                first = day - timedelta(days=day.weekday())
                end = first + timedelta(days=7)
            case Kind.MONTH:
                first = day.replace(day=1)
                end = (first + timedelta(days=31)).replace(day=1)
            case Kind.YEAR:
                first = day.replace(month=1, day=1)
                end = (first + timedelta(days=366)).replace(day=1, month=1)
        return cls(kind, first, end, zone)

    @property
    def start_at(self) -> float:
        """Epoch second of its first moment."""
        return midnight(self.first, self.zone)

    @property
    def end_at(self) -> float:
        """Epoch second of the first moment after it."""
        return midnight(self.end, self.zone)

    def before(self) -> "Span":
        """What it is compared with: a day with the same day a week before, all others with the one just before."""
        if self.kind is Kind.DAY:
            return Span.around(self.kind, self.first - timedelta(days=7), self.zone)
        return Span.around(self.kind, self.first - ONE_DAY, self.zone)

    def days(self) -> Iterator[date]:
        """Its days in order."""
        day = self.first
        while day < self.end:
            yield day
            day += ONE_DAY

    @property
    def name(self) -> str:
        """2026-11-26, 2026-W48, 2026-11 or 2026."""
        match self.kind:
            case Kind.DAY:
                return self.first.isoformat()
            case Kind.WEEK:
                year, week, _ = self.first.isocalendar()
                return f"{year}-W{week:02d}"
            case Kind.MONTH:
                return f"{self.first:%Y-%m}"
            case Kind.YEAR:
                return f"{self.first:%Y}"


def midnight(day: date, zone: ZoneInfo) -> float:
    """Epoch second at which `day` begins in `zone`; where clocks leave midnight out, when they are put past it."""
    return datetime.combine(day, time.min, zone).timestamp()


class Slots:
    """Half-hours of the wall clock, numbered: one number is one half-hour that came only once, also when clocks are put back."""

    def __init__(self, zone: ZoneInfo, around_at: float) -> None:
        """`around_at`: some moment of the span; a few zones are a quarter of an hour beside the others."""
        offset = datetime.fromtimestamp(around_at, zone).utcoffset() or timedelta()
        self.zone = zone
        self.shift_s = offset.total_seconds() % SLOT_S

    def of(self, at: float) -> int:
        """The half-hour of epoch second `at`."""
        return int((at + self.shift_s) // SLOT_S)

    def start_of(self, slot: int) -> datetime:
        """When it begins, on the site's clock."""
        return datetime.fromtimestamp(slot * SLOT_S - self.shift_s, self.zone)


def hour_name(start: datetime) -> str:
    """The clock hour of a moment, YYYY-MM-DDTHH, with the offset from Greenwich where the clock shows that hour twice."""
    is_twice = start.replace(fold=0).utcoffset() != start.replace(fold=1).utcoffset()
    return f"{start:%Y-%m-%dT%H}{f'{start:%z}' if is_twice else ''}"

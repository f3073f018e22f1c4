"""The moment at which a wall clock shows a time, also where clocks are put forward and back.

Owns that one reckoning. Must not know schedules nor read a clock.
Rules: docs/guide/calendar.md: a time that is shown twice means the first showing, one that is left out means the moment of the change.
"""

from bisect import bisect_left
from datetime import datetime, tzinfo


def first_instant(local: datetime, zone: tzinfo) -> float:
    """Epoch second at which the wall clock of `zone` first shows naive `local` or, where it leaves that out, is put past it."""
    before, after = (local.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    if before <= after:
        return before
    seconds = range(int(after), int(before) + 1)  # PEP 495: of a time that is left out, fold 0 and 1 lie on both sides
    return float(seconds[bisect_left(seconds, local, key=lambda second: wall_clock(second, zone))])


def wall_clock(at: float, zone: tzinfo) -> datetime:
    """What the wall clock shows at epoch second `at`, naive."""
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None)


def is_shown(local: datetime, zone: tzinfo) -> bool:
    """Whether the wall clock ever shows naive `local`: not when clocks are put forward past it."""
    return wall_clock(local.replace(tzinfo=zone).timestamp(), zone) == local


def is_shown_twice(at: float, zone: tzinfo) -> bool:
    """Whether the wall clock shows the time of epoch second `at` at another moment too, since clocks are put back."""
    local = datetime.fromtimestamp(at, zone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()

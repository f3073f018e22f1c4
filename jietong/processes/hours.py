"""`jietong hours`: for each queue whether it is open, why not, and when that changes.

Owns the words. Must not know how hours are reckoned: ivr/calendar.py does.
Rules: docs/guide/calendar.md; times are the site's.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.calendar import Closed, Opening
from ivr.wall_clock import first_instant, is_shown, is_shown_twice
from jietong import exit_codes
from jietong.calendar_file import read_overrides
from jietong.opening_hours import OpeningHours
from jietong.running import RunningSite
from jietong.site import Site

FIRST_YEAR, LAST_YEAR = 2000, 2098  # --at; what the holiday library knows, with a year to look ahead
EXAMPLE = '"2026-10-01 09:00" or "2026-10-01T09:00+08:00"'


def show_hours(var: Path, at: str | None, as_json: bool) -> int:
    """Prints the opening of every queue of the running site, now or at `at` (local time unless it has an offset); returns the exit code."""
    site = RunningSite.load(var).site
    zone = ZoneInfo(site.hotline.timezone)
    try:
        moment = time.time() if at is None else moment_of(at, zone)
    except ValueError as error:
        sys.stderr.write(f"jietong: --at {at!r:.40} {error}\n")
        return exit_codes.WRONG_CONFIGURATION
    mistakes = read_overrides(Path(site.calendar.file))[1] if site.calendar.file else []
    if mistakes:
        sys.stderr.write(
            "\n".join([*mistakes, "jietong: the hotline goes on with the dates before: correct the file\n"])
        )
        return exit_codes.WRONG_CONFIGURATION
    hours = OpeningHours(site)
    if as_json:
        sys.stdout.write(json.dumps(_plain(site, hours, moment), ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines_of(site, hours, moment)))
    return exit_codes.DONE


def moment_of(text: str, zone: ZoneInfo) -> float:
    """The epoch second that `--at` means; a clock time that comes twice is the first of the two, unless an offset says which.

    raises   ValueError that says what is wrong: no time, outside the supported years, or left out when clocks are put forward
    """
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"is no time such as {EXAMPLE}") from None
    if not FIRST_YEAR <= told.year <= LAST_YEAR:
        raise ValueError(f"is outside the years {FIRST_YEAR} to {LAST_YEAR}")
    if told.tzinfo is not None:
        return told.timestamp()
    if not is_shown(told, zone):
        raise ValueError(f"does not exist in {zone.key}: clocks are put forward past it")
    return first_instant(told, zone)


def lines_of(site: Site, hours: OpeningHours, at: float) -> list[str]:
    """What is told of each queue at epoch second `at`, after a line with the time."""
    lines = [f"{_clock(at, hours.zone)} {site.hotline.timezone}"]
    for queue in queues_of(site):
        schedule = hours.schedule_of(queue)
        words = _words(hours.opening(queue, at), hours.next_change(queue, at), hours.zone)
        lines.append(f"{queue:<20}{words}{f' (hours {schedule})' if schedule else ''}")
    year = hours.missing_year()
    if year is not None:
        days = hours.days_missing(year)
        first = ", ".join(f"{day} {name}" for day, name in list(days.items())[:3])
        lines.append(
            f"the public holidays of {year} are not known: update, or write all of them into the calendar file"
            f" (not there: {first}{f' and {len(days) - 3} more' if len(days) > 3 else ''})"
        )
    return lines


def queues_of(site: Site) -> tuple[str, ...]:
    """Every queue of the site, the hotline's own first."""
    return tuple(dict.fromkeys((site.hotline.queue, *(queue.name for queue in site.queues))))


def _clock(at: float, zone: ZoneInfo) -> str:
    """The site's time, with the offset where the clock shows that time twice."""
    shown = datetime.fromtimestamp(at, zone)
    offset = f"{shown:%z}" if is_shown_twice(at, zone) else ""
    return f"{shown:%Y-%m-%d %H:%M}{offset}"


def _words(opening: Opening, changes_at: float | None, zone: ZoneInfo) -> str:
    until = f", until {_clock(changes_at, zone)}" if changes_at is not None else ""
    if opening.is_open:
        return f"open{until or ', always'}"
    why = f"public holiday {opening.holiday}" if opening.closed is Closed.HOLIDAY else "outside its hours"
    return f"closed: {why}{until or ', for more than a year'}"


def _plain(site: Site, hours: OpeningHours, at: float) -> dict[str, object]:
    plain: dict[str, object] = {}
    for queue in queues_of(site):
        opening, changes_at = hours.opening(queue, at), hours.next_change(queue, at)
        plain[queue] = {
            "open": opening.is_open,
            "closed": opening.closed.value if opening.closed is not None else None,
            "holiday": opening.holiday,
            "changes_at": datetime.fromtimestamp(changes_at, hours.zone).isoformat()
            if changes_at is not None
            else None,
        }
    return plain

"""`jietong hours`: for each queue whether it is open, why not, and when that changes.

Owns the words. Must not know how hours are reckoned: ivr/calendar.py does.
Rules: docs/guide/calendar.md; times are the site's.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.calendar import Closed, Opening
from jietong import exit_codes
from jietong.opening_hours import OpeningHours
from jietong.running import RunningSite


def show_hours(var: Path, at: str | None, as_json: bool) -> int:
    """Prints the opening of every queue of the running site, now or at local time `at`; returns the exit code."""
    site = RunningSite.load(var).site
    zone = ZoneInfo(site.hotline.timezone)
    try:
        moment = datetime.now(zone) if at is None else datetime.fromisoformat(at).replace(tzinfo=zone)
    except ValueError:
        sys.stderr.write(f'jietong: --at {at!r:.40} is no time such as "2026-10-01 09:00"\n')
        return exit_codes.WRONG_CONFIGURATION
    hours = OpeningHours(site)
    queues = dict.fromkeys((site.hotline.queue, *(queue.name for queue in site.queues)))
    at_s = moment.timestamp()
    openings = {queue: (hours.opening(queue, at_s), hours.next_change(queue, at_s)) for queue in queues}
    if as_json:
        sys.stdout.write(json.dumps({queue: _plain(*found) for queue, found in openings.items()}, ensure_ascii=False))
        sys.stdout.write("\n")
        return exit_codes.DONE
    sys.stdout.write(f"{moment:%Y-%m-%d %H:%M} {site.hotline.timezone}\n")
    for queue, found in openings.items():
        schedule = hours.schedule_of(queue)
        sys.stdout.write(f"{queue:<20}{_words(*found)}{f' (hours {schedule})' if schedule else ''}\n")
    if hours.is_year_missing():
        sys.stdout.write("the coming year's public holidays are not known: name them in the calendar file\n")
    return exit_codes.DONE


def _words(opening: Opening, changes_at: datetime | None) -> str:
    until = f", until {changes_at:%Y-%m-%d %H:%M}" if changes_at is not None else ""
    if opening.is_open:
        return f"open{until or ', always'}"
    why = f"public holiday {opening.holiday}" if opening.closed is Closed.HOLIDAY else "outside its hours"
    return f"closed: {why}{until or ', for more than a year'}"


def _plain(opening: Opening, changes_at: datetime | None) -> dict[str, object]:
    return {
        "open": opening.is_open,
        "closed": opening.closed.value if opening.closed is not None else None,
        "holiday": opening.holiday,
        "changes_at": changes_at.isoformat() if changes_at is not None else None,
    }

"""`jietong announce [on PROMPT | off]`: what callers are told at once, for everybody or for one queue.

Owns these lines, and the log of who switched what. Must not know when a flow says it.
Rules: domain.md H12; docs/guide/announcements.md. A running site's next caller hears it; nothing is restarted.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ivr.adapters.announcement_file import NAME, FileDamaged, On, alone, read, write
from ivr.announcements import EVERYBODY, Announcement, is_on, switched_off, switched_on
from jietong import exit_codes
from jietong.log_file import LogFile
from jietong.login_name import login_name
from jietong.processes.hours import moment_of
from jietong.processes.site_database import fail
from jietong.prompt_words import wrong_prompt_of
from jietong.running import RunningSite
from jietong.site import Site
from jietong.site_raw import nearest
from jietong.span_words import span_s

LOG = "announcements.log"
_CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


def show_announcements(var: Path, as_json: bool) -> int:
    """Prints what is on now, in the order in which it was switched on; returns the exit code."""
    site, now = RunningSite.load(var), time.time()
    try:
        on = [each for each in read(site.layout.data / NAME) if is_on(each, now)]
    except FileDamaged as error:
        return fail(str(error))
    if as_json:
        sys.stdout.write(json.dumps([asdict(each) for each in on], ensure_ascii=False, indent=1) + "\n")
        return exit_codes.DONE
    zone = ZoneInfo(site.site.hotline.timezone)
    sys.stdout.write("".join(f"{_line(each, zone)}\n" for each in on) or "nothing is on\n")
    return exit_codes.DONE


def switch_on(var: Path, prompt: str, queue: str, for_: str, until: str) -> int:
    """Switches a prompt on, in place of the one before for the same queue or for everybody; returns the exit code."""
    site, now = RunningSite.load(var), time.time()
    wrong = wrong_prompt_of(site.site)(prompt) or _wrong_queue(site.site, queue)
    try:
        ends_at = _ends_at(for_, until, now, ZoneInfo(site.site.hotline.timezone))
    except ValueError as error:
        wrong = wrong or str(error)
        ends_at = None
    if wrong:
        return _refuse(wrong)
    new = Announcement(prompt, queue, now, ends_at, login_name())
    return _change(site, lambda on: switched_on(on, new), asdict(new) | {"event": "switched on"})


def switch_off(var: Path, queue: str) -> int:
    """Switches off what is on for a queue, or for everybody; returns the exit code."""
    site, now = RunningSite.load(var), time.time()
    if wrong := _wrong_queue(site.site, queue):
        return _refuse(wrong)
    return _change(
        site, lambda on: switched_off(on, queue, now), {"queue": queue, "by": login_name(), "event": "switched off"}
    )


def _change(site: RunningSite, change: Callable[[On], On], told: dict[str, Any]) -> int:
    folder = site.layout.data
    try:
        with alone(folder):
            before = read(folder / NAME)
            after = change(before)
            write(folder, after)
            _keep(site.layout.logs, told | {"before": [each.prompt for each in before if each.queue == told["queue"]]})
    except FileDamaged as error:
        return fail(str(error))
    return show_announcements(site.var, as_json=False)


def _keep(logs: Path, told: dict[str, Any]) -> None:
    line = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "process": "announce", **told}
    log = LogFile(logs / LOG)  # the lock on the announcements' file makes this the one writer
    log.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    log.close()


def _ends_at(for_: str, until: str, now: float, zone: ZoneInfo) -> float | None:
    """The epoch second at which it expires; None: never. Raises ValueError with the whole sentence."""
    if for_ and until:
        raise ValueError("--for and --until: give one of them")
    if for_:
        try:
            return now + span_s(for_)
        except ValueError as error:
            raise ValueError(f"--for {for_[:40]!r} {error}") from None
    if not until:
        return None
    try:
        ends_at = _clock_time(until, now, zone) or moment_of(until, zone)
    except ValueError as error:
        raise ValueError(f"--until {until[:40]!r} {error}, or 18:00") from None
    if ends_at <= now:
        raise ValueError(f"--until {until[:40]!r} is over")
    return ends_at


def _clock_time(text: str, now: float, zone: ZoneInfo) -> float | None:
    """The next time the site's clocks show such a time; None for another kind of text."""
    found = _CLOCK_TIME.fullmatch(text)
    if found is None:
        return None
    today = datetime.fromtimestamp(now, zone)
    told = datetime.combine(today.date(), clock(int(found[1]), int(found[2])), zone)
    return (told if told > today else told + timedelta(days=1)).timestamp()


def _wrong_queue(site: Site, queue: str) -> str:
    queues = [site.hotline.queue, *(each.name for each in site.queues)]
    if queue == EVERYBODY or queue in queues:
        return ""
    return f"no queue {queue[:40]!r}{nearest(queue[:40], queues)} (allowed: {', '.join(dict.fromkeys(queues))})"


def _refuse(text: str) -> int:
    fail(text)
    return exit_codes.WRONG_CONFIGURATION


def _line(each: Announcement, zone: ZoneInfo) -> str:
    since = f"{datetime.fromtimestamp(each.since, zone):%m-%d %H:%M}"
    until = (
        f"until {datetime.fromtimestamp(each.until, zone):%m-%d %H:%M}"
        if each.until is not None
        else "until it is switched off"
    )
    whom = f"callers of {each.queue}" if each.queue else "everybody"
    return f"{each.prompt}  for {whom}  {until}  (since {since} by {each.by})"

"""`jietong report day|week|month|year`: what the hotline did, whether it kept the contract, and if not, why.

Owns which span is meant, the database's state, and where the page goes. Must not reckon: metrics/report.py does.
Rules: docs/reports.md. A span that has not begun is refused; one that is not over is told until now.
"""

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from jietong import exit_codes
from jietong.database import newest_revision
from jietong.opening_hours import OpeningHours
from jietong.processes.site_database import ask_database, fail
from jietong.running import RunningSite
from jietong.site import Site
from jietong.table_dump import revision_of
from metrics.adapters.report_rows import Asked, read
from metrics.ledger import Yardstick
from metrics.report import Given, Report, report_of
from metrics.report_csv import csv_of
from metrics.report_html import html_of
from metrics.report_text import text_of
from metrics.resolution import REPEAT_DAYS
from metrics.spans import Kind, Span

FORMATS: dict[str, Callable[[Report], str]] = {"html": html_of, "csv": csv_of, "text": text_of}
LAST = "last"


class ReportRefused(Exception):
    """There is no such report: the text says why, and what to ask for instead."""


def show_report(var: Path, kind: str, which: str, form: str, out: Path | None) -> int:  # as typed
    """Writes one report to `out`, or to the terminal; returns the exit code.

    which   empty: the present span, `last`: the one before, or any date in it (2026-11-26)
    """
    site, now_at = RunningSite.load(var), time.time()
    try:
        span = span_of(Kind(kind), which, now_at, ZoneInfo(site.site.hotline.timezone))
        with no_collector():
            given = ask_database(site, lambda engine: _given(engine, site.site, span, now_at))
    except ReportRefused as refused:
        return fail(str(refused))
    text = FORMATS[form](report_of(given))
    if out is None:
        sys.stdout.write(text)
    else:
        _write(out, text)
        sys.stderr.write(f"jietong: {out}\n")
    return exit_codes.DONE


@contextmanager
def no_collector() -> Iterator[None]:
    """Python's collector would look through a million rows again and again for rings of references that are not there: a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def span_of(kind: Kind, which: str, now_at: float, zone: ZoneInfo) -> Span:
    """The span that is asked for. Raises ReportRefused for what is no date, and for a span that has not begun."""
    today = datetime.fromtimestamp(now_at, zone).date()
    if which in ("", LAST):
        span = Span.around(kind, today, zone)
        return span if not which else Span.around(kind, date.fromordinal(span.first.toordinal() - 1), zone)
    try:
        span = Span.around(kind, date.fromisoformat(which), zone)
        starts_at, _ = span.start_at, span.before().start_at
    except (ValueError, OverflowError):
        raise ReportRefused(f"{which[:40]!r} is no date such as {today} and not the word {LAST!r}") from None
    if starts_at > now_at:
        raise ReportRefused(f"{span.name} has not begun: it is {today} now, and there is nothing to report yet")
    return span


def yardstick_of(site: Site) -> Yardstick:
    """What the site's calls are measured by."""
    tiers = site.tiers.items()
    return Yardstick(
        {name: tier.answer_within_s for name, tier in tiers},
        {name: tier.goal for name, tier in tiers},
        repeat_days=site.routing.first_contact_days or REPEAT_DAYS,
    )


def _given(engine: Engine, site: Site, span: Span, now_at: float) -> Given:
    hours = OpeningHours(site)
    asked = Asked(
        hotline=site.hotline.number,
        span=span,
        now_at=now_at,
        yardstick=yardstick_of(site),
        kind_of=lambda day: hours.calendar(day.year).kind_of(day).value,
        ring_s=float(site.routing.ring_s),
    )
    with engine.connect() as connection:
        there, needed = revision_of(connection), newest_revision()
        if there != needed:
            raise ReportRefused(
                f"the database is at revision {there or 'none'} and this version needs {needed}: it is half-way through an"
                " upgrade, or of another version; `jietong up` brings it to the present tables"
            )
        return read(connection, asked)


def _write(path: Path, text: str) -> None:
    """All of it or nothing: a reader never sees half a page. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(name).chmod(0o640)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

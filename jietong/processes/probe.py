"""`jietong probe`: a test call now, what is on record of test calls, and their weeks.

Owns these lines on the terminal. Must not make a call (probe_call.py) nor judge one (probing/).
Rules: domain.md H7, H8; docs/probe.md. Exit code of `run`: 0 the test passed, else 1.
"""

import asyncio
import json
import sys
import time
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jietong import exit_codes
from jietong.database import writing
from jietong.login_name import login_name
from jietong.probe_call import make_test
from jietong.probe_site import ProbeBusyError
from jietong.processes.site_database import ask_database, fail
from jietong.running import RunningSite
from probing.adapters.results import keep, results_between
from probing.statistics import GOAL, ProbeResult, ProbeWeek, by_week
from probing.words import Condition, Reason, Result

DAY_S = 86_400
NOT_PROBED = "the site file has no [probe] number: docs/probe.md says how test calls are made"
WORDS = ", ".join(condition.value for condition in Condition)


def run(var: Path, word: str, as_json: bool) -> int:
    """Makes one test call now, keeps and prints its result; returns the exit code."""
    site = RunningSite.load(var)
    if site.site.probe is None:
        return fail(NOT_PROBED)
    condition = _condition(word)
    if condition is None:
        return fail(f"no condition {word!r} (allowed: {WORDS})")
    try:
        result = asyncio.run(probed(site, condition, login_name()))
    except ProbeBusyError as error:
        return fail(str(error))
    ask_database(site, lambda engine: keep(writing(engine), result))
    zone = ZoneInfo(site.site.hotline.timezone)
    _write(json.dumps(_plain(result, zone), ensure_ascii=False, indent=1) if as_json else _line(result, zone))
    return exit_codes.DONE if result.result is Result.PASSED else exit_codes.FAILED


async def probed(site: RunningSite, condition: Condition, tester: str) -> ProbeResult:
    """One test call and its result, which is not kept yet; raises ProbeBusyError."""
    if site.site.probe is None:
        raise ValueError(NOT_PROBED)
    at = time.time()
    verdict, call = await make_test(site, site.site.probe, condition)
    return ProbeResult(at, tester, condition, verdict.result, verdict.reason, verdict.remark, call, verdict.wait_s)


def note(var: Path, word: str, is_passed: bool, remark: str, tester: str) -> int:
    """Keeps the result of a test call that a person made; returns the exit code."""
    site, condition = RunningSite.load(var), _condition(word)
    if condition is None:
        return fail(f"no condition {word!r} (allowed: {WORDS})")
    if not is_passed and not remark:
        return fail("a test that failed needs its reason: --remark TEXT")
    result = Result.PASSED if is_passed else Result.FAILED
    told = ProbeResult(time.time(), tester or login_name(), condition, result, Reason.NONE, remark)
    ask_database(site, lambda engine: keep(writing(engine), told))
    _write(_line(told, ZoneInfo(site.site.hotline.timezone)))
    return exit_codes.DONE


def show(var: Path, as_json: bool, days: int) -> int:
    """Prints the test calls of the last `days` days, the oldest first; returns the exit code."""
    site = RunningSite.load(var)
    zone = ZoneInfo(site.site.hotline.timezone)
    found = ask_database(site, lambda engine: results_between(engine, time.time() - days * DAY_S))
    if as_json:
        _write(json.dumps([_plain(result, zone) for result in found], ensure_ascii=False, indent=1))
        return exit_codes.DONE
    for result in found:
        _write(_line(result, zone))
    return exit_codes.DONE


def show_weeks(var: Path, as_json: bool, weeks: int) -> int:
    """Prints the last `weeks` weeks that have tests; returns the exit code."""
    site = RunningSite.load(var)
    zone = ZoneInfo(site.site.hotline.timezone)
    found = ask_database(site, lambda engine: results_between(engine, time.time() - weeks * 7 * DAY_S))
    told = by_week(found, lambda at: _week_of(at, zone))
    if as_json:
        _write(json.dumps([_plain_week(week) for week in told], indent=1))
        return exit_codes.DONE
    for week in told:
        rate = f"{week.rate:.0%}" if week.rate is not None else "none made"
        each = ", ".join(
            f"{condition.value} {week.passed[condition]}/{week.passed[condition] + week.failed[condition]}"
            for condition in Condition
            if week.passed[condition] + week.failed[condition]
        )
        reasons = ", ".join(f"{reason.value} {count}" for reason, count in week.reasons.most_common())
        below = f"  BELOW {GOAL:.0%}: write down cause, measure and result" if week.needs_analysis else ""
        apart = f"  not made {week.not_made}" if week.not_made else ""
        _write(f"{week.week}  passed {rate} of {week.made}  ({each}){apart}{'  ' + reasons if reasons else ''}{below}")
    return exit_codes.DONE


def _condition(word: str) -> Condition | None:
    return next((condition for condition in Condition if condition.value == word), None)


def _line(result: ProbeResult, zone: tzinfo) -> str:
    """Date, tester, condition, result, remark with its reason: the columns that domain.md H7 asks for."""
    clock = datetime.fromtimestamp(result.at, zone).strftime("%Y-%m-%d %H:%M")
    why = f"{result.reason.value}: " if result.reason is not Reason.NONE else ""
    return _printable(
        f"{clock}  {result.tester}  {result.condition.value}  {result.result.value}  {why}{result.remark}"
    ).rstrip()


def _plain(result: ProbeResult, zone: tzinfo) -> dict[str, Any]:
    return {
        "at": datetime.fromtimestamp(result.at, zone).isoformat(timespec="seconds"),
        "tester": result.tester,
        "condition": result.condition.value,
        "result": result.result.value,
        "reason": result.reason.value,
        "remark": result.remark,
        "call_id": result.call,
        "wait_s": result.wait_s,
    }


def _plain_week(week: ProbeWeek) -> dict[str, Any]:
    return {
        "week": week.week,
        "made": week.made,
        "rate": week.rate,
        "not_made": week.not_made,
        "passed": {condition.value: week.passed[condition] for condition in Condition},
        "failed": {condition.value: week.failed[condition] for condition in Condition},
        "reasons": {reason.value: count for reason, count in week.reasons.most_common()},
        "needs_analysis": week.needs_analysis,
    }


def _week_of(at: float, zone: tzinfo) -> str:
    """The ISO week, as 2026-W48."""
    year, week, _ = datetime.fromtimestamp(at, zone).isocalendar()
    return f"{year}-W{week:02d}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")

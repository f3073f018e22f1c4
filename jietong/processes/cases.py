"""`jietong cases` and `jietong cases set NUMBER STATE`: for people at a desk.

Owns these lines on the terminal. Must not judge a deadline: ivr/case.py does.
Rules: domain.md T1 to T3; numbers are masked unless asked for.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ivr.adapters.case_rows import NoSuchCase, all_cases, set_state
from ivr.case import CaseState, overdue
from jietong import exit_codes
from jietong.database import writing
from jietong.login_name import login_name
from jietong.masking import mask_number
from jietong.processes.site_database import ask_database, fail
from jietong.running import RunningSite

LATE = {"": "", "answer": "  OVERDUE: answer", "first_reply": "  OVERDUE: first reply"}


def show_cases(var: Path, as_json: bool, state: str, only_overdue: bool, full_numbers: bool) -> int:
    """Prints cases, the oldest first; returns the exit code."""
    if state and _state(state) is None:
        return _no_state(state)
    site, now = RunningSite.load(var), time.time()
    shown = [_shown(row, now, full_numbers) for row in ask_database(site, all_cases)]
    shown = [row for row in shown if state in ("", row["state"]) and (row["overdue"] or not only_overdue)]
    if as_json:
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1) + "\n")
        return exit_codes.DONE
    zone = ZoneInfo(site.site.hotline.timezone)
    for row in shown:
        sys.stdout.write(_line(row, zone) + "\n")
    return exit_codes.DONE


def set_case(var: Path, number: str, word: str) -> int:
    """Sets a case's state; returns the exit code."""
    state = _state(word)
    if state is None:
        return _no_state(word)
    site, by = RunningSite.load(var), login_name()
    try:
        before = ask_database(site, lambda engine: set_state(writing(engine), number, state, by, time.time()))
    except NoSuchCase:
        return fail(f"no case {number[:40]!r}: `jietong cases` lists them")
    sys.stdout.write(f"case {number}: {before} -> {state.value}\n" if before != word else f"case {number}: is {word}\n")
    return exit_codes.DONE


def _state(word: str) -> CaseState | None:
    return CaseState(word) if word in {state.value for state in CaseState} else None


def _no_state(word: str) -> int:
    fail(f"no state {word[:40]!r} (allowed: {', '.join(state.value for state in CaseState)})")
    return exit_codes.WRONG_CONFIGURATION


def _shown(row: dict[str, Any], now: float, full_numbers: bool) -> dict[str, Any]:
    late = overdue(CaseState(row["state"]), row["first_reply_due_at"], row["due_at"], now)
    return row | {"phone": row["phone"] if full_numbers else mask_number(row["phone"]), "overdue": late}


def _line(row: dict[str, Any], zone: ZoneInfo) -> str:
    opened, due = (f"{datetime.fromtimestamp(row[name], zone):%m-%d %H:%M}" for name in ("opened_at", "due_at"))
    recording = f"  {row['recording']}" if row["recording"] else ""
    about = f"{row['number']}  {row['state']}  {row['type']}  {row['phone']}  opened {opened}  due {due}"
    return f"{about}{LATE[row['overdue']]}{recording}"

"""`jietong status`, `jietong calls` and `jietong explain`: what a running site tells an operator.

Owns tables and JSON on the terminal. Must not compute anything: status comes from the metrics process, calls from the database.
Contract: design.md section 5; callers are masked unless full numbers are asked for.
"""

import http.client
import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jietong.database import open_engine
from jietong.masking import mask_number
from jietong.processes.explanation import explain_lines
from jietong.processes.live_call import live_lines
from jietong.processes.sentences import sentences_of
from jietong.processes.status_page import status_page, status_url
from jietong.running import RunningSite
from routing.adapters.records import DatabaseAway, history_of, recent_calls
from routing.facts import CallRecord

ANSWER_WITHIN_S = 5.0
EVERY_CALL = 1_000_000
ON_A_SCREEN = 200  # calls in the table for people; tools get all
NO_TERMINAL_WIDTH = 200
_UNBROKEN = {"call", "caller", "waited", "talked", "agent"}
_CALL_STATES = {"menu": "in the menu", "waiting": "waiting", "ringing": "ringing", "talking": "talking"}


def status(var: Path, as_json: bool) -> int:
    """Prints waiting calls, agents and the answer rate now; returns the exit code."""
    site = RunningSite.load(var)
    try:
        told = status_page(site, ANSWER_WITHIN_S)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return _fail(
            f"the site in {var} does not answer on {status_url(site)} ({error}): is it running? See {var}/logs/metrics.log"
        )
    if as_json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        return 0
    _show_status(told)
    return 0


def calls(var: Path, as_json: bool, limit: int | None = None, full_numbers: bool = False) -> int:
    """Prints call records, oldest first; `limit` keeps the newest (left out: all as JSON, `ON_A_SCREEN` as a table).

    Callers are masked unless `full_numbers`. Returns the exit code.
    """
    site = RunningSite.load(var)
    engine = open_engine(site.database_url)
    try:
        records = recent_calls(engine, limit or (EVERY_CALL if as_json else ON_A_SCREEN))
    except DatabaseAway as error:
        return _fail(str(error))
    finally:
        engine.dispose()
    if as_json:
        rows = [_plain(record, full_numbers) for record in records]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return 0
    _show_calls(records, full_numbers, ZoneInfo(site.site.hotline.timezone))
    return 0


def explain(var: Path, call_id: str, as_json: bool = False) -> int:
    """Prints everything on record about one call, in plain words, and for a call that is not over where it is now; returns the exit code."""
    site = RunningSite.load(var)
    call_id = call_id.encode("utf-8", "replace").decode("utf-8")  # a shell can hand over what no database takes
    engine = open_engine(site.database_url)
    try:
        history = history_of(engine, call_id)
    except DatabaseAway as error:
        return _fail(str(error))
    finally:
        engine.dispose()
    if not any(line.kind == "CallRecord" for line in history):
        history += live_lines(site, call_id, len(history))
    if not history:
        return _fail(
            f"no call {call_id[:64]!r} on record: `jietong calls` lists call ids; a call of this second may follow in a moment"
        )
    for line in history:
        if "caller" in line.detail:
            line.detail["caller"] = mask_number(str(line.detail["caller"]))
    if as_json:
        told = [asdict(line) | {"sentences": sentences_of(line.kind, line.detail)} for line in history]
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        return 0
    sys.stdout.write("\n".join(explain_lines(call_id, history, ZoneInfo(site.site.hotline.timezone))) + "\n")
    return 0


def _plain(record: CallRecord, full_numbers: bool) -> dict[str, Any]:
    values = asdict(record)
    values.pop("at")
    caller = record.caller if full_numbers else mask_number(record.caller)
    return {"call_id": record.call, **values, "caller": caller, "outcome": record.outcome.value}


def _show_status(told: dict[str, Any]) -> None:
    console = _console()
    rates = {window: "none" if rate is None else f"{rate:.1%}" for window, rate in told["answer_rate"].items()}
    counts = ", ".join(f"{told['calls'][state]} {words}" for state, words in _CALL_STATES.items())
    console.print(f"hotline {told['hotline']}: {counts}", highlight=False)
    by_window = ", ".join(f"{window.replace('_', ' ')} {rate}" for window, rate in rates.items())
    console.print(f"answer rate: {by_window}", highlight=False)
    if told["waiting"]:
        table = _table("call", "caller", "tier", "service", "waited", "state", "seat", title="Waiting")
        for call in told["waiting"]:
            waited = f"{call['waited_s']:.1f} s"
            cells = (
                call["call_id"],
                call["caller"],
                call["tier"],
                call["service"],
                waited,
                call["state"],
                call["seat"],
            )
            table.add_row(*map(_cell, cells))
        console.print(table)
    table = _table("agent", "seat", "state", "since", "reason", "dedicated to", title="Agents")
    for agent in told["agents"]:
        since = "" if agent["since_s"] is None else f"{agent['since_s']:.0f} s"
        dedicated_to = ", ".join(agent["dedicated_to"])
        row = (agent["agent"], agent["seat"], agent["state"], since, agent["reason"], dedicated_to)
        table.add_row(*map(_cell, row))
    console.print(table)


def _show_calls(records: list[CallRecord], full_numbers: bool, zone: ZoneInfo) -> None:
    table = _table("call", "began", "caller", "tier", "service", "waited", "talked", "agent", "end")
    for record in records:
        began = datetime.fromtimestamp(record.arrived_at, zone).strftime("%m-%d %H:%M:%S")
        caller = record.caller if full_numbers else mask_number(record.caller)
        waited = f"{record.wait_s:.1f} s" if record.queued_at is not None else ""
        talked = f"{record.talk_s:.1f} s" if record.answered_at is not None else ""
        cells = (record.call, began, caller, record.tier, record.service, waited, talked)
        table.add_row(*map(_cell, (*cells, record.agent, f"{record.outcome.value} ({record.reason})")))
    _console().print(table)


def _table(*columns: str, title: str | None = None) -> Table:
    """A narrow table. What people copy or compare is never cut, however narrow the terminal; the rest breaks into lines."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=name in _UNBROKEN, overflow="ignore" if name in _UNBROKEN else "fold")
    return table


def _console() -> Console:
    """As wide as the terminal; a file or a pipe has no width."""
    console = Console()
    return console if console.is_terminal else Console(width=NO_TERMINAL_WIDTH)


def _cell(value: str) -> Text:
    """Text as it is: what a caller or an agent sent is neither markup nor a command to the terminal."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value))


def _fail(text: str) -> int:
    sys.stderr.write(f"jietong: {text}\n")
    return 1

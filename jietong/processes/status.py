"""`jietong status`, `jietong calls` and `jietong explain`: what a running site tells an operator.

Owns tables and JSON on the terminal. Must not compute anything: status comes from the metrics process, calls from the database.
Contract: design.md section 5; callers are masked unless full numbers are asked for.
"""

import json
import sys
import urllib.error
import urllib.request
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from jietong.database import open_engine
from jietong.masking import mask_number
from jietong.processes.explanation import explain_lines
from jietong.running import RunningSite
from routing.adapters.records import DatabaseAway, history_of, recent_calls
from routing.facts import CallRecord

ANSWER_WITHIN_S = 5.0
EVERY_CALL = 1_000_000


def status(var: Path, as_json: bool) -> int:
    """Prints waiting calls, agents and the answer rate now; returns the exit code."""
    site = RunningSite.load(var)
    host = site.site.network.bind if site.site.network.bind not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104 - compared, not bound
    url = f"http://{host}:{site.ports.http}/status"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_WITHIN_S) as answer:
            told: dict[str, Any] = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        return _fail(f"the site in {var} does not answer on {url} ({error}): is it running? See {var}/logs/metrics.log")
    if as_json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        return 0
    _show_status(told)
    return 0


def calls(var: Path, as_json: bool, limit: int | None = None, full_numbers: bool = False) -> int:
    """Prints call records, oldest first; `limit` keeps the newest. Returns the exit code."""
    site = RunningSite.load(var)
    engine = open_engine(site.database_url)
    try:
        records = recent_calls(engine, limit or EVERY_CALL)
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
    """Prints everything on record about one call, in plain words; returns the exit code."""
    site = RunningSite.load(var)
    engine = open_engine(site.database_url)
    try:
        history = history_of(engine, call_id)
    except DatabaseAway as error:
        return _fail(str(error))
    finally:
        engine.dispose()
    if not history:
        return _fail(
            f"no call {call_id[:64]!r} on record: `jietong calls` lists call ids; a call of this second may follow in a moment"
        )
    for line in history:
        if "caller" in line.detail:
            line.detail["caller"] = mask_number(str(line.detail["caller"]))
    if as_json:
        sys.stdout.write(json.dumps([asdict(line) for line in history], ensure_ascii=False, indent=1) + "\n")
        return 0
    sys.stdout.write("\n".join(explain_lines(call_id, history, ZoneInfo(site.site.hotline.timezone))) + "\n")
    return 0


def _plain(record: CallRecord, full_numbers: bool) -> dict[str, Any]:
    values = asdict(record)
    values.pop("at")
    caller = record.caller if full_numbers else mask_number(record.caller)
    return {"call_id": record.call, **values, "caller": caller, "outcome": record.outcome.value}


def _show_status(told: dict[str, Any]) -> None:
    console = Console()
    rates = {window: "none" if rate is None else f"{rate:.1%}" for window, rate in told["answer_rate"].items()}
    counts = told["calls"]
    console.print(
        f"hotline {told['hotline']}: {counts['menu']} in the menu, {counts['waiting']} waiting, {counts['ringing']} ringing, {counts['talking']} talking"
    )
    console.print("answer rate: " + ", ".join(f"{window.replace('_', ' ')} {rate}" for window, rate in rates.items()))
    if told["waiting"]:
        table = Table("call", "caller", "tier", "service", "waited", "state", "seat", title="Waiting")
        for call in told["waiting"]:
            table.add_row(
                call["call_id"],
                call["caller"],
                call["tier"],
                call["service"],
                f"{call['waited_s']:.1f} s",
                call["state"],
                call["seat"],
            )
        console.print(table)
    table = Table("agent", "seat", "state", "since", "reason", "dedicated to", title="Agents")
    for agent in told["agents"]:
        table.add_row(
            agent["agent"],
            agent["seat"],
            agent["state"],
            f"{agent['since_s']:.0f} s",
            agent["reason"],
            ", ".join(agent["dedicated_to"]),
        )
    console.print(table)


def _show_calls(records: list[CallRecord], full_numbers: bool, zone: ZoneInfo) -> None:
    table = Table("call", "began", "caller", "tier", "service", "waited", "talked", "agent", "outcome", "reason")
    for record in records:
        began = datetime.fromtimestamp(record.arrived_at, zone).strftime("%m-%d %H:%M:%S")
        caller = record.caller if full_numbers else mask_number(record.caller)
        waited = f"{record.wait_s:.1f} s" if record.queued_at is not None else ""
        talked = f"{record.talk_s:.1f} s" if record.answered_at is not None else ""
        table.add_row(
            record.call,
            began,
            caller,
            record.tier,
            record.service,
            waited,
            talked,
            record.agent,
            record.outcome.value,
            record.reason,
        )
    Console().print(table)


def _fail(text: str) -> int:
    sys.stderr.write(f"jietong: {text}\n")
    return 1

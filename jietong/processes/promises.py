"""`jietong callbacks [cancel ID]` and `jietong messages`: whom the hotline owes a call, and what callers said.

Owns these lines on the terminal. Must not change any state itself: the router cancels.
Contract: callers are masked unless full numbers are asked for.
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from jietong.database import open_engine
from jietong.masking import mask_number
from jietong.running import RunningSite
from routing.adapters.inbox_client import InboxClient, RouterSilent
from routing.adapters.promises import all_messages, open_callbacks
from routing.adapters.redis_clients import prefix_of
from routing.events import CallbackCancelled


def callbacks(var: Path, as_json: bool, full_numbers: bool) -> int:
    """Prints the open callbacks, the longest waiting first."""
    return _show(
        var,
        open_callbacks,
        as_json,
        full_numbers,
        lambda row, at: (
            f"{row['call']}  {row['caller']}  {row['queue']}  {row['tier']}  waits since {at(row['queued_at'])}"
            f"  promised by {at(row['promised_at'])}  tries {row['tries']}"
        ),
    )


def messages(var: Path, as_json: bool, full_numbers: bool) -> int:
    """Prints the messages that callers left, the oldest first; the files are in DIR/data/messages."""
    return _show(
        var,
        all_messages,
        as_json,
        full_numbers,
        lambda row, at: (
            f"{at(row['at'])}  {row['caller']}  {row['queue']}  {row['tier']}  {row['length_s']:.0f} s  {row['file']}"
        ),
    )


def cancel(var: Path, call: str) -> int:
    """Takes a callback out of the line; returns 0 when the router obeyed, else 1 with the reason."""
    site = RunningSite.load(var)
    client = InboxClient(site.store_url, prefix_of(site.site.hotline.number))
    try:
        is_obeyed, why = client.ask(CallbackCancelled(0.0, call))
    except RouterSilent as error:
        return _fail(f"the router does not answer ({error}): see {var}/logs/router.log")
    if not is_obeyed:
        return _fail(f"callback {call[:40]!r}: {why}. `jietong callbacks` lists the open ones")
    sys.stdout.write(f"callback {call}: cancelled\n")
    return 0


def _show(
    var: Path,
    rows_of: Callable[[Engine], list[dict[str, Any]]],
    as_json: bool,
    full_numbers: bool,
    line: Callable[[dict[str, Any], Callable[[float], str]], str],
) -> int:
    site = RunningSite.load(var)
    zone = ZoneInfo(site.site.hotline.timezone)
    engine = open_engine(site.database_url)
    try:
        rows = rows_of(engine)
    except SQLAlchemyError as error:
        return _fail(f"the database does not answer ({type(error).__name__}): see [database] in the site file")
    finally:
        engine.dispose()
    shown = [row | {"caller": row["caller"] if full_numbers else mask_number(row["caller"])} for row in rows]
    if as_json:
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1) + "\n")
    else:
        for row in shown:
            sys.stdout.write(line(row, lambda s: f"{datetime.fromtimestamp(s, zone):%m-%d %H:%M:%S}") + "\n")
    return 0


def _fail(text: str) -> int:
    sys.stderr.write(f"jietong: {text}\n")
    return 1

"""What the router itself knows of a call that is not over: why it still waits.

Owns the reading of a live call from the router's stored memory. Must not decide anything nor change what is stored.
Rules: design.md section 4: snapshot and journal give the router's memory; the same replay that a standby does.
"""

import asyncio
import time
from typing import Any

import msgspec

from jietong.rules_of_site import rules_of
from jietong.running import RunningSite
from routing.adapters import codec
from routing.adapters.records import HistoryLine
from routing.adapters.recovery import stored_state
from routing.adapters.redis_clients import StoreAway, prefix_of
from routing.adapters.steady_clock import CLOCK_FILE, clock_of
from routing.facts import CallPassedOver
from routing.model import Call, State
from routing.passes import passes_of
from routing.selection import why_nobody
from routing.snapshot import SnapshotRefused
from routing.transitions import CallState


def live_lines(site: RunningSite, call_id: str, after_seq: int) -> list[HistoryLine]:
    """Lines that follow a call's history while it is not over: who passed it over so far, and where it is now. Empty when the router does not know it."""
    try:
        found = asyncio.run(stored_state(site.store_url, prefix_of(site.site.hotline.number), rules_of(site.site)))
    except (StoreAway, SnapshotRefused):
        return [HistoryLine(after_seq + 1, time.time(), "MemoryAway", {})] if after_seq else []
    call = found.state.calls.get(call_id)
    return lines_of(found.state, call, clock_of(site.layout.run / CLOCK_FILE)(), after_seq) if call is not None else []


def lines_of(state: State, call: Call, at: float, after_seq: int) -> list[HistoryLine]:
    """The same from a state at hand."""
    passes = tuple(passes_of(state, call, at))
    lines = []
    if passes:
        detail = codec.to_plain(CallPassedOver(at, call.id, passes))
        lines.append(HistoryLine(after_seq + 1, at, "CallPassedOver", detail))
    lines.append(HistoryLine(after_seq + len(lines) + 1, at, "StillThere", _now(state, call, at)))
    return lines


def _now(state: State, call: Call, at: float) -> dict[str, Any]:
    agent = call.agent or next((offer.agent for offer in call.rings.values()), "")
    now: dict[str, Any] = {"state": call.state.value, "agent": agent, "held_for": call.held_for}
    if call.state is CallState.WAITING and call.queued_at is not None:
        call_class = state.class_of(call)
        line = list(state.waiting[call_class])
        waited_s = at - call.entered_at
        now |= {
            "waited_s": waited_s,
            "left_s": state.tiers[call.tier].answer_within_s - waited_s,
            "alike": max(0, len(line) - 1),
            "position": line.index(call.id) + 1 if call.id in line else 0,
            "candidates": msgspec.to_builtins(why_nobody(state, call_class)),
        }
    return now

"""A call's history in plain words: what was decided, why, and what came of it.

Owns the sentences. Must not read a database.
Rules: design.md section 3 (every decision leaves a record).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from routing.adapters.records import HistoryLine


def explain_lines(call_id: str, history: Sequence[HistoryLine], zone: ZoneInfo) -> Iterator[str]:
    """One line a fact, with seconds since the first."""
    began = history[0].at
    yield f"call {call_id}, {datetime.fromtimestamp(began, zone).strftime('%Y-%m-%d %H:%M:%S %Z')}"
    for line in history:
        words = _sentence(line.kind, line.detail)
        for number, text in enumerate(words):
            yield f"{line.at - began:9.3f} s  {text}" if number == 0 else f"{'':11}  {text}"


def _sentence(kind: str, d: dict[str, Any]) -> list[str]:
    match kind:
        case "CallEntered":
            return [f"{d['caller']} called and was met by the menu"]
        case "CallOffered":
            return [
                f"asked for a person: service {d['service'] or 'not chosen'}, tier {d['tier']}, queue {d['queue']}; the clock starts"
            ]
        case "Decision":
            left = float(d["left_s"])
            target = f"{left:.1f} s left to the target" if left >= 0 else f"{-left:.1f} s past the target"
            first = (
                f"given to agent {d['agent']} at seat {d['seat']}: {d['rule']}; waited {d['waited_s']:.3f} s, {target}"
            )
            return [first, *(f"  passed over {other['who']}: {other['why']}" for other in d["passed_over"])]
        case "CallHeld":
            return [
                f"waits for its own agent {d['agent']}, who is at work, for at most {d['for_s']:.1f} s; then for anyone"
            ]
        case "SeatRang":
            return [
                f"seat {d['seat']} rings, {float(d['idle_to_ring_s']) * 1000:.1f} ms after agent and caller were free for each other"
            ]
        case "OfferClosed":
            rang = f" after {d['rang_s']:.1f} s of ringing" if d["rang_s"] else ", the seat never rang"
            return [f"the offer to agent {d['agent']} ended: {d['result'].replace('_', ' ')}{rang}"]
        case "CallAnswered":
            kept = "within" if d["in_target"] else "beyond"
            return [f"agent {d['agent']} answered after {d['wait_s']:.3f} s of waiting, {kept} the target"]
        case _:
            return [_end(d) if kind == "CallRecord" else kind]


def _end(d: dict[str, Any]) -> str:
    offers = "1 offer" if d["offers"] == 1 else f"{d['offers']} offers"
    match d["outcome"]:
        case "menu":
            return f"over: ended in the menu ({d['reason']}), no person was asked for"
        case "answered":
            return f"over: answered, ended by {d['reason']}; waited {d['wait_s']:.3f} s, talked {d['talk_s']:.1f} s, {offers}"
        case "abandoned":
            return f"over: the caller hung up while {d['reason']}, after {d['wait_s']:.3f} s, {offers}"
        case _:
            return f"over: {d['outcome']} ({d['reason']}), after {d['wait_s']:.3f} s, {offers}"

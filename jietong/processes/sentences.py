"""What each fact about a call says in plain English: one function a kind, in one table.

Owns the sentences. Must not know where facts come from nor in which order they are told.
Rules: design.md section 3 (every decision leaves a record). A new fact gets its line in SENTENCES; docs/guide/explain.md says how to read them.
"""

from collections.abc import Callable
from typing import Any

Detail = dict[str, Any]  # a fact in its plain form

_REASONS = {
    "tier": "took a {tier} caller first (higher tier)",
    "aged": "took a {tier} caller first who had waited several times its target",
    "deadline": "took a {tier} caller with an earlier deadline first",
    "earlier": "took the caller before this one (first come, first served); now first in line",
    "own_seat": "took a {tier} caller first: the seat is dedicated to them",
    "own_agent": "took a caller who was waiting for that agent alone",
    "unfit": "was free but is not of this queue or lacks the skills",
    "reserve": "was free but the seat is kept free by the reserve for its own tiers",
    "no_asterisk": "the router had no connection to Asterisk: nobody could be offered a call",
    "callback": "rang for a customer who was promised a callback first",
    "other": "passed this caller over, for further reasons",
}


def sentences_of(kind: str, detail: Detail) -> list[str]:
    """One or more lines for a fact, the first the main one; a kind without a sentence tells its fields."""
    say = SENTENCES.get(kind)
    if say is not None:
        return say(detail)
    fields = ", ".join(f"{name} {value}" for name, value in detail.items() if name not in ("type", "at", "call"))
    return [f"{kind}: {fields}"]


def pass_of(told: Detail) -> str:
    """One entry of `CallPassedOver`: who did not take the caller, why, how often and with how much time left."""
    reason = _REASONS.get(told["reason"], str(told["reason"])).format(tier=told["tier"])
    who = "" if told["reason"] == "no_asterisk" else f"agent {told['agent']} "
    times, span_s = told["times"], float(told["last_at"]) - float(told["first_at"])
    if told["reason"] == "no_asterisk":
        return f"{reason}, for {span_s:.1f} s; {left(told['left_s'])} when it began"
    if times == 1:
        return f"passed over: {who}{reason}; {left(told['left_s'])}"
    return (
        f"passed over {times} times within {span_s:.1f} s, the last time {who}{reason};"
        f" {left(told['left_s'])} at the first, {left(told['last_left_s'])} at the last"
    )


def left(left_s: float) -> str:
    """`12.0 s left to the target` or `3.5 s past the target`."""
    return f"{left_s:.1f} s left to the target" if left_s >= 0 else f"{-left_s:.1f} s past the target"


def others_of(passed_over: list[Detail], word: str) -> list[str]:
    """One indented line for each kind of seats, or line of callers, that was looked at."""
    told = []
    for other in passed_over:
        count = f"{other['count']} " if other.get("count") else ""
        time_left = f", {left(other['left_s'])}" if other.get("left_s") is not None else ""
        first = f" (first in line: call {other['call']}{time_left})" if other.get("call") else ""
        told.append(f"  {word}{other['who']}: {count}{other['why']}{first}")
    return told


def _offered(d: Detail) -> list[str]:
    service = d["service"] or "not chosen"
    if d.get("segment", 1) > 1:
        return [f"transferred to queue {d['queue']}: offered again as segment {d['segment']}; the clock starts anew"]
    return [f"asked for a person: service {service}, tier {d['tier']}, queue {d['queue']}; the clock starts"]


def _kept_waiting(d: Detail) -> list[str]:
    alike = (
        f"{d['alike']} more caller{'s' if d['alike'] != 1 else ''} of its class wait{'s' if d['alike'] == 1 else ''}"
    )
    place = "first in its line" if d["is_first"] else "behind them, first come, first served"
    line = f"{alike}, it is {place}" if d["alike"] else "nobody else of its class waits"
    return [f"waits: nobody can take it now; {line}; {left(d['left_s'])}", *others_of(d["candidates"], "")]


def _decision(d: Detail) -> list[str]:
    given = f"given to agent {d['agent']} at seat {d['seat']}: {d['rule']}"
    step = f"; made possible by the step: {d['step']}" if d.get("step") else ""
    told = f"{given}; waited {d['waited_s']:.3f} s, {left(d['left_s'])}{step}"
    return [told, *others_of(d["passed_over"], "passed over ")]


def _rang(d: Detail) -> list[str]:
    milliseconds = float(d["idle_to_ring_s"]) * 1000
    return [f"seat {d['seat']} rings, {milliseconds:.1f} ms after agent and caller were free for each other"]


def _closed(d: Detail) -> list[str]:
    rang = f" after {d['rang_s']:.1f} s of ringing" if d["rang_s"] else ", the seat never rang"
    return [f"the offer to agent {d['agent']} ended: {d['result'].replace('_', ' ')}{rang}"]


def _answered(d: Detail) -> list[str]:
    kept = "within" if d["in_target"] else "beyond"
    return [f"agent {d['agent']} answered after {d['wait_s']:.3f} s of waiting, {kept} the target"]


def _record(d: Detail) -> list[str]:
    offers = "1 offer" if d["offers"] == 1 else f"{d['offers']} offers"
    match d["outcome"]:
        case "menu":
            told = {
                "closed": f"the queue {d['queue']} was closed",
                "message": f"the queue {d['queue']} was closed, and the caller left a message",
            }
            return [f"over: ended in the menu ({d['reason']}), {told.get(d['reason'], 'no person was asked for')}"]
        case "answered":
            spans = f"waited {d['wait_s']:.3f} s, talked {d['talk_s']:.1f} s"
            if d["reason"] == "transferred":
                return [f"sent on by agent {d['agent']}; {spans}, {offers}"]
            return [f"over: answered, ended by {d['reason']}; {spans}, {offers}"]
        case "abandoned":
            return [f"over: the caller hung up while {d['reason']}, after {d['wait_s']:.3f} s, {offers}"]
        case _:
            return [f"over: {d['outcome']} ({d['reason']}), after {d['wait_s']:.3f} s, {offers}"]


def _still_there(d: Detail) -> list[str]:
    """Of a call that is not over: where it is now, from the router's own memory."""
    if d["state"] != "waiting":
        return [f"now: {d['state']}{' with agent ' + d['agent'] if d['agent'] else ''}"]
    if d["held_for"]:
        return [f"now: waits for its own agent {d['held_for']}; {left(d['left_s'])}"]
    place = f"number {d['position']} of {d['alike'] + 1} in its line"
    return [f"now: waits for {d['waited_s']:.1f} s, {place}; {left(d['left_s'])}", *others_of(d["candidates"], "")]


def _announced(d: Detail) -> list[str]:
    told = [f"its place is number {d['place']}"] if d["place"] else []
    told += [f"the wait is about {d['minutes']} minute{'s' if d['minutes'] != 1 else ''}"] if d["minutes"] else []
    spread = f" (estimate {d['low_s']:.0f} to {d['high_s']:.0f} s)" if d["low_s"] is not None else ""
    return [f"was told that {' and '.join(told) or 'all agents are busy'}{spread}"]


def _tried(d: Detail) -> list[str]:
    why = {"agent": "the agent hung up first"}.get(d["result"], f"the customer: {d['result'].replace('_', ' ')}")
    again = f"again in {d['again_at'] - d['at']:.0f} s" if d["again_at"] is not None else "not tried again"
    return [f"called back by agent {d['agent']}, try {d['tries']}: {why}; {again}"]


SENTENCES: dict[str, Callable[[Detail], list[str]]] = {
    "CallEntered": lambda d: [f"{d['caller']} called and was met by the menu"],
    "CallOffered": _offered,
    "CallKeptWaiting": _kept_waiting,
    "CallPassedOver": lambda d: [pass_of(told) for told in d["passes"]],
    "CallWidened": lambda d: [
        f"a step of the queue's recipe is taken after {d['waited_s']:.3f} s of waiting: {d['step']}"
    ],
    "CallSent": lambda d: [f"leaves the line after {d['waited_s']:.3f} s of waiting: {d['way']}"],
    "MessageTaken": lambda d: [f"left a message of {d['length_s']:.0f} s: {d['file']}"],
    "CallbackPromised": lambda d: [
        f"hung up and keeps its place: called back within {d['promised_at'] - d['queued_at']:.0f} s of its queue entry"
    ],
    "CallbackTried": _tried,
    "Announced": _announced,
    "CallHeld": lambda d: [
        f"waits for its own agent {d['agent']}, who is at work, for at most {d['for_s']:.1f} s; then for anyone"
    ],
    "Decision": _decision,
    "SeatRang": _rang,
    "OfferClosed": _closed,
    "CallAnswered": _answered,
    "CallRecord": _record,
    "WrappedUp": lambda d: [f"agent {d['agent']} was done with it after {d['wrap_up_s']:.1f} s of after-call work"],
    "StillThere": _still_there,
    "MemoryAway": lambda _: ["now: not known, the router's memory cannot be read (Redis or Valkey does not answer)"],
}

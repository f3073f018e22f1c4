"""A call's history as a story: every fact at its time, and where the wait went.

Owns the order and the spans. Must not read a database, nor know the words of a fact (sentences.py does).
Rules: design.md section 3 (every decision leaves a record); each stretch of a wait has one cause.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from jietong.processes.sentences import pass_of, sentences_of
from routing.adapters.records import HISTORY_LINES, HistoryLine

SHORTEST_S = 0.0005


@dataclass(frozen=True)
class StoryLine:
    """One fact in words, the first text the main one."""

    at: float
    texts: list[str]


@dataclass(frozen=True)
class Stretch:
    """A part of the wait with one cause."""

    began_at: float
    ended_at: float
    cause: str

    @property
    def span_s(self) -> float:
        """How long it was."""
        return self.ended_at - self.began_at


def explain_lines(call_id: str, history: Sequence[HistoryLine], zone: ZoneInfo) -> Iterator[str]:
    """One line a fact, with the clock and the seconds since the first; then where the wait went."""
    began = history[0].at
    yield f"call {call_id}, {datetime.fromtimestamp(began, zone).strftime('%Y-%m-%d %H:%M:%S %Z')}"
    for line in story_of(history):
        clock = datetime.fromtimestamp(line.at, zone).strftime("%H:%M:%S")
        for number, text in enumerate(line.texts):
            yield f"{clock} {line.at - began:9.3f} s  {text}" if number == 0 else f"{'':20}  {text}"
    if len(history) >= HISTORY_LINES:
        yield f"(a call keeps {HISTORY_LINES} lines: some of its later offers are left out)"
    stretches = stretches_of(history)
    if stretches:
        total_s = sum(stretch.span_s for stretch in stretches)
        yield f"where the wait of {total_s:.3f} s went:"
        for stretch in stretches:
            clock = datetime.fromtimestamp(stretch.began_at, zone).strftime("%H:%M:%S")
            yield f"{clock} {stretch.span_s:9.3f} s  {stretch.cause}"


def story_of(history: Sequence[HistoryLine]) -> list[StoryLine]:
    """Facts in words by time; what is merged at the end of a call is told where it began."""
    lines = []
    for line in history:
        if line.kind == "CallPassedOver":
            lines += [StoryLine(told["first_at"], [pass_of(told)]) for told in line.detail["passes"]]
        else:
            lines.append(StoryLine(line.at, sentences_of(line.kind, line.detail)))
    return sorted(lines, key=lambda line: line.at)


def stretches_of(history: Sequence[HistoryLine]) -> list[Stretch]:
    """The wait from entering the queue to its end, part by part without a gap; empty for a call that never waited."""
    found: list[Stretch] = []
    began_at: float | None = None
    cause = ""
    ringing: list[str] = []
    for line in history:
        following = _cause_from(line, ringing)
        if following is None:
            continue
        if line.kind == "CallOffered":
            began_at = float(line.detail.get("entered_at") or line.detail["queued_at"])
        elif began_at is not None:
            if line.at - began_at > SHORTEST_S:
                if found and found[-1].cause == cause:
                    found[-1] = Stretch(found[-1].began_at, line.at, cause)
                else:
                    found.append(Stretch(began_at, line.at, cause))
            began_at = None if not following else line.at
        cause = following
    return found


def _cause_from(line: HistoryLine, ringing: list[str]) -> str | None:
    """What keeps the caller waiting from this fact on; None when the fact changes nothing, empty when the wait is over. `ringing`: seats asked and not closed."""
    d = line.detail
    match line.kind:
        case "CallOffered":
            return "on the way into its line"
        case "CallKeptWaiting":
            return "in line: no agent who may serve it was free for it"
        case "CallHeld":
            return f"waiting for its own agent {d['agent']}"
        case "Decision":
            ringing.append(d["seat"])
        case "OfferClosed":
            if d["seat"] in ringing:
                ringing.remove(d["seat"])
            if d["result"] in ("answered", "answered_elsewhere"):
                return None
            if not ringing:
                return f"back to the line from seat {d['seat']} ({d['result'].replace('_', ' ')})"
        case "CallAnswered" | "CallRecord" | "StillThere":
            return ""
        case _:
            return None
    seats = " and ".join(ringing)
    return f"seat{'s' if len(ringing) > 1 else ''} {seats} {'were' if len(ringing) > 1 else 'was'} asked and rang"

"""What people see of the demonstration: a live picture on a terminal, a line every few seconds elsewhere, a table at the end.

Owns layout and words; must not start, count or decide anything.
"""

import time
from collections import Counter, deque
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from routing.facts import CallRecord

EVENTS = 10
LINE_EVERY_S = 3.0
PICTURE_EVERY_S = 0.5
BAR = 30
_CALLS = {"menu": "in the menu", "waiting": "waiting", "ringing": "ringing", "talking": "talking"}
_AGENTS = ("ready", "offered", "ringing", "talking", "wrap_up", "missed", "not_ready", "unreachable")


class Screen:
    """Shows one demonstration; use as a context manager, so that the terminal is whole again at the end."""

    def __init__(self, console: Console, rate_before: float | None) -> None:
        self._console, self._before = console, rate_before
        self._began = time.monotonic()
        self._events: deque[str] = deque(maxlen=EVENTS)
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self.every_s = PICTURE_EVERY_S if self._live else LINE_EVERY_S

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def note(self, text: str) -> None:
        """Something happened."""
        self._events.append(f"{time.monotonic() - self._began:5.1f} s  {text}")

    def show(self, told: dict[str, Any], made: int) -> None:
        """The site's status now; `made` calls so far."""
        states = Counter(agent["state"] for agent in told["agents"])
        if self._live:
            self._live.update(self._picture(told, states, made), refresh=True)
            return
        calls = ", ".join(f"{told['calls'][state]} {words}" for state, words in _CALLS.items())
        agents = ", ".join(f"{states[state]} {state.replace('_', ' ')}" for state in _AGENTS if states[state])
        last = f" | {self._events[-1].strip()}" if self._events else ""
        line = f"{made} calls made: {calls} | agents: {agents or 'none'} | answer rate {percent(_rate(told))}{last}"
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)

    def _picture(self, told: dict[str, Any], states: Counter[str], made: int) -> Group:
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        table.add_column("calls")
        table.add_column("", justify="right")
        table.add_column("", style="cyan", min_width=12)
        table.add_column("agents")
        table.add_column("", justify="right")
        table.add_column("", style="green", min_width=8)
        calls = [(words, told["calls"][state]) for state, words in _CALLS.items()] + [("made so far", made)]
        for number, state in enumerate(_AGENTS):
            words, count = calls[number] if number < len(calls) else ("", None)
            bar = "" if count is None or words == "made so far" else "■" * min(count, 12)
            cells = (words, "" if count is None else str(count), bar)
            table.add_row(*cells, state.replace("_", " "), str(states[state]), "■" * min(states[state], 8))
        rate = _rate(told)
        full = round((rate or 0.0) * BAR)
        bar = Text("█" * full, style="green") + Text("░" * (BAR - full), style="dim")
        answer_rate = Text("answer rate this hour  ") + bar
        answer_rate.append(f"  {percent(rate)}  (before: {percent(self._before)})", style="bold")
        padded = [*self._events, *[""] * (EVENTS - len(self._events))]
        return Group(table, answer_rate, Text(), Text("\n".join(padded), style="dim", no_wrap=True))


def summary(records: Sequence[CallRecord]) -> Table:
    """What became of the calls, by tier, with the mean wait of those who asked for a person."""
    table = Table(title="What became of the calls", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("tier", "calls", "answered", "abandoned", "in the menu", "mean wait", "in target"):
        table.add_column(name, justify="left" if name == "tier" else "right", no_wrap=True)
    for tier in sorted({record.tier for record in records}, key=lambda tier: (tier == "", tier != "vip", tier)):
        table.add_row(*_row(tier or "(menu only)", [record for record in records if record.tier == tier]))
    table.add_section()
    table.add_row(*_row("all", records), style="bold")
    return table


def percent(rate: float | None) -> str:
    """A share for people; none when no call counts yet."""
    return "none" if rate is None else f"{rate:.1%}"


def _rate(told: dict[str, Any]) -> float | None:
    rate: float | None = told["answer_rate"]["hour"]
    return rate


def _row(name: str, records: Sequence[CallRecord]) -> list[str]:
    kinds = Counter(record.outcome.value for record in records)
    waits = [record.wait_s for record in records if record.queued_at is not None]
    mean = f"{sum(waits) / len(waits):.1f} s" if waits else ""
    kept = f"{sum(record.in_target for record in records)} of {kinds['answered']}" if kinds["answered"] else ""
    return [name, str(len(records)), *(str(kinds[kind]) for kind in ("answered", "abandoned", "menu")), mean, kept]

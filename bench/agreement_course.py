"""What Asterisk, callers and agents of a live site did, read from its journal, for the virtual side of the agreement.

Owns what the simulator is told. Must not tell it anything that a router decides.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence

from bench.agreement_robots import ANSWER_S
from routing.adapters.journal_reader import JournalEntry
from routing.events import CallEnded, CallQueued, Tick
from routing.facts import Decision, OfferClosed
from routing.model import Call

LATE_S = 1.0  # by which a clock may ring late; a deadline that no wake-up on record followed so soon is kept as it is
NOT_BY_SEAT = ("abandoned", "answered_elsewhere", "lost")  # how an offer ends without a word from its seat
EARLY_S = 1e-4  # sums of the same times in another order differ in their last digits


class RecordedCourse:
    """What happened, by the caller's number and the count of its offers.

    entered_at, left_at   caller -> when the router heard that it waits for the first time, and that it is gone
    """

    def __init__(self, entries: Sequence[JournalEntry]) -> None:
        self.entered_at: dict[str, float] = {}
        self.left_at: dict[str, float] = {}
        self._rings: dict[tuple[str, int], tuple[float, bool]] = {}
        self._returns: dict[tuple[str, int], float] = {}
        self._wakes = [entry.event.at for entry in entries if isinstance(entry.event, Tick)]
        self._callers: dict[str, str] = {}
        self._offered: dict[str, list[float]] = {}
        self._failed_at: dict[str, float] = {}
        for entry in entries:
            self._hear(entry)

    def ring(self, call: Call, seat: str) -> tuple[float, bool]:
        """As of `simulation.phones.Course`. An offer that the live site did not make is answered as the robots do."""
        return self._rings.get((call.caller, call.offers), (ANSWER_S, True))

    def returns(self, call: Call) -> float:
        """As of `simulation.phones.Course`."""
        return self._returns.get((call.caller, call.offers), 0.0)

    def wakes(self, due_at: float) -> float:
        """As of `simulation.phones.Course`."""
        place = bisect_left(self._wakes, due_at - EARLY_S)
        woke_at = self._wakes[place] if place < len(self._wakes) else due_at
        return woke_at if woke_at <= due_at + LATE_S else due_at

    def _hear(self, entry: JournalEntry) -> None:
        event = entry.event
        if isinstance(event, CallQueued):
            self._callers[event.call] = event.caller
            self.entered_at.setdefault(event.caller, event.at)
            self.left_at.pop(event.caller, None)
            if event.call in self._failed_at:
                key = (event.caller, len(self._offered[event.call]))
                self._returns[key] = event.at - self._failed_at.pop(event.call)
        elif isinstance(event, CallEnded) and event.call in self._callers:
            self.left_at.setdefault(self._callers[event.call], event.at)
        for fact in entry.facts:
            if isinstance(fact, Decision):
                self._offered.setdefault(fact.call, []).append(fact.at)
            elif isinstance(fact, OfferClosed) and fact.call in self._offered:
                offers, is_answered = self._offered[fact.call], fact.result == "answered"
                took_s = math.inf if fact.result in NOT_BY_SEAT else fact.at - offers[-1]
                self._rings[self._callers[fact.call], len(offers)] = (took_s, is_answered)
                if not is_answered:
                    self._failed_at[fact.call] = fact.at
                if fact.result == "abandoned":  # the seat's side ends a moment before the caller's
                    self.left_at[self._callers[fact.call]] = fact.at

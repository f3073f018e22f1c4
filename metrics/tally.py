"""The counts behind `/metrics`: a fold over the facts of the journal.

Owns what each fact adds. Must not know Prometheus nor read a clock.
Rules: design.md section 5 (names and meaning); a fact stream may begin in the middle of calls.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from metrics.histogram import DECISION_BOUNDS_S, RING_BOUNDS_S, WAIT_BOUNDS_S, Histogram
from metrics.kpi import HourCount
from routing.facts import CallAnswered, CallOffered, CallRecord, Fact, OfferClosed, Outcome, SeatRang

VERSION = 1
KEEP_HOURS = 24 * 400  # more than a year, for the year's answer rate
HourOf = Callable[[float], str]
Key = tuple[str, str]  # queue, tier


class TallyRefusedError(ValueError):
    """A stored tally is of another version or damaged: start from an empty one."""


@dataclass(slots=True)
class ClassTally:
    """Counts of one queue and tier."""

    offered: int = 0
    answered: int = 0
    in_target: int = 0
    lost: int = 0
    abandoned: dict[str, int] = field(default_factory=lambda: {"waiting": 0, "ringing": 0})
    offers: dict[str, int] = field(default_factory=lambda: {"answered": 0, "no_answer": 0})
    answer_wait: Histogram = field(default_factory=lambda: Histogram(WAIT_BOUNDS_S))
    abandon_wait: Histogram = field(default_factory=lambda: Histogram(WAIT_BOUNDS_S))
    idle_to_ring: Histogram = field(default_factory=lambda: Histogram(RING_BOUNDS_S))
    hours: dict[str, HourCount] = field(default_factory=dict)


class Tally:
    """All counts. `hour_of` gives the clock hour (YYYY-MM-DDTHH, site's time zone) of an epoch time."""

    def __init__(self, hour_of: HourOf, classes: Iterable[Key] = ()) -> None:
        self._hour_of = hour_of
        self.classes: dict[Key, ClassTally] = {key: ClassTally() for key in classes}
        self.menu_calls = 0
        self.decisions = Histogram(DECISION_BOUNDS_S)

    def add_decision(self, decision_us: float) -> None:
        """One step of the router took so many microseconds."""
        self.decisions.add(decision_us / 1e6)

    def add(self, fact: Fact) -> None:
        """Counts one fact."""
        match fact:
            case CallOffered():
                self._of(fact.queue, fact.tier).offered += 1
            case CallAnswered():
                self._add_answer(fact)
            case OfferClosed():
                offers = self._of(fact.queue, fact.tier).offers
                offers[fact.result] = offers.get(fact.result, 0) + 1
            case SeatRang():
                self._of(fact.queue, fact.tier).idle_to_ring.add(fact.idle_to_ring_s)
            case CallRecord():
                self._add_record(fact)
            case _:
                pass

    def hours(self) -> dict[str, HourCount]:
        """Counts by clock hour over all queues and tiers."""
        together: dict[str, HourCount] = {}
        for tally in self.classes.values():
            for hour, count in tally.hours.items():
                sum_ = together.setdefault(hour, HourCount())
                sum_.offered += count.offered
                sum_.answered += count.answered
        return together

    def hour_of(self, at: float) -> str:
        """The clock hour of an epoch time."""
        return self._hour_of(at)

    def _of(self, queue: str, tier: str) -> ClassTally:
        return self.classes.setdefault((queue, tier), ClassTally())

    def _add_answer(self, fact: CallAnswered) -> None:
        tally = self._of(fact.queue, fact.tier)
        tally.answered += 1
        tally.in_target += fact.in_target
        tally.answer_wait.add(fact.wait_s)
        hour = self._hour(tally, fact.at - fact.wait_s)
        hour.offered += 1
        hour.answered += 1

    def _add_record(self, fact: CallRecord) -> None:
        if fact.outcome is Outcome.MENU:
            self.menu_calls += 1
            return
        tally = self._of(fact.queue, fact.tier)
        if fact.outcome is Outcome.ABANDONED:
            tally.abandoned[fact.reason] = tally.abandoned.get(fact.reason, 0) + 1
            tally.abandon_wait.add(fact.wait_s)
        elif fact.outcome is Outcome.LOST:
            tally.lost += 1
        if fact.outcome is not Outcome.ANSWERED and fact.queued_at is not None:
            self._hour(tally, fact.queued_at).offered += 1

    def _hour(self, tally: ClassTally, at: float) -> HourCount:
        hour = self._hour_of(at)
        count = tally.hours.get(hour)
        if count is None:
            count = tally.hours[hour] = HourCount()
            while len(tally.hours) > KEEP_HOURS:
                del tally.hours[min(tally.hours)]
        return count

    def to_plain(self) -> dict[str, Any]:
        """All counts as values for JSON (an encoder that knows dataclasses)."""
        rows = [[queue, tier, tally] for (queue, tier), tally in self.classes.items()]
        return {"version": VERSION, "menu_calls": self.menu_calls, "decisions": self.decisions, "classes": rows}

    def load_plain(self, plain: dict[str, Any]) -> None:
        """Takes over what `to_plain` gave, after JSON. Raises TallyRefusedError; then nothing was changed."""
        if plain.get("version") != VERSION:
            raise TallyRefusedError(f"tally of version {plain.get('version')!r}, this one reads {VERSION}")
        try:
            loaded = {(queue, tier): _class_of(values) for queue, tier, values in plain["classes"]}
            decisions, menu_calls = _histogram_of(plain["decisions"], DECISION_BOUNDS_S), int(plain["menu_calls"])
        except (KeyError, TypeError, ValueError) as error:
            raise TallyRefusedError(f"stored tally is damaged: {error!r}") from error
        self.classes.update(loaded)
        self.decisions, self.menu_calls = decisions, menu_calls


def _class_of(values: dict[str, Any]) -> ClassTally:
    return ClassTally(
        **{
            **values,
            "answer_wait": _histogram_of(values["answer_wait"], WAIT_BOUNDS_S),
            "abandon_wait": _histogram_of(values["abandon_wait"], WAIT_BOUNDS_S),
            "idle_to_ring": _histogram_of(values["idle_to_ring"], RING_BOUNDS_S),
            "hours": {hour: HourCount(**count) for hour, count in values["hours"].items()},
        }
    )


def _histogram_of(values: dict[str, Any], bounds: tuple[float, ...]) -> Histogram:
    if tuple(values["bounds"]) != bounds or len(values["counts"]) != len(bounds) + 1:
        raise ValueError("other buckets")
    return Histogram(bounds, list(values["counts"]), float(values["total"]))

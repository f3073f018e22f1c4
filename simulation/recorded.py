"""Turns what a live site has on record into calls that can be simulated: yesterday again, with other rules or seats.

Owns how what the record leaves open is filled by chance. Must not read a store.
Rules: theory.md section 4. Patience is what a caller who hung up had waited; of others it is known only to be longer, and an exponential rest with
the tier's mean (seconds waited by all / callers who hung up) is added. A caller whom nobody answered talks as long as a random answered one.
"""

import math
from collections.abc import Iterable, Sequence

from routing.events import CallQueued, Event
from routing.facts import CallRecord, Fact, Outcome, WrappedUp
from simulation.arrival import Arrival, TrafficError
from simulation.chance import Distribution, uniform

_REST, _TALK = 7, 8  # turns of a call's luck
LEAST_PATIENCE_S = 0.001


class Recorded:
    """Collects events and facts of a journal, in order; test calls of ours are no traffic."""

    def __init__(self) -> None:
        self._queued: dict[tuple[str, int], CallQueued] = {}
        self._records: list[CallRecord] = []
        self._wrap_ups: dict[tuple[str, int], float] = {}

    def add(self, event: Event | None, facts: Iterable[Fact]) -> None:
        """One line of the journal."""
        if isinstance(event, CallQueued):
            self._queued.setdefault((event.call, event.segment), event)
        for fact in facts:
            if isinstance(fact, CallRecord):
                if fact.outcome is not Outcome.MENU and not fact.is_probe:
                    self._records.append(fact)
            elif isinstance(fact, WrappedUp):
                self._wrap_ups[fact.call, fact.segment] = fact.wrap_up_s

    def arrivals(self, seed: int) -> list[Arrival]:
        """The calls in order of their entry; raises TrafficError when there is none, or none was answered."""
        records = sorted(self._records, key=_entered)
        talks = {tier: _talks(records, tier) for tier in {record.tier for record in records}}
        every = _talks(records, None)
        if not records or not every:
            raise TrafficError("the record has no answered call: how long callers talk is not known")
        patience = {tier: _mean_patience(records, tier) for tier in talks}
        return [
            self._arrival(record, talks[record.tier] or every, patience[record.tier], seed, n)
            for n, record in enumerate(records)
        ]

    def _arrival(self, record: CallRecord, talks: Sequence[float], mean_s: float, seed: int, number: int) -> Arrival:
        luck = int(uniform(seed, number) * 2**53) + 1
        key = (record.call, record.segment)
        queued = self._queued.get(key)
        is_answered = record.outcome is Outcome.ANSWERED
        rest_s = 0.0 if record.outcome is Outcome.ABANDONED else Distribution(mean_s).at(uniform(luck, _REST))
        return Arrival(
            _entered(record),
            record.talk_s if is_answered else talks[int(uniform(luck, _TALK) * len(talks))],
            max(LEAST_PATIENCE_S, record.wait_s + rest_s),
            record.queue,
            record.tier,
            self._wrap_ups.get(key, record.wrap_up_s),
            luck,
            0,
            record.caller,
            record.service,
            record.language,
            queued.customer_class if queued is not None else "",
            queued.representative if queued is not None else "",
        )


def _entered(record: CallRecord) -> float:
    if record.entered_at is not None:
        return record.entered_at
    return record.queued_at if record.queued_at is not None else record.arrived_at


def _talks(records: Iterable[CallRecord], tier: str | None) -> list[float]:
    return [r.talk_s for r in records if r.outcome is Outcome.ANSWERED and tier in (None, r.tier)]


def _mean_patience(records: Iterable[CallRecord], tier: str) -> float:
    """Exponential and censored; endless when nobody hung up."""
    waits = [(r.wait_s, r.outcome is Outcome.ABANDONED) for r in records if r.tier == tier]
    gone = sum(is_gone for _, is_gone in waits)
    return sum(wait_s for wait_s, _ in waits) / gone if gone else math.inf

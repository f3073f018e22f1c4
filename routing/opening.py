"""When queues are open and when it is public holiday, as the router was told, and what that means for a promise.

Owns the reckoning with these plain stretches of time. Must not know schedules, calendars or time zones.
Rules: docs/guide/callback.md; domain.md H4. Times are epoch seconds; a stretch is from and before, in order and apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from routing.rules import CallbackRules

Stretches = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class OpeningTimes:
    """`queues`: when each is open, as far as it is known; one that is not named is always open."""

    queues: Mapping[str, Stretches] = field(default_factory=dict)
    holidays: Stretches = ()

    def closed_at(self, at: float) -> frozenset[str]:
        """The queues that are closed at `at`."""
        return frozenset(queue for queue, times in self.queues.items() if _end_of(times, at) is None)

    def due_at(self, queue: str, asked_at: float, line_at: float, rules: CallbackRules) -> float:
        """By when a customer who asked at `asked_at`, in line since `line_at`, shall be reached.

        On working days `promise_s` after its queue entry, the time not counted in which the queue is closed from now on. On public
        holidays `holiday_promise_s` by the clock, and before the queue closes; while it is closed it counts from its opening.
        """
        is_holiday = _end_of(self.holidays, asked_at) is not None
        due_at = line_at + (rules.holiday_promise_s if is_holiday else rules.promise_s)
        times = self.queues.get(queue)
        if times is None or due_at <= asked_at:
            return due_at
        closes_at = _end_of(times, asked_at)
        if is_holiday and closes_at is not None:
            return min(due_at, closes_at)
        return _open_for(times, asked_at, due_at - asked_at)


def _end_of(times: Stretches, at: float) -> float | None:
    return next((end for start, end in times if start <= at < end), None)


def _open_for(times: Stretches, since: float, span_s: float) -> float:
    """When it will have been open for `span_s` since then; what is left behind the last known stretch goes by the clock."""
    reached_at = since
    for start, end in times:
        begins_at = max(start, since)
        if end <= begins_at:
            continue
        if begins_at + span_s <= end:
            return begins_at + span_s
        span_s -= end - begins_at
        reached_at = end
    return reached_at + span_s

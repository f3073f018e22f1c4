"""One line in the log for each kind of event that changed nothing, with a count, however many come.

Owns when a line is written and how many kinds are told apart. Must not know why events are ignored (the engine says it).
Rules: issue of routing in full, bad input; a flood of nonsense must not become a flood of lines.
"""

import logging
from collections import Counter

from routing.facts import EventIgnored
from routing.ignored import reason_of

log = logging.getLogger(__name__)

EVERY_S = 60.0


class IgnoredLog:
    """Counts ignored events by kind and reason (both closed sets); the first of a kind is logged at once, then a sum a minute at most."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._told: dict[tuple[str, str], tuple[float, int]] = {}

    def note(self, fact: EventIgnored) -> None:
        """Takes one in."""
        kind = (fact.event, reason_of(fact.because))
        self.counts[kind] += 1
        at, told = self._told.get(kind, (fact.at - EVERY_S, 0))
        if fact.at - at >= EVERY_S:
            count = self.counts[kind]
            self._told[kind] = (fact.at, count)
            log.warning(
                "events ignored", extra={"kind": kind[0], "reason": kind[1], "count": count - told, "in_all": count}
            )

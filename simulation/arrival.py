"""A call as it comes to the hotline: everything about it that no router can change.

Owns the one record that models, traces and journals are turned into, and the order in which it must come. Must not know who answers.
Times are epoch seconds, spans seconds.
"""

import math
from collections.abc import Iterable, Iterator

from routing.values import value


class TrafficError(ValueError):
    """Calls that cannot be simulated: the text names the call, the figure and the way out."""


@value
class Arrival:
    """One call that asks for a person at `at`.

    queue, tier    empty: the site's own; the same words as in the site file
    talk_s         how long it will talk; wrap_up_s of its agent afterwards, None: the site's
    patience_s     how long it waits before it hangs up, `inf` for ever
    luck           seed of everything else that chance decides about it
    tries          how often it has called before: 1 and more for callers who hung up and call again
    representative number of its own agent
    """

    at: float
    talk_s: float
    patience_s: float = math.inf
    queue: str = ""
    tier: str = ""
    wrap_up_s: float | None = None
    luck: int = 0
    tries: int = 0
    caller: str = ""
    service: str = ""
    language: str = ""
    customer_class: str = ""
    representative: str = ""


def in_order(arrivals: Iterable[Arrival]) -> Iterator[Arrival]:
    """The same calls; raises TrafficError at the first that is out of order or impossible."""
    last_at = -math.inf
    for number, arrival in enumerate(arrivals, 1):
        if not arrival.at >= last_at or arrival.at == math.inf:
            raise TrafficError(
                f"call {number} comes at {arrival.at:.3f}, {last_at - arrival.at:.3f} s before the one it follows: sort the calls by time"
            )
        if not 0 <= arrival.talk_s < math.inf:
            raise TrafficError(f"call {number} talks for {arrival.talk_s:g} s: it must be 0 or more, and end")
        if not arrival.patience_s > 0:
            raise TrafficError(
                f"call {number} has a patience of {arrival.patience_s:g} s: it must be above 0, or inf for a caller who never hangs up"
            )
        last_at = arrival.at
        yield arrival

"""How many agents were there, as far as their calls show: for days of which no plan of shifts is kept.

Owns this inference. Must not read files. Rules: an agent is there from its first answer to its last hang-up, but for gaps longer than
`BREAK_S` without a call; idle time before the first and after the last call of a stretch does not show, so that the count is a little low.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from planning.demand import HALF_HOUR_S, SLOTS
from planning.past_calls import PastCall

BREAK_S = 45 * 60.0


def stretches(calls: Iterable[PastCall]) -> dict[str, list[tuple[float, float]]]:
    """For each agent when it was there, epoch seconds from and before, in order."""
    talks = defaultdict[str, list[tuple[float, float]]](list)
    for call in calls:
        if call.agent and call.talk_s is not None:
            talks[call.agent].append((call.at + call.wait_s, call.at + call.wait_s + call.talk_s))
    found: dict[str, list[tuple[float, float]]] = {}
    for agent, spans in talks.items():
        joined: list[tuple[float, float]] = []
        for start_at, end_at in sorted(spans):
            if joined and start_at - joined[-1][1] <= BREAK_S:
                joined[-1] = (joined[-1][0], max(joined[-1][1], end_at))
            else:
                joined.append((start_at, end_at))
        found[agent] = joined
    return found


def agents_there(spans: Iterable[Sequence[tuple[float, float]]], midnight_at: float) -> tuple[int, ...]:
    """Agents in each half hour of the day that begins at `midnight_at`: their minutes in it, rounded to whole agents."""
    seconds = [0.0] * SLOTS
    for stretch in spans:
        for start_at, end_at in stretch:
            for slot in range(SLOTS):
                from_at = midnight_at + slot * HALF_HOUR_S
                seconds[slot] += max(0.0, min(end_at, from_at + HALF_HOUR_S) - max(start_at, from_at))
    return tuple(round(total / HALF_HOUR_S) for total in seconds)

"""How long agents were in which state, cut into half-hours.

Owns which state counts as what, and the cutting. Must not know where it is kept.
Rules: docs/reports.md; an agent is in one state from one AgentChanged to the next, and is on record up to the last one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from metrics.agent_figures import AgentSeconds
from metrics.spans import SLOT_S
from routing.facts import AgentChanged, AgentState

LONGEST_S = 4 * 3600.0  # a state that lasts longer was not watched (the site stood still): only so much of it counts
FIELD_OF = {
    AgentState.READY: "ready_s",
    AgentState.OFFERED: "ringing_s",
    AgentState.RINGING: "ringing_s",
    AgentState.TALKING: "talking_s",
    AgentState.WRAP_UP: "wrap_up_s",
    AgentState.MISSED: "missed_s",
    AgentState.NOT_READY: "not_ready_s",
}


@dataclass(slots=True)
class AgentTimes:
    """Folds changes of agents' states into seconds by half-hour.

    now      agent -> its state, and since when
    seconds  (agent, beginning of the half-hour) -> seconds since the last `take`
    shift_s  see spans.Slots
    """

    now: dict[str, tuple[AgentState, float]] = field(default_factory=dict)
    seconds: dict[tuple[str, float], AgentSeconds] = field(default_factory=dict)
    shift_s: float = 0.0

    def add(self, fact: AgentChanged) -> None:
        """Counts the state that ends. A clock that was put back makes no negative time."""
        state, since = self.now.get(fact.agent, (AgentState.LOGGED_OUT, fact.at))
        name = FIELD_OF.get(state)
        if name is not None:
            for slot_at, spent_s in halves(since, min(fact.at, since + LONGEST_S), self.shift_s):
                into = self.seconds.setdefault((fact.agent, slot_at), AgentSeconds())
                setattr(into, name, getattr(into, name) + spent_s)
        self.now[fact.agent] = (fact.state, fact.at)


def halves(start_at: float, end_at: float, shift_s: float) -> Iterator[tuple[float, float]]:
    """(beginning of the half-hour, seconds in it) of a span; nothing when it ends before it starts."""
    at = start_at
    while at < end_at:
        slot_at = (at + shift_s) // SLOT_S * SLOT_S - shift_s
        upto = min(end_at, slot_at + SLOT_S)
        yield slot_at, upto - at
        at = upto

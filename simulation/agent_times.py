"""How long agents were in which state: what occupancy is reckoned from.

Owns that fold over `AgentChanged` facts. Must not know where they come from.
Rules: occupancy is busy time over time at work (talk, ring and wrap-up over these and ready).
"""

from dataclasses import dataclass, field

from routing.facts import AgentChanged, AgentState, Fact

BUSY = (AgentState.OFFERED, AgentState.RINGING, AgentState.TALKING, AgentState.WRAP_UP)


@dataclass(slots=True)
class AgentTimes:
    """Seconds by state over all agents; `logged_in` are at it now, until `close`."""

    seconds: dict[AgentState, float] = field(default_factory=dict)
    _since: dict[str, tuple[AgentState, float]] = field(default_factory=dict)

    def add(self, fact: Fact) -> None:
        """Notes a change; other facts say nothing."""
        if type(fact) is AgentChanged:
            self._note(fact.agent, fact.state, fact.at)

    def close(self, at: float) -> None:
        """The end: everybody's present state counts until `at`."""
        for agent, (state, _) in list(self._since.items()):
            self._note(agent, state, at)

    def occupancy(self) -> float | None:
        """Share of their time at work that agents are busy; None when nobody worked."""
        busy_s = sum(self.seconds.get(state, 0.0) for state in BUSY)
        at_work_s = busy_s + self.seconds.get(AgentState.READY, 0.0)
        return busy_s / at_work_s if at_work_s > 0 else None

    def _note(self, agent: str, state: AgentState, at: float) -> None:
        was = self._since.get(agent)
        if was is not None:
            self.seconds[was[0]] = self.seconds.get(was[0], 0.0) + at - was[1]
        self._since[agent] = (state, at)

"""What is live now, for status pages: a fold over the facts of the journal.

Owns which calls are where and what agents do. Must not count what is over.
Rules: design.md section 3; facts of calls or agents that it never heard of are taken as they come.
"""

from dataclasses import dataclass
from typing import Any

from routing.facts import (
    AgentChanged,
    AgentState,
    CallAnswered,
    CallEntered,
    CallOffered,
    CallRecord,
    Decision,
    Fact,
    OfferClosed,
)

UNREACHABLE = "unreachable"  # shown instead of the state when a logged-in agent's device is away


@dataclass(slots=True)
class LiveCall:
    """A call that is not over. state: menu, waiting, ringing or talking; `since` of that state."""

    call: str
    caller: str
    state: str
    since: float
    queue: str = ""
    tier: str = ""
    service: str = ""
    queued_at: float | None = None
    agent: str = ""
    seat: str = ""


@dataclass(slots=True)
class LiveAgent:
    """An agent and where it sits."""

    agent: str
    seat: str
    state: str
    reason: str
    since: float
    reachable: bool
    tiers: list[str]


class LiveView:
    """Calls and agents now."""

    def __init__(self) -> None:
        self.calls: dict[str, LiveCall] = {}
        self.agents: dict[str, LiveAgent] = {}

    def add(self, fact: Fact) -> None:
        """Takes in one fact."""
        match fact:
            case CallEntered():
                self.calls[fact.call] = LiveCall(fact.call, fact.caller, "menu", fact.at)
            case CallOffered():
                self.calls[fact.call] = LiveCall(
                    fact.call, fact.caller, "waiting", fact.at, fact.queue, fact.tier, fact.service, fact.queued_at
                )
            case Decision():
                self._move(fact.call, "ringing", fact.at, fact.agent, fact.seat)
            case OfferClosed():
                if fact.result != "answered":
                    self._move(fact.call, "waiting", fact.at, "", "")
                else:
                    self._move(fact.call, "talking", fact.at, fact.agent, fact.seat)
            case CallAnswered():
                self._move(fact.call, "talking", fact.at, fact.agent, fact.seat)
            case CallRecord():
                self.calls.pop(fact.call, None)
            case AgentChanged():
                self._change_agent(fact)
            case _:
                pass

    def waiting(self) -> list[LiveCall]:
        """Calls in a queue without an agent on the line (waiting or ringing), the longest waiting first."""
        found = [call for call in self.calls.values() if call.state in ("waiting", "ringing")]
        return sorted(found, key=lambda call: (call.queued_at or call.since, call.call))

    def state_counts(self) -> dict[str, int]:
        """Agents by state; every state is there, with 0 if nobody is in it."""
        counts = {state.value: 0 for state in AgentState} | {UNREACHABLE: 0}
        for agent in self.agents.values():
            counts[shown_state(agent)] += 1
        return counts

    def to_plain(self) -> dict[str, Any]:
        """As values for JSON (an encoder that knows dataclasses)."""
        return {"calls": list(self.calls.values()), "agents": list(self.agents.values())}

    def load_plain(self, plain: dict[str, Any]) -> None:
        """Takes over what `to_plain` gave, after JSON. Raises TypeError, KeyError or ValueError when it is damaged."""
        calls = {row["call"]: LiveCall(**row) for row in plain["calls"]}
        agents = {row["agent"]: LiveAgent(**row) for row in plain["agents"]}
        self.calls, self.agents = calls, agents

    def _move(self, call: str, state: str, at: float, agent: str, seat: str) -> None:
        known = self.calls.get(call)
        if known is not None:
            known.state, known.since, known.agent, known.seat = state, at, agent, seat

    def _change_agent(self, fact: AgentChanged) -> None:
        known = self.agents.get(fact.agent)
        same = known is not None and known.state == fact.state.value
        since = known.since if known is not None and same else fact.at
        seat = "" if fact.state is AgentState.LOGGED_OUT else fact.seat
        self.agents[fact.agent] = LiveAgent(
            fact.agent, seat, fact.state.value, fact.reason, since, fact.reachable, list(fact.tiers)
        )


def shown_state(agent: LiveAgent) -> str:
    """The state to show: a logged-in agent whose device is away is unreachable, whatever it would do otherwise."""
    if not agent.reachable and agent.state in ("ready", "not_ready", "wrap_up"):
        return UNREACHABLE
    return agent.state

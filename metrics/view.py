"""What is live now, for status pages: a fold over the facts of the journal.

Owns which calls are where and what agents do. Must not count what is over.
Rules: design.md section 3; facts of calls or agents that it never heard of are taken as they come.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from routing.events import SeatState
from routing.facts import (
    AgentChanged,
    AgentState,
    CallAnswered,
    CallbackPromised,
    CallEntered,
    CallKeptWaiting,
    CallOffered,
    CallRecord,
    CallSent,
    Decision,
    Fact,
    OfferClosed,
    SeatRang,
)
from routing.model import Call, State
from routing.transitions import CallState

CALLBACK = "callback"
SENT = ("outside", "voicemail")
UNREACHABLE = "unreachable"  # shown instead of the state when a logged-in agent's device is away


@dataclass(slots=True)
class LiveCall:
    """A call that is not over. state: menu, waiting, ringing, talking, outside, voicemail or callback; `since` of that state; `rings`: seat -> agent of its open offers."""

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
    rings: dict[str, str] = field(default_factory=dict)
    is_probe: bool = False  # a test call of ours


@dataclass(slots=True)
class LiveAgent:
    """An agent and where it sits. `tiers` its seat is dedicated to (empty: everyone), `queues` it serves (empty: all)."""

    agent: str
    seat: str
    state: str
    reason: str
    since: float
    reachable: bool
    tiers: list[str]
    queues: list[str] = field(default_factory=list)


class LiveView:
    """Calls and agents now.

    agents   numbers that the site has; until something is heard of one it is logged out
    queues   agent -> the queues that it serves, for those that don't serve all
    """

    def __init__(self, agents: Iterable[str] = (), queues: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._queues = dict(queues or {})
        self.calls: dict[str, LiveCall] = {}
        self.agents: dict[str, LiveAgent] = {number: self._absent(number) for number in agents}

    def add(self, fact: Fact) -> None:
        """Takes in one fact."""
        match fact:
            case CallEntered():
                self.calls[fact.call] = LiveCall(fact.call, fact.caller, "menu", fact.at, is_probe=fact.is_probe)
            case CallOffered():
                self.calls[fact.call] = LiveCall(
                    fact.call,
                    fact.caller,
                    "waiting",
                    fact.at,
                    fact.queue,
                    fact.tier,
                    fact.service,
                    fact.queued_at if fact.entered_at is None else fact.entered_at,
                    is_probe=fact.is_probe,
                )
            case CallSent() | CallbackPromised() | CallKeptWaiting():
                self._leave_or_return(fact)
            case Decision():
                self._offer(fact)
            case SeatRang():
                self._hear_of(fact, "ringing", fact.at)
                self._ring(fact)
            case OfferClosed():
                self._close_offer(fact)
            case CallAnswered():
                self._hear_of(fact, "talking", fact.at - fact.wait_s)
            case CallRecord():
                self.calls.pop(fact.call, None)
            case AgentChanged():
                self._change_agent(fact)
            case _:
                pass

    def _leave_or_return(self, fact: CallSent | CallbackPromised | CallKeptWaiting) -> None:
        """A caller left the line in another way, or is back in it from a number outside."""
        known = self.calls.get(fact.call)
        if isinstance(fact, CallKeptWaiting):
            if known is not None and known.state in SENT:
                self._move(fact.call, "waiting", fact.at, "", "")
        else:
            self._move(fact.call, fact.way if isinstance(fact, CallSent) else CALLBACK, fact.at, "", "")

    def waiting(self) -> list[LiveCall]:
        """Calls in a queue without an agent on the line (waiting or ringing), the longest waiting first."""
        found = [call for call in self.calls.values() if call.state in ("waiting", "ringing")]
        return sorted(found, key=lambda call: (call.queued_at or call.since, call.call))

    def callbacks(self) -> list[LiveCall]:
        """Open callbacks, also those that are being carried out, the longest waiting first."""
        found = [call for call in self.calls.values() if call.state == CALLBACK]
        return sorted(found, key=lambda call: (call.queued_at or call.since, call.call))

    def state_counts(self) -> dict[str, int]:
        """Agents by state; every state is there, with 0 if nobody is in it."""
        counts = _no_agents()
        for agent in self.agents.values():
            counts[shown_state(agent)] += 1
        return counts

    def states_by_queue(self, queues: Iterable[str]) -> dict[str, dict[str, int]]:
        """Agents by state in each of `queues`; an agent counts in every queue that it serves."""
        everywhere = _no_agents()
        found = {queue: _no_agents() for queue in queues}
        for agent in self.agents.values():
            state = shown_state(agent)
            if not agent.queues:
                everywhere[state] += 1
            for queue in agent.queues:
                if queue in found:
                    found[queue][state] += 1
        return {
            queue: {state: count + everywhere[state] for state, count in own.items()} for queue, own in found.items()
        }

    def _absent(self, number: str) -> LiveAgent:
        queues = list(self._queues.get(number, ()))
        return LiveAgent(number, "", AgentState.LOGGED_OUT.value, "", 0.0, False, [], queues)

    def take_over(self, state: State, at: float) -> None:
        """Forgets everything and shows what the router's own state of time `at` says: for a reader that missed entries."""
        self.calls = {}
        for call in state.calls.values():
            if (live := _call_of(call)) is not None:
                live.is_probe = state.is_probe(call)
                self.calls[live.call] = live
        self.agents = {number: self._absent(number) for number in state.agents}
        for agent in state.agents.values():
            seat = state.seats.get(agent.seat)
            if seat is not None:
                reachable = seat.state is not SeatState.UNREACHABLE
                since = agent.ready_at if agent.state is AgentState.READY else at
                self.agents[agent.number] = LiveAgent(
                    agent.number,
                    agent.seat,
                    agent.state.value,
                    agent.reason,
                    since,
                    reachable,
                    list(seat.dedicated_to),
                    list(self._queues.get(agent.number, ())),
                )

    def to_plain(self) -> dict[str, Any]:
        """As values for JSON (an encoder that knows dataclasses)."""
        return {"calls": list(self.calls.values()), "agents": list(self.agents.values())}

    def load_plain(self, plain: dict[str, Any]) -> None:
        """Takes over what `to_plain` gave, after JSON; agents that the site no longer has are left out, new ones stay.

        Raises TypeError, KeyError or ValueError when it is damaged; then nothing was changed.
        """
        calls = {row["call"]: LiveCall(**row) for row in plain["calls"]}
        agents = {row["agent"]: LiveAgent(**row) for row in plain["agents"]}
        if any(agent.state not in _AGENT_STATES for agent in agents.values()):
            raise ValueError("unknown state of an agent")
        self.calls = calls
        self.agents |= {number: agent for number, agent in agents.items() if number in self.agents}

    def _move(self, call: str, state: str, at: float, agent: str, seat: str) -> None:
        known = self.calls.get(call)
        if known is not None:
            state = CALLBACK if known.state == CALLBACK else state  # whoever rings or talks: it waits no longer
            known.since = known.since if known.state == state else at
            known.state, known.agent, known.seat = state, agent, seat

    def _offer(self, fact: Decision) -> None:
        known = self.calls.get(fact.call)
        if known is not None:
            known.rings[fact.seat] = fact.agent
            if len(known.rings) == 1:
                self._move(fact.call, "waiting", fact.at, fact.agent, fact.seat)

    def _close_offer(self, fact: OfferClosed) -> None:
        """Shows another seat that still rings, if there is one, else that the call waits; one that talks goes on talking."""
        known = self.calls.get(fact.call)
        if known is None:
            return
        known.rings.pop(fact.seat, None)
        if fact.result != "answered" and known.state in ("waiting", "ringing"):
            seat, agent = next(iter(known.rings.items()), ("", ""))
            self._move(fact.call, known.state if seat else "waiting", fact.at, agent, seat)

    def _hear_of(self, fact: SeatRang | CallAnswered, state: str, queued_at: float) -> None:
        """The call rings or talks; one that nobody told of before is taken in with what the fact knows."""
        if fact.call not in self.calls:
            call = LiveCall(fact.call, "", state, fact.at, fact.queue, fact.tier, queued_at=queued_at)
            call.is_probe = fact.is_probe
            self.calls[fact.call] = call
        self._move(fact.call, state, fact.at, fact.agent, fact.seat)

    def _ring(self, fact: SeatRang) -> None:
        agent = self.agents.get(fact.agent)
        if agent is not None and agent.state == AgentState.OFFERED.value:
            agent.state, agent.since = AgentState.RINGING.value, fact.at

    def _change_agent(self, fact: AgentChanged) -> None:
        known = self.agents.get(fact.agent)
        same = known is not None and known.state == fact.state.value
        since = known.since if known is not None and same else fact.at
        seat = "" if fact.state is AgentState.LOGGED_OUT else fact.seat
        self.agents[fact.agent] = LiveAgent(
            fact.agent,
            seat,
            fact.state.value,
            fact.reason,
            since,
            fact.reachable,
            list(fact.tiers),
            list(fact.queues),
        )


def _no_agents() -> dict[str, int]:
    return dict.fromkeys((*(state.value for state in AgentState), UNREACHABLE), 0)


def shown_state(agent: LiveAgent) -> str:
    """The state to show: a logged-in agent whose device is away is unreachable, whatever it would do otherwise."""
    if not agent.reachable and agent.state in ("ready", "not_ready", "missed", "wrap_up"):
        return UNREACHABLE
    return agent.state


_AGENT_STATES = frozenset(state.value for state in AgentState)
_SHOWN = {
    CallState.MENU: "menu",
    CallState.TALKING: "talking",
    CallState.AFTER: "talking",
    CallState.OUTSIDE: "outside",
    CallState.VOICEMAIL: "voicemail",
}


def _call_of(call: Call) -> LiveCall | None:
    if call.state is CallState.ENDED:
        return None
    offers = sorted(call.rings.values(), key=lambda offer: offer.rang_at is None)  # one that rings is shown first
    offer = offers[0] if offers else None
    rings = offer is not None and offer.rang_at is not None
    shown = _SHOWN.get(call.state, "ringing" if rings else "waiting")
    shown = shown if call.promised_at is None else CALLBACK
    since = {"menu": call.arrived_at, "talking": call.answered_at}.get(shown) or call.waiting_at or call.arrived_at
    agent, seat = (offer.agent, offer.seat) if offer else (call.agent, call.seat)
    return LiveCall(
        call.id, call.caller, shown, since, call.queue, call.tier, call.service, call.queued_at, agent, seat
    )

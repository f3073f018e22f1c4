"""The caller's own agent: the named representative, or whoever talked to the caller last, is tried first for a bounded time.

Owns when a call is held for one agent and when it is let go. Must not serve it: matching.py does.
Rules: domain.md H2 (专属客户代表), H10 (首问责任制). The hold never takes more than half of the tier's target; an agent who is
logged out, paused or away is skipped at once.
"""

from routing.events import SeatState
from routing.facts import CallHeld
from routing.model import AT_WORK, Agent, Call, State
from routing.outputs import Outputs


def own_agent(state: State, call: Call) -> Agent | None:
    """The agent whom `call.representative` names, by agent number or by the seat where somebody sits; None when it isn't worth waiting for."""
    if state.rules.representative_s <= 0 or not call.representative or call.asked_own:
        return None
    agent = state.agents.get(call.representative)
    if agent is None or not agent.seat:
        seat = state.seats.get(call.representative)
        agent = state.agents.get(seat.agent) if seat is not None else None
    return agent if agent is not None and may_be_waited_for(state, agent) else None


def may_be_waited_for(state: State, agent: Agent) -> bool:
    """Whether the agent is at work: ready or about to be."""
    seat = state.seats.get(agent.seat)
    return seat is not None and seat.state is not SeatState.UNREACHABLE and agent.state in AT_WORK


def hold(state: State, call: Call, agent: Agent, out: Outputs) -> None:
    """From now on the call waits for `agent` alone, until half of the target or `representative_s` is over, whichever is sooner."""
    for_s = min(state.rules.representative_s, state.tiers[call.tier].answer_within_s / 2)
    call.held_for, call.asked_own, call.until = agent.number, True, out.at + for_s
    state.set_deadline("call", call.id, call.until)
    state.place_call(call)
    out.facts.append(CallHeld(out.at, call.id, agent.number, for_s))


def let_go(state: State, call: Call) -> None:
    """The call waits for anyone again, at its place."""
    own = state.held.get(call.held_for)
    if own is not None:
        own.leave(call.id)
    call.held_for, call.until = "", None
    state.place_call(call)


def held_calls(state: State, agent: Agent) -> list[Call]:
    """The calls that wait for this agent alone, longest waiting first."""
    line = state.held.get(agent.number)
    return [state.calls[call] for call in line] if line is not None and len(line) else []

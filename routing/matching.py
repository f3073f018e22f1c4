"""Brings calls and agents together: carries out the choices of selection.py until nobody who could be served waits.

Owns the making of an offer. Must not choose: selection.py does.
Rules: design.md section 3 (no head-of-line blocking, no servable caller waits).
"""

from routing.actions import RingSeat
from routing.facts import AgentChanged, Decision
from routing.model import Agent, Call, Group, Offer, State
from routing.outputs import Outputs
from routing.selection import Choice, choose_agent, choose_call
from routing.transitions import AGENT, CALL, AgentStep, CallState, CallStep

# Dial reports at `ring_s`; this much later the offer is given up without a report. Asterisk's own timers are a second apart at most.
OFFER_GUARD_S = 3.0


def match_call(state: State, call: Call, out: Outputs) -> None:
    """Offers a waiting call to the best agent, if anyone may serve it."""
    if state.connected and call.state is CallState.WAITING:
        choice = choose_agent(state, call)
        if choice is not None:
            make_offer(state, choice, out)


def match_group(state: State, group: Group, out: Outputs) -> None:
    """Gives the idle agents of a group their calls, until no call is left that they may serve."""
    if not state.connected:
        return
    while (choice := choose_call(state, group)) is not None:
        make_offer(state, choice, out)


def match_everyone(state: State, out: Outputs) -> None:
    """Matches all groups: after a start or when the connection is back. A call's own seats are asked before others' spare ones."""
    if not state.connected:
        return
    for call_class in sorted(state.waiting, key=lambda c: state.ranks[c[1]]):
        line = state.waiting[call_class]
        while (head := line.head()) is not None:
            choice = choose_agent(state, state.calls[head[2]])
            if choice is None:
                break
            make_offer(state, choice, out)


def make_offer(state: State, choice: Choice, out: Outputs) -> None:
    """Takes call and agent out of their lines and orders the seat to ring."""
    call, agent = state.calls[choice.call], state.agents[choice.agent]
    call.state = CALL[(call.state, CallStep.OFFER)]
    agent.state = AGENT[(agent.state, AgentStep.OFFER)]
    agent.call = call.id
    call.offers += 1
    call.offer = Offer(agent.number, agent.seat, out.at, max(call.waiting_at, agent.ready_at))
    call.until = out.at + state.rules.ring_s + OFFER_GUARD_S
    state.set_deadline("call", call.id, call.until)
    state.place_call(call)
    state.place_agent(agent)
    out.actions.append(RingSeat(call.id, call.channel, agent.seat, state.rules.ring_s))
    queued_at = call.queued_at if call.queued_at is not None else out.at
    waited_s = out.at - queued_at
    left_s = state.tiers[call.tier].answer_within_s - waited_s
    out.facts.append(
        Decision(out.at, call.id, agent.number, agent.seat, choice.rule, waited_s, left_s, choice.passed_over)
    )
    note_agent(state, agent, out)


def note_agent(state: State, agent: Agent, out: Outputs) -> None:
    """Puts the agent's present state on record."""
    seat = state.seats.get(agent.seat)
    reachable = seat is not None and seat.state.value != "unreachable"
    tiers = seat.group if seat is not None else ()
    out.facts.append(AgentChanged(out.at, agent.number, agent.seat, agent.state, agent.reason, reachable, tiers))

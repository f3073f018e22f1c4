"""Brings calls and agents together: carries out the choices of selection.py until nobody who could be served waits.

Owns the making of an offer. Must not choose: selection.py does.
Rules: design.md section 3 (no head-of-line blocking, no servable caller waits).
"""

from routing.actions import CallBack, RingSeat
from routing.events import SeatState
from routing.facts import AgentChanged, AgentState, Decision, WrappedUp
from routing.groups import Group
from routing.model import AT_WORK, NO_TALENT, Agent, Call, Offer, State
from routing.outputs import Outputs
from routing.own_agent import held_calls, hold, let_go, may_be_waited_for, own_agent
from routing.passes import note_kept_waiting, note_passes
from routing.recipe import step_that_let_in
from routing.selection import Choice, Rule, choose_agent, choose_call, look_at_callers, urgency
from routing.transitions import AGENT, CALL, AgentStep, CallState, CallStep

# Dial reports at `ring_s`; this much later the offer is given up without a report. Asterisk's own timers are a second apart at most.
OFFER_GUARD_S = 3.0


def match_call(state: State, call: Call, out: Outputs) -> None:
    """Offers a waiting call: to its own agent, else to the best agent that may serve it; holds it for its own agent if that one is busy."""
    if state.is_callback_due(call) and state.connected:
        choice = choose_agent(state, call)  # an agent who is idle may serve no live caller who waits
        if choice is not None:
            make_offer(state, choice, out)
    if call.state is not CallState.WAITING or call.held_for:
        return
    own = own_agent(state, call)
    if own is not None:
        hold(state, call, own, out)
        match_held(state, own, out)
        return
    if state.connected:
        choice = choose_agent(state, call)
        if choice is not None:
            make_offer(state, choice, out)
            return
    note_kept_waiting(state, call, out)


def match_group(state: State, group: Group, out: Outputs) -> None:
    """Gives the idle agents of a group their calls, until no call is left that they may serve."""
    if not state.connected:
        return
    while (choice := choose_call(state, group, out.at)) is not None:
        make_offer(state, choice, out)


def match_freed(state: State, group: Group, out: Outputs) -> None:
    """An agent of `group` became idle: it serves who waits. One more idle dedicated seat may also lift the others of its kind over the reserve."""
    match_group(state, group, out)
    if group.tiers:
        for other in [g for g in state.idle if g is not group and g.tiers == group.tiers]:
            match_group(state, other, out)


def match_held(state: State, agent: Agent, out: Outputs) -> None:
    """Gives an idle agent the call that waits for it alone, if there is one; its seat's reserve is for others, not for its own callers."""
    seat = state.seats.get(agent.seat)
    if not state.connected or seat is None:
        return
    group = state.group_of(agent, seat)
    if agent.number in state.idle.get(group, ()):
        for call in held_calls(state, agent)[:1]:
            make_offer(state, Choice(call.id, agent.number, group, Rule.OWN_AGENT, ()), out)


def release_held(state: State, agent: Agent, out: Outputs) -> None:
    """Nobody waits for an agent who is not at work: its callers wait for anyone again, and are served if they can be."""
    if not may_be_waited_for(state, agent):
        for call in held_calls(state, agent):
            let_go(state, call)
            match_call(state, call, out)


def match_everyone(state: State, out: Outputs) -> None:
    """Matches all groups: after a start or when the connection is back. The most urgent caller first, whatever its class."""
    if not state.connected:
        return
    for agent in list(state.agents.values()):
        match_held(state, agent, out)
    unserved = set(state.waiting)
    while heads := [(c, head) for c in unserved if (head := state.waiting[c].head()) is not None]:
        call_class, head = min(heads, key=lambda h: (*urgency(state, h[0], h[1][0], out.at), h[1][1]))
        choice = choose_agent(state, state.calls[head[2]])
        if choice is None:
            unserved.remove(call_class)
        else:
            make_offer(state, choice, out)
    for group in list(state.idle) if state.virtual else ():
        match_group(state, group, out)


def make_offer(state: State, choice: Choice, out: Outputs) -> None:
    """Takes call and agent out of their lines and orders the seat to ring; several seats at once if the call's recipe came so far."""
    call = state.calls[choice.call]
    looks = choice.looks if choice.looks is not None else look_at_callers(state, choice.group, out.at)
    if call.held_for:
        let_go(state, call)
    call.state = CALL[(call.state, CallStep.OFFER)]
    state.place_call(call)
    if looks:
        note_passes(state, choice, looks, out)
    _engage(state, call, choice, out)
    while len(call.rings) < call.seats_at_once and (more := _one_more(state, call, choice, out.at)) is not None:
        _engage(state, call, more, out)
    call.until = out.at + state.rules.ring_s + OFFER_GUARD_S
    state.set_deadline("call", call.id, call.until)
    seats = tuple(call.rings)
    if call.promised_at is not None:
        out.actions.append(CallBack(call.id, seats[0], state.rules.ring_s, call.caller, call.offers))
        return
    agent = call.rings[seats[0]].agent
    out.actions.append(RingSeat(call.id, call.channel, seats[0], state.rules.ring_s, seats[1:], agent))


def _one_more(state: State, call: Call, first: Choice, at: float) -> Choice | None:
    """A further agent to ring for the call at the same time: one who is idle and for whom nobody else waits."""
    more = choose_agent(state, call) if first.rule != Rule.OWN_AGENT else None
    return more if more is not None and choose_call(state, more.group, at) is None else None


def _engage(state: State, call: Call, choice: Choice, out: Outputs) -> None:
    agent = state.agents[choice.agent]
    agent.state = AGENT[(agent.state, AgentStep.OFFER)]
    agent.call = call.id
    call.offers += 1
    step = step_that_let_in(state, call, choice.group) if choice.rule != Rule.OWN_AGENT else ""
    free_at = max(call.waiting_at, agent.ready_at, call.widened_at if step else 0.0)
    call.rings[agent.seat] = Offer(agent.number, agent.seat, out.at, free_at)
    state.place_agent(agent)
    waited_s = out.at - call.entered_at
    left_s = state.tiers[call.tier].answer_within_s - waited_s
    out.facts.append(
        Decision(out.at, call.id, agent.number, agent.seat, choice.rule, waited_s, left_s, choice.passed_over, step)
    )
    note_agent(state, agent, out)


def note_agent(state: State, agent: Agent, out: Outputs) -> None:
    """Puts the agent's present state on record, and counts it among those at work."""
    seat = state.seats.get(agent.seat)
    reachable = seat is not None and seat.state is not SeatState.UNREACHABLE
    if (reachable and agent.state in AT_WORK) is not (agent.number in state.works_in):
        state.count_work(agent)  # whoever changes seats is at no work in between
    tiers = seat.dedicated_to if seat is not None else ()
    queues = state.rules.talents.get(agent.number, NO_TALENT).queues
    out.facts.append(
        AgentChanged(out.at, agent.number, agent.seat, agent.state, agent.reason, reachable, tiers, queues)
    )
    if agent.wraps_up and agent.state is not AgentState.WRAP_UP:
        _note_wrapped_up(state, agent, out)


def _note_wrapped_up(state: State, agent: Agent, out: Outputs) -> None:
    wrap_up_s = max(0.0, out.at - agent.wrap_up_at)
    call = state.calls.get(agent.wraps_up)
    if call is not None and call.segment == agent.wraps_up_segment:
        call.wrap_up_s = wrap_up_s
    out.facts.append(WrappedUp(out.at, agent.wraps_up, agent.wraps_up_segment, agent.number, wrap_up_s))
    agent.wraps_up = ""

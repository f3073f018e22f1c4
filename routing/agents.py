"""What happens to agents and seats: log-in, pause, devices that come and go, the end of an offer or a conversation.

Owns the agent's side of each event. Must not choose calls: it says who is idle and lets matching.py do the rest.
Rules: transitions.AGENT; style.md section 1.5 (races: log-out mid-call, two seats, double log-in).
"""

from routing.actions import HangUpLeg
from routing.events import (
    AgentExtended,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentPaused,
    AgentReadied,
    SeatChanged,
    SeatState,
)
from routing.facts import AgentState
from routing.matching import match_freed, match_held, note_agent, release_held
from routing.model import BUSY, Agent, Seat, State
from routing.outputs import Outputs
from routing.passes import note_nobody_taken
from routing.transitions import AGENT, AgentStep

UNREACHABLE = "unreachable"  # why an agent is not ready whose device failed while it was offered a call


def on_seat_changed(state: State, event: SeatChanged, out: Outputs) -> None:
    """A device registered, vanished, or started or stopped being used."""
    seat = state.seats.get(event.seat)
    if seat is None:
        out.ignore(event, event.seat, "no such seat in the site file")
        return
    was, seat.state = seat.state, event.state
    agent = state.agents.get(seat.agent)
    if was is not SeatState.UNREACHABLE and event.state is SeatState.UNREACHABLE:
        if agent is not None:
            _lose_device(state, agent, seat, out)
    elif was is SeatState.UNREACHABLE and event.state is not SeatState.UNREACHABLE:
        _regain_device(state, agent, seat, out)
    elif agent is not None:
        seek_call(state, agent, out)


def _lose_device(state: State, agent: Agent, seat: Seat, out: Outputs) -> None:
    state.count_work(agent)
    if not (seat.auto_login and agent.number == seat.number):
        state.place_agent(agent)
        note_agent(state, agent, out)
        release_held(state, agent, out)
    elif agent.state in BUSY:
        agent.then, agent.then_reason = AgentState.LOGGED_OUT, UNREACHABLE
        release_held(state, agent, out)
    else:
        _leave_seat(state, agent, UNREACHABLE, out)


def _regain_device(state: State, agent: Agent | None, seat: Seat, out: Outputs) -> None:
    if agent is None:
        own = state.agents.get(seat.number)
        if seat.auto_login and own is not None and own.state is AgentState.LOGGED_OUT:
            _sit_down(state, own, seat, out)
        return
    if agent.then_reason == UNREACHABLE:
        agent.then, agent.then_reason = None, ""
    if agent.state is AgentState.READY or (agent.state is AgentState.NOT_READY and agent.reason == UNREACHABLE):
        become_ready(state, agent, AgentStep.READY, out)
    else:
        note_agent(state, agent, out)


def on_logged_in(state: State, event: AgentLoggedIn, out: Outputs) -> None:
    """An agent sits down. Whoever sat there leaves; an agent who sat elsewhere moves. Refused while either is on a call."""
    seat, agent = state.seats.get(event.seat), state.agents.get(event.agent)
    if seat is None or agent is None:
        out.ignore(event, event.agent, f"no such {'seat' if seat is None else 'agent'} in the site file")
        return
    sitting = state.agents.get(seat.agent)
    if agent.state in BUSY or (sitting is not None and sitting is not agent and sitting.state in BUSY):
        out.ignore(event, event.agent, "on a call")
        return
    if sitting is agent:
        if agent.state is not AgentState.READY:
            become_ready(state, agent, AgentStep.READY, out)
        return
    # Both get up before anyone's callers look for somebody else: nobody may be offered a call on the way.
    if sitting is not None:
        _get_up(state, sitting, "seat taken over", out)
    if agent.state is not AgentState.LOGGED_OUT:
        _get_up(state, agent, "moved", out)
    _sit_down(state, agent, seat, out)
    if sitting is not None:
        release_held(state, sitting, out)
    release_held(state, agent, out)


def on_logged_out(state: State, event: AgentLoggedOut, out: Outputs) -> None:
    """An agent leaves: at once, or when the present conversation is over; a seat that rings stops."""
    agent = state.agents.get(event.agent)
    if agent is None or agent.state is AgentState.LOGGED_OUT:
        out.ignore(event, event.agent, "not logged in")
    elif agent.state in BUSY:
        agent.then, agent.then_reason = AgentState.LOGGED_OUT, "logged out"
        stop_ringing(state, agent, out)
    else:
        _leave_seat(state, agent, "logged out", out)


def on_paused(state: State, event: AgentPaused, out: Outputs) -> None:
    """An agent wants no calls: at once, or when the present conversation is over; a seat that rings stops."""
    agent = state.agents.get(event.agent)
    if agent is None or agent.state is AgentState.LOGGED_OUT:
        out.ignore(event, event.agent, "not logged in")
    elif agent.state in BUSY:
        agent.then, agent.then_reason = AgentState.NOT_READY, event.reason
        stop_ringing(state, agent, out)
    else:
        agent.state = AGENT[(agent.state, AgentStep.PAUSE)]
        agent.reason, agent.until = event.reason, None
        state.place_agent(agent)
        note_agent(state, agent, out)
        release_held(state, agent, out)


def stop_ringing(state: State, agent: Agent, out: Outputs) -> None:
    """An agent who wants to leave is rung no longer: the caller has no time to lose."""
    call = state.calls.get(agent.call)
    offer = call.rings.get(agent.seat) if call is not None else None
    if offer is not None and offer.leg and agent.then not in (None, AgentState.READY):
        out.actions.append(HangUpLeg(offer.leg))


def on_readied(state: State, event: AgentReadied, out: Outputs) -> None:
    """An agent wants calls again; said while a call rings, it is there and misses none that ends unanswered."""
    agent = state.agents.get(event.agent)
    if agent is None or agent.state is AgentState.LOGGED_OUT:
        out.ignore(event, event.agent, "not logged in")
    elif agent.state in BUSY:
        is_offered = agent.state in (AgentState.OFFERED, AgentState.RINGING)
        agent.then, agent.then_reason = AgentState.READY if is_offered else None, ""
    elif agent.state is not AgentState.READY:
        become_ready(state, agent, AgentStep.READY, out)


def on_extended(state: State, event: AgentExtended, out: Outputs) -> None:
    """An agent needs longer for after-call work: once more the usual time, up to `wrap_up_max_s` in all."""
    agent = state.agents.get(event.agent)
    if agent is None or agent.state is AgentState.LOGGED_OUT:
        out.ignore(event, event.agent, "not logged in")
        return
    if (agent.state, AgentStep.EXTEND) not in AGENT or agent.until is None:
        out.ignore(event, event.agent, "not in after-call work")
        return
    latest = agent.wrap_up_at + state.rules.wrap_up_max_s
    if agent.until >= latest:
        out.ignore(
            event, event.agent, f"after-call work ends {state.rules.wrap_up_max_s:g} s after the call at the latest"
        )
        return
    agent.until = min(agent.until + state.rules.wrap_up_s, latest)
    state.set_deadline("agent", agent.number, agent.until)


def on_deadline(state: State, agent: Agent, out: Outputs) -> None:
    """Wrap-up or a pause that ends by itself is over."""
    if agent.state in (AgentState.WRAP_UP, AgentState.NOT_READY, AgentState.MISSED):
        become_ready(state, agent, AgentStep.READY, out)


def become_ready(state: State, agent: Agent, step: AgentStep, out: Outputs) -> None:
    """The agent is idle from now on and takes the next call that it may serve."""
    agent.state = AGENT[(agent.state, step)]
    agent.reason, agent.until, agent.ready_at, agent.call = "", None, out.at, ""
    agent.order = state.next_order()
    note_agent(state, agent, out)
    seek_call(state, agent, out)


def seek_call(state: State, agent: Agent, out: Outputs) -> None:
    """Puts the agent in its place and, when idle, lets it serve its own callers, then its group whoever waits."""
    if state.place_agent(agent):
        match_held(state, agent, out)
        match_freed(state, state.group_of(agent, state.seats[agent.seat]), out)
        if agent.state is AgentState.READY and state.connected:
            note_nobody_taken(state, agent, out)


def withdraw(state: State, agent: Agent, out: Outputs, *, keeps_turn: bool = True) -> None:
    """The offer ended through no doing of the agent's: ready again with the old idle time; unless `keeps_turn`, behind all who are idle now."""
    agent.state = AGENT[(agent.state, AgentStep.WITHDRAW)]
    agent.call = ""
    if not keeps_turn:
        agent.ready_at, agent.order = out.at, state.next_order()
    _free_device(state, agent)
    if not _take_wish(state, agent, out):
        note_agent(state, agent, out)
        seek_call(state, agent, out)


def miss(state: State, agent: Agent, out: Outputs) -> None:
    """The agent let a call ring in vain: no further one for `missed_pause_s`, or (0) until it says that it is ready."""
    _decline(state, agent, AgentStep.MISS, "no_answer", out)


def refuse(state: State, agent: Agent, reason: str, out: Outputs) -> None:
    """The agent declined an offer, or could not be reached: not ready for `reject_pause_s`."""
    _decline(state, agent, AgentStep.REFUSE, reason, out)


def _decline(state: State, agent: Agent, step: AgentStep, reason: str, out: Outputs) -> None:
    agent.state = AGENT[(agent.state, step)]
    agent.call, agent.reason = "", reason
    if _take_wish(state, agent, out):
        return
    is_missed = step is AgentStep.MISS
    pause_s = state.rules.missed_pause_s if is_missed else state.rules.reject_pause_s
    if pause_s > 0 or not is_missed:
        agent.until = out.at + pause_s
        state.set_deadline("agent", agent.number, agent.until)
    state.place_agent(agent)
    note_agent(state, agent, out)
    release_held(state, agent, out)


def finish(state: State, agent: Agent, out: Outputs, *, has_talked: bool = True) -> None:
    """The agent's conversation is over: wrap-up (none after a callback that reached nobody), or what it asked for meanwhile."""
    _free_device(state, agent)
    if agent.then is None and (state.rules.wrap_up_s <= 0 or not has_talked):
        become_ready(state, agent, AgentStep.REST, out)
        return
    agent.state = AGENT[(agent.state, AgentStep.FINISH)]
    agent.call = ""
    if _take_wish(state, agent, out):
        return
    agent.until, agent.wrap_up_at = out.at + state.rules.wrap_up_s, out.at
    state.set_deadline("agent", agent.number, agent.until)
    note_agent(state, agent, out)


def _free_device(state: State, agent: Agent) -> None:
    # Asterisk says that the device is free some milliseconds after the leg's end; waiting for it would cost the next caller that time.
    seat = state.seats[agent.seat]
    if seat.state is SeatState.IN_USE:
        seat.state = SeatState.FREE


def _take_wish(state: State, agent: Agent, out: Outputs) -> bool:
    then, reason = agent.then, agent.then_reason
    agent.then, agent.then_reason = None, ""
    if then is AgentState.READY:
        if agent.state is not AgentState.MISSED:
            return False
        become_ready(state, agent, AgentStep.READY, out)
    elif then is AgentState.LOGGED_OUT:
        _leave_seat(state, agent, reason, out)
    elif then is AgentState.NOT_READY:
        agent.state = AGENT[(agent.state, AgentStep.PAUSE)]
        agent.reason = reason
        state.place_agent(agent)
        note_agent(state, agent, out)
        release_held(state, agent, out)
    return then is not None


def _sit_down(state: State, agent: Agent, seat: Seat, out: Outputs) -> None:
    state.sit(agent, seat)
    become_ready(state, agent, AgentStep.LOG_IN, out)


def _leave_seat(state: State, agent: Agent, reason: str, out: Outputs) -> None:
    _get_up(state, agent, reason, out)
    release_held(state, agent, out)


def _get_up(state: State, agent: Agent, reason: str, out: Outputs) -> None:
    agent.state = AGENT[(agent.state, AgentStep.LOG_OUT)]
    agent.reason, agent.until, agent.call = reason, None, ""
    state.place_agent(agent)
    note_agent(state, agent, out)
    state.stand_up(agent)

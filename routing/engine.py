"""The router's brain: `step` takes one event and says what to do and what to put on record.

Owns the order in which an event changes calls, agents and lines, and that nobody waits who could be served. Must not do I/O or read a clock.
Rules: design.md section 3, transitions.py, selection.py. The same function runs live, in the simulator and when a journal is replayed.
"""

from collections.abc import Callable
from typing import Any

from routing import agents, calling_back, calls, ends, leaving, offers
from routing.actions import Action
from routing.announcements import on_announcement_due
from routing.events import (
    AgentExtended,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentPaused,
    AgentReadied,
    AsteriskLost,
    AsteriskSynced,
    CallArrived,
    CallbackAsked,
    CallbackCancelled,
    CallbackRestored,
    CallEnded,
    CallQueued,
    CallRefused,
    CallServedUnheard,
    CustomerReached,
    CustomerUnreached,
    Event,
    HangUpRequested,
    HoursTold,
    LegEnded,
    MessageLeft,
    OfferAnswered,
    OfferFailed,
    OfferRinging,
    OutsideAnswered,
    QueueFoundClosed,
    SeatChanged,
    SendFailed,
    TalkHeld,
    Tick,
)
from routing.facts import Fact
from routing.matching import match_everyone
from routing.model import State
from routing.outputs import Outputs
from routing.overflow import follow_recipe
from routing.passes import note_outage
from routing.transitions import CallState


def step(state: State, event: Event) -> tuple[list[Action], list[Fact]]:
    """Applies one event to `state` in place; returns the actions to perform and the facts to put on record, both in order.

    Events may come late, twice or for calls that are gone: such an event changes nothing and leaves at most an `EventIgnored`.
    After each step no waiting call could be served by an idle agent under the rules (while Asterisk is connected).
    Cost: O(log n) in calls and agents, linear in the number of seat groups and call classes.
    """
    out = Outputs(event.at)
    _HANDLERS[type(event)](state, event, out)
    return out.actions, out.facts


def next_deadline(state: State) -> float | None:
    """When the next `Tick` is due, epoch seconds; None when nothing is timed. Never later than the true next deadline."""
    return state.deadlines[0][0] if state.deadlines else None


def _on_asterisk_lost(state: State, event: AsteriskLost, out: Outputs) -> None:
    state.connected = False
    note_outage(state, event.at, is_over=False)


def _on_asterisk_synced(state: State, event: AsteriskSynced, out: Outputs) -> None:
    present, legs = set(event.calls), set(event.legs)
    for call in list(state.calls.values()):
        if call.promised_at is not None:
            if call.leg and call.leg not in legs and call.dialled_at < event.asked_at:
                ends.on_leg_ended(state, LegEnded(event.at, call.id, call.seat, call.leg), out)
        elif call.id not in present and call.arrived_at < event.asked_at:
            ends.end(state, call, lost=not 0.0 < event.started_at <= call.arrived_at, out=out)
        elif call.leg and call.leg not in legs and (call.answered_at or 0.0) < event.asked_at:
            ends.on_leg_ended(state, LegEnded(event.at, call.id, call.seat, call.leg), out)
    for call in state.calls.values():
        if (
            call.state is CallState.TALKING
        ):  # answered while nobody listened, before the agent's last talk was known to be over
            calls.join_agent(state, call, out)
    state.connected = True
    note_outage(state, event.at, is_over=True)
    match_everyone(state, out)


def _on_tick(state: State, event: Tick, out: Outputs) -> None:
    while (due := state.pop_due(event.at)) is not None:
        due_at, kind, subject = due
        if kind == "call":
            calls.on_deadline(state, state.calls[subject], out)
        elif kind == "say":
            on_announcement_due(state, state.calls[subject], due_at, out)
        elif kind == "step":
            follow_recipe(state, state.calls[subject], out)
        else:
            agents.on_deadline(state, state.agents[subject], out)


_HANDLERS: dict[type, Callable[[State, Any, Outputs], None]] = {
    CallArrived: calls.on_arrived,
    CallQueued: calls.on_queued,
    OfferRinging: offers.on_ringing,
    OfferAnswered: calls.on_answered,
    OfferFailed: offers.on_failed,
    CallEnded: ends.on_ended,
    LegEnded: ends.on_leg_ended,
    HangUpRequested: ends.on_hang_up_requested,
    TalkHeld: ends.on_held,
    CallServedUnheard: calls.on_served_unheard,
    SeatChanged: agents.on_seat_changed,
    AgentLoggedIn: agents.on_logged_in,
    AgentLoggedOut: agents.on_logged_out,
    AgentPaused: agents.on_paused,
    AgentReadied: agents.on_readied,
    AgentExtended: agents.on_extended,
    SendFailed: calling_back.on_send_failed,
    OutsideAnswered: leaving.on_outside_answered,
    MessageLeft: leaving.on_message_left,
    CallRefused: leaving.on_refused,
    QueueFoundClosed: leaving.on_found_closed,
    CallbackAsked: calling_back.on_asked,
    CallbackCancelled: calling_back.on_cancelled,
    CallbackRestored: calling_back.on_restored,
    CustomerReached: calling_back.on_reached,
    CustomerUnreached: calling_back.on_unreached,
    HoursTold: calling_back.on_hours_told,
    AsteriskLost: _on_asterisk_lost,
    AsteriskSynced: _on_asterisk_synced,
    Tick: _on_tick,
}

"""Carries a callback out: the agent first, then the customer, and again later if nobody answers.

Owns the events of virtual calls. Must not choose agents: matching.py carries out what selection.py chooses.
Rules: docs/guide/callback.md; a try that came to nothing costs the agent no after-call work.
"""

from routing import ends
from routing.callback import promise
from routing.events import (
    CallbackAsked,
    CallbackCancelled,
    CallbackRestored,
    CustomerReached,
    CustomerUnreached,
    HoursTold,
    SendFailed,
)
from routing.groups import together
from routing.leaving import is_out
from routing.matching import match_call, match_group
from routing.model import Call, State
from routing.opening import OpeningTimes
from routing.outputs import Outputs
from routing.overflow import follow_recipe
from routing.transitions import CALL, CallState, CallStep


def on_asked(state: State, event: CallbackAsked, out: Outputs) -> None:
    """A waiting caller confirmed by key; an agent who is idle is rung at once."""
    call = state.calls.get(event.call)
    if call is None or call.state is not CallState.WAITING:
        out.ignore(event, event.call, "late: not waiting" if call is None else f"late: {call.state.value}")
    elif promise(state, call, out):
        match_call(state, call, out)


def on_reached(state: State, event: CustomerReached, out: Outputs) -> None:
    """The customer picked up: agent and customer talk."""
    call = state.calls.get(event.call)
    if call is None or call.state is not CallState.DIALLING:
        out.ignore(event, event.call, "late: nobody is dialled")
        return
    call.state, call.answered_at, call.unreached = CALL[(call.state, CallStep.REACH)], event.at, ""


def on_unreached(state: State, event: CustomerUnreached, out: Outputs) -> None:
    """The customer did not pick up; what follows is decided when the agent's side is gone."""
    call = state.calls.get(event.call)
    if call is None or call.state is not CallState.DIALLING:
        out.ignore(event, event.call, "late: nobody is dialled")
        return
    call.unreached = event.reason


def on_cancelled(state: State, event: CallbackCancelled, out: Outputs) -> None:
    """An operator takes a callback out of the line; not one that is being carried out."""
    call = state.calls.get(event.call)
    if call is None or call.promised_at is None:
        out.ignore(event, event.call, "no such callback is open")
    elif call.state is not CallState.CALLBACK:
        out.ignore(event, event.call, "the customer is being called back now")
    else:
        ends.end_callback(state, call, "cancelled", out)


def on_restored(state: State, event: CallbackRestored, out: Outputs) -> None:
    """A router that found no memory takes an open callback from the database, at its old place."""
    if event.call in state.calls or event.caller in state.callbacks:
        out.ignore(event, event.call, "already there")
        return
    call = Call(event.call, "", event.caller, event.queued_at, state.next_order(), CallState.CALLBACK)
    call.queue = event.queue if event.queue in state.queues else state.rules.queue
    call.tier = event.tier if event.tier in state.tiers else state.rules.default_tier
    call.service, call.language = event.service, event.language
    needs = (state.rules.requires.get(word, ()) for word in (call.service, call.language))
    call.requires = call.asked = together((state.queues[call.queue].requires, *needs))
    call.queued_at = call.entered_at = event.queued_at
    call.left_at, call.promised_at, call.tries = event.queued_at, event.promised_at, event.tries
    call.asked_own, call.until = True, event.again_at
    if call.until is not None:
        state.set_deadline("call", call.id, call.until)
    state.calls[call.id], state.callbacks[call.caller] = call, call.id
    state.place_call(call)
    match_call(state, call, out)


def on_hours_told(state: State, event: HoursTold, out: Outputs) -> None:
    """Queues opened or closed, or the calendar changed: callbacks of open queues stand in line, those of closed ones wait until theirs opens."""
    state.opening = OpeningTimes(dict(event.queues), event.holidays)
    closed = state.opening.closed_at(event.at)
    if closed == state.closed:
        return
    state.closed = closed
    for call in state.callbacks.values():
        state.place_call(state.calls[call])
    for group in list(state.idle) if state.virtual else ():
        match_group(state, group, out)


def on_send_failed(state: State, event: SendFailed, out: Outputs) -> None:
    """Asterisk did not move the caller: it waits on at its old place; the step that sent it is not taken again."""
    call = is_out(state, event, out)
    if call is not None:
        call.state = CALL[(call.state, CallStep.QUEUE)]
        state.place_call(call)
        follow_recipe(state, call, out)

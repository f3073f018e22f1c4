"""Ends: of a seat's side, of a conversation, of a callback, and of the call, which leaves its record.

Owns what is told when something is over, or one side wants it to be. Must not choose agents.
Rules: transitions.CALL; each segment of a call leaves exactly one record (design.md section 5).
"""

from routing import agents
from routing.call_record import record_of
from routing.callback import put_off
from routing.events import CallEnded, HangUpRequested, LegEnded, OfferFailure, TalkHeld
from routing.facts import CallbackTried
from routing.model import Call, State
from routing.offers import lose_offer, note_offer, offer_at, take_offers
from routing.outputs import Outputs
from routing.passes import close_passes
from routing.transitions import CALL, CallState, CallStep


def on_leg_ended(state: State, event: LegEnded, out: Outputs) -> None:
    """A seat's side is gone: a conversation ended, or an offer ended without a verdict."""
    call = state.calls.get(event.call)
    if call is None:
        return
    if call.state is CallState.TALKING and call.leg == event.leg:
        if call.promised_at is not None:
            end(state, call, lost=False, out=out)
        else:
            _lose_agent(state, call, out)
    elif call.state is CallState.DIALLING and call.leg == event.leg:
        _try_again(state, call, out)
    elif (offer := offer_at(call, event.leg)) is not None:
        lose_offer(state, call, offer, OfferFailure.ABANDONED, out)


def on_hang_up_requested(state: State, event: HangUpRequested, out: Outputs) -> None:
    """One side hung up by itself: remembered for the record, and to tell a declined offer from one that rang in vain.

    An agent who hangs up a conversation is free at once. Asterisk ends the seat's side a moment later, and that moment would be the next caller's.
    """
    call = state.calls.get(event.call)
    if call is None:
        return
    offer = offer_at(call, event.leg)
    if offer is not None:
        offer.declined = True
        return
    is_agent = event.leg != ""
    if is_agent and event.leg != call.leg:
        return
    call.hung_up_by = call.hung_up_by or ("agent" if is_agent else "caller")
    if is_agent and call.state is CallState.TALKING and call.promised_at is None:
        _lose_agent(state, call, out)


def _lose_agent(state: State, call: Call, out: Outputs) -> None:
    call.state = CALL[(call.state, CallStep.LOSE_LEG)]
    finish_talk(state, call, out)


def on_ended(state: State, event: CallEnded, out: Outputs) -> None:
    """The caller is gone. (The end of a channel that is no caller's, such as a feature code's, says nothing.)"""
    call = state.calls.get(event.call)
    if call is not None and call.promised_at is None:
        end(state, call, lost=False, out=out)


def on_held(state: State, event: TalkHeld, out: Outputs) -> None:
    """The agent holds the caller, or takes it back; what any other side does says nothing."""
    call = state.calls.get(event.call)
    if call is None or call.state is not CallState.TALKING or call.leg != event.leg:
        return
    _end_hold(call, event.at)
    if event.is_held:
        call.held_at = event.at


def _end_hold(call: Call, at: float) -> None:
    if call.held_at is not None:
        call.hold_s += max(0.0, at - call.held_at)
        call.held_at = None


def end_callback(state: State, call: Call, reason: str, out: Outputs) -> None:
    """A callback is over without a conversation."""
    call.goodbye = reason
    end(state, call, lost=False, out=out)


def _try_again(state: State, call: Call, out: Outputs) -> None:
    """The agent's side of a callback is gone before the customer answered: later again, up to the number of tries."""
    rules, agent = state.rules.callback, state.agents.get(call.agent)
    result, call.tries = call.unreached or "agent", call.tries + 1
    again_at = out.at + rules.retry_after_s if rules is not None and call.tries < rules.tries else None
    out.facts.append(CallbackTried(out.at, call.id, call.agent, result, call.tries, again_at))
    if again_at is None:
        end_callback(state, call, "unreached", out)
    else:
        put_off(state, call, again_at)
    if agent is not None and agent.call == call.id:
        agents.finish(state, agent, out, has_talked=False)


def finish_talk(state: State, call: Call, out: Outputs) -> None:
    """The conversation is over; its agent writes up."""
    if call.talk_ended_at is None:
        call.talk_ended_at = out.at
        _end_hold(call, out.at)
        if call.answered_at is not None:
            state.pace[call.queue].note_handled(out.at - call.answered_at + state.rules.wrap_up_s)
    call.leg = ""
    agent = state.agents.get(call.agent)
    if agent is not None and agent.call == call.id:
        agent.wraps_up, agent.wraps_up_segment, agent.wrap_up_at = call.id, call.segment, out.at
        agents.finish(state, agent, out)


def end(state: State, call: Call, *, lost: bool, out: Outputs, ended_at: float | None = None) -> None:
    """The call is over and leaves its record. `lost`: it went down with Asterisk; else it ended in its own way, at `ended_at` where nobody listened."""
    was = call.state
    call.state = CALL[(call.state, CallStep.END)]
    if was in (CallState.WAITING, CallState.CALLBACK):
        state.place_call(call)
    del state.calls[call.id]
    if call.promised_at is not None and state.callbacks.get(call.caller) == call.id:
        del state.callbacks[call.caller]
    close_passes(state, call, out)
    if call.queued_at is not None and call.answered_at is None and not lost:
        waited_s = (call.left_at if call.left_at is not None else out.at) - call.entered_at
        state.pace[call.queue].note_wait(max(0.0, waited_s), hung_up=call.left_at is None)
    record = record_of(state, call, was, lost=lost, at=out.at if ended_at is None else ended_at)
    for offer in take_offers(call):
        note_offer(state, call, offer, "lost" if lost else "abandoned", out)
        agents.withdraw(state, state.agents[offer.agent], out)
    out.facts.append(record)  # the seats that rang for it came to know before
    if was is CallState.TALKING:
        finish_talk(state, call, out)

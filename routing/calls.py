"""What happens to calls: arrival, waiting, offers and their ends, conversation, and the one record at the end.

Owns the call's side of each event. Must not choose agents: matching.py carries out what selection.py chooses.
Rules: transitions.CALL; `queued_at` is never rewritten; each call leaves exactly one record (design.md section 5).
"""

from dataclasses import replace

from routing import agents
from routing.actions import HangUpLeg
from routing.announcements import begin_announcing
from routing.call_record import record_of
from routing.callback import put_off
from routing.events import (
    CallArrived,
    CallEnded,
    CallQueued,
    CallServedUnheard,
    HangUpRequested,
    LegEnded,
    OfferAnswered,
    OfferFailed,
    OfferFailure,
    OfferRinging,
)
from routing.facts import (
    CallAnswered,
    CallbackTried,
    CallEntered,
    CallOffered,
    OfferClosed,
    Outcome,
    SeatRang,
)
from routing.groups import together
from routing.matching import match_call, note_agent
from routing.model import Call, Offer, State
from routing.outputs import Outputs
from routing.overflow import begin, follow_recipe
from routing.own_agent import let_go
from routing.passes import close_passes
from routing.transitions import AGENT, CALL, AgentStep, CallState, CallStep

# The dialplan needs milliseconds from a failed Dial back to waiting; after this the call is offered again without its word.
RETURN_GUARD_S = 2.0
_LATE = "late: the offer is over"
ANSWERED_ELSEWHERE = "answered_elsewhere"  # result of an offer: another seat that was rung at the same time was first


def on_arrived(state: State, event: CallArrived, out: Outputs) -> None:
    """A caller reached the menu."""
    if event.call in state.calls:
        out.ignore(event, event.call, f"already {state.calls[event.call].state.value}")
        return
    state.calls[event.call] = Call(event.call, event.channel, event.caller, event.at, state.next_order())
    out.facts.append(CallEntered(out.at, event.call, event.caller))


def on_queued(state: State, event: CallQueued, out: Outputs) -> None:
    """A caller waits: for the first time, after an offer that failed, or known only from its channel's variables."""
    call = state.calls.get(event.call)
    if call is None:
        arrived_at = min(event.at, event.queued_at)
        call = Call(event.call, event.channel, event.caller, arrived_at, state.next_order())
        state.calls[event.call] = call
    to = CALL.get((call.state, CallStep.QUEUE))
    if to is None or call.promised_at is not None:
        out.ignore(event, call.id, f"already {call.state.value}")
        return
    if call.state is CallState.OFFERED:
        for offer in _all_offers(call):
            _close_offer(state, call, offer, OfferFailure.UNAVAILABLE, out)
    elif call.state is CallState.TALKING:
        _finish_talk(state, call, out)
    if call.queued_at is not None and event.segment > call.segment:
        _close_segment(state, call, out)
    call.state, call.channel, call.until, call.waiting_at = to, event.channel, None, event.at
    is_new = call.queued_at is None or event.segment > call.segment
    if is_new:
        _enter_queue(state, call, event, out)
    state.place_call(call)
    follow_recipe(state, call, out)
    if is_new:
        begin_announcing(state, call, out)


def _enter_queue(state: State, call: Call, event: CallQueued, out: Outputs) -> None:
    call.queue = event.queue if event.queue in state.queues else state.rules.queue
    call.tier = event.tier if event.tier in state.tiers else state.rules.default_tier
    call.service, call.language, call.representative = event.service, event.language, event.representative
    needs = state.rules.requires
    call.requires = state.queues[call.queue].requires
    if needs:
        more = (needs.get(word, ()) for word in (call.service, call.language, event.customer_class))
        call.requires = together((call.requires, *more))
    begin(call)
    is_known = call.queued_at is not None
    if call.queued_at is None:
        call.queued_at = min(event.queued_at, event.at) if event.queued_at > 0 else event.at
    call.segment = max(1, event.segment)
    if call.segment == 1:
        call.entered_at = call.queued_at
    else:
        call.entered_at = event.at if is_known or event.entered_at <= 0 else min(event.entered_at, event.at)
    _merge_callback(state, call, out)
    out.facts.append(
        CallOffered(
            at=out.at,
            call=call.id,
            caller=call.caller,
            queue=call.queue,
            tier=call.tier,
            service=call.service,
            language=call.language,
            queued_at=call.queued_at,
            segment=call.segment,
            entered_at=call.entered_at,
        )
    )


def _close_segment(state: State, call: Call, out: Outputs) -> None:
    """An agent transferred the caller to a queue: what was so far is on record, and the caller is offered anew with the time that it has waited."""
    close_passes(state, call, out)
    record = record_of(state, call, call.state, lost=False, at=out.at)
    out.facts.append(replace(record, reason="transferred") if record.outcome is Outcome.ANSWERED else record)
    waited_s = (call.answered_at if call.answered_at is not None else out.at) - call.entered_at
    call.credit_s += max(0.0, waited_s)
    call.answered_at = call.talk_ended_at = call.say_at = None
    call.agent = call.seat = call.leg = call.hung_up_by = ""
    call.asked_own, call.offers, call.passes, call.told_place, call.told_until = False, 0, [], 0, 0.0


def _merge_callback(state: State, call: Call, out: Outputs) -> None:
    """A customer who is to be called back calls again, for the same queue: this call takes the callback's place in the line."""
    back = state.calls.get(state.callbacks.get(call.caller, ""))
    if back is not None and back.state is CallState.CALLBACK and back.queue == call.queue:
        call.credit_s = max(call.credit_s, call.entered_at - back.line_at)
        end_callback(state, back, "merged", out)


def on_ringing(state: State, event: OfferRinging, out: Outputs) -> None:
    """The seat rings."""
    call, offer = _offer_of(state, event)
    if call is None or offer is None:
        out.ignore(event, event.call, _LATE)
        return
    offer.leg = event.leg
    if offer.rang_at is None:
        offer.rang_at = event.at
        agent = state.agents[offer.agent]
        agent.state = AGENT[(agent.state, AgentStep.RING)]
        idle_s = max(0.0, event.at - offer.free_at)
        out.facts.append(SeatRang(out.at, call.id, offer.agent, offer.seat, call.queue, call.tier, idle_s))


def on_answered(state: State, event: OfferAnswered, out: Outputs) -> None:
    """The agent picked up; the wait is over."""
    call, offer = _offer_of(state, event)
    if call is not None and offer is not None:
        others = [other for other in _all_offers(call) if other is not offer]
        _note_offer(call, offer, "answered", out)
    else:
        # The offer was given up and the agent still got the caller: what Asterisk connected is not torn apart.
        call, others = state.calls.get(event.call), []
        if call is None or (call.state, CallStep.ANSWER) not in CALL or call.state is CallState.OFFERED:
            is_too_late = call is not None and (call.state is CallState.TALKING or call.promised_at is not None)
            if call is not None and is_too_late and event.leg and event.leg != call.leg:
                out.actions.append(
                    HangUpLeg(event.leg)
                )  # two seats answered in the same instant: the first has the call
            out.ignore(event, event.call, _LATE)
            return
    _start_talk(state, call, event, out)
    for other in others:
        _note_offer(call, other, ANSWERED_ELSEWHERE, out)
        agents.withdraw(state, state.agents[other.agent], out)


def _start_talk(state: State, call: Call, event: OfferAnswered, out: Outputs) -> None:
    is_live = call.promised_at is None
    was, call.state = call.state, CALL[(call.state, CallStep.ANSWER if is_live else CallStep.DIAL)]
    call.until, call.leg, call.seat, call.dialled_at = None, event.leg, event.seat, event.at
    call.agent = state.seats[event.seat].agent if event.seat in state.seats else ""
    if was is CallState.WAITING:
        state.place_call(call)
    call.held_for = ""
    agent = state.agents.get(call.agent)
    if agent is not None and (agent.state, AgentStep.ANSWER) in AGENT and agent.call in ("", call.id):
        agent.state = AGENT[(agent.state, AgentStep.ANSWER)]
        agent.call, agent.until = call.id, None
        state.place_agent(agent)
        note_agent(state, agent, out)
    if is_live and call.answered_at is None and call.queued_at is not None:
        call.answered_at = event.at
        wait_s = max(0.0, event.at - call.entered_at)
        in_target = wait_s <= state.tiers[call.tier].answer_within_s
        state.pace[call.queue].note_wait(wait_s, hung_up=False)
        out.facts.append(
            CallAnswered(out.at, call.id, call.agent, call.seat, call.queue, call.tier, wait_s, in_target, call.segment)
        )


def on_failed(state: State, event: OfferFailed, out: Outputs) -> None:
    """The seat did not take the call; the caller is on the way back to waiting."""
    call, offer = _offer_of(state, event)
    if call is None or offer is None:
        out.ignore(event, event.call, _LATE)
        return
    # Asterisk calls a declined call "no answer" too, but only of a declined one the seat's side hung up by itself.
    declined = event.reason is OfferFailure.NO_ANSWER and offer.declined
    _lose_offer(state, call, offer, OfferFailure.REJECTED if declined else event.reason, out)


def on_leg_ended(state: State, event: LegEnded, out: Outputs) -> None:
    """A seat's side is gone: a conversation ended, or an offer ended without a verdict."""
    call = state.calls.get(event.call)
    if call is None:
        return
    if call.state is CallState.TALKING and call.leg == event.leg:
        if call.promised_at is not None:
            _end(state, call, lost=False, out=out)
            return
        call.state = CALL[(call.state, CallStep.LOSE_LEG)]
        _finish_talk(state, call, out)
    elif call.state is CallState.DIALLING and call.leg == event.leg:
        _try_again(state, call, out)
    elif (offer := _offer_at(call, event.leg)) is not None:
        _lose_offer(state, call, offer, OfferFailure.ABANDONED, out)


def on_hang_up_requested(state: State, event: HangUpRequested, out: Outputs) -> None:
    """One side hung up by itself: remembered for the record, and to tell a declined offer from one that rang in vain."""
    call = state.calls.get(event.call)
    if call is None:
        return
    offer = _offer_at(call, event.leg)
    if offer is not None:
        offer.declined = True
    elif not call.hung_up_by and event.leg in ("", call.leg):
        call.hung_up_by = "agent" if event.leg else "caller"


def on_ended(state: State, event: CallEnded, out: Outputs) -> None:
    """The caller is gone. (The end of a channel that is no caller's, such as a feature code's, says nothing.)"""
    call = state.calls.get(event.call)
    if call is not None and call.promised_at is None:
        _end(state, call, lost=False, out=out)


def end_callback(state: State, call: Call, reason: str, out: Outputs) -> None:
    """A callback is over without a conversation."""
    call.goodbye = reason
    _end(state, call, lost=False, out=out)


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


def on_served_unheard(state: State, event: CallServedUnheard, out: Outputs) -> None:
    """The record of a call that came, or waited on, and ended while no router listened: times are as the dialplan noted them."""
    call = state.calls.get(event.call)
    if call is None:
        call = Call(event.call, event.channel, event.caller, min(event.at, event.queued_at), state.next_order())
        state.calls[event.call] = call
    for offer in _all_offers(call):
        _close_offer(state, call, offer, OfferFailure.NOT_DELIVERED, out)
    if call.queued_at is None or event.segment > call.segment:
        _enter_queue(state, call, _as_queued(event), out)
    if event.answered_at > 0 and call.answered_at is None:
        call.answered_at, call.talk_ended_at, call.seat = event.answered_at, event.ended_at, event.seat
        call.agent = state.seats[event.seat].agent if event.seat in state.seats else ""
        wait_s = max(0.0, event.answered_at - call.entered_at)
        in_target = wait_s <= state.tiers[call.tier].answer_within_s
        out.facts.append(
            CallAnswered(out.at, call.id, call.agent, call.seat, call.queue, call.tier, wait_s, in_target, call.segment)
        )
    _end(state, call, lost=False, out=out, ended_at=event.ended_at)


def _as_queued(event: CallServedUnheard) -> CallQueued:
    return CallQueued(
        at=event.at,
        call=event.call,
        channel=event.channel,
        caller=event.caller,
        queue=event.queue,
        tier=event.tier,
        service=event.service,
        language=event.language,
        representative="",
        queued_at=event.queued_at,
        segment=event.segment,
        entered_at=event.entered_at,
    )


def end_unheard(state: State, call: Call, *, lost: bool, out: Outputs) -> None:
    """Asterisk no longer has the call. `lost`: it went down with Asterisk; else it ended in its own way while we did not listen."""
    _end(state, call, lost=lost, out=out)


def on_deadline(state: State, call: Call, out: Outputs) -> None:
    """No word on an offer, or on a caller's way back to waiting, within the guard time."""
    if call.state is CallState.OFFERED:
        out.actions += [HangUpLeg(offer.leg) for offer in call.rings.values() if offer.leg]
        offers = _all_offers(call)
        _go_back(state, call, CallStep.FAIL, out)
        for offer in offers:
            _close_offer(state, call, offer, OfferFailure.NOT_DELIVERED, out)
        match_call(state, call, out)
    elif call.state is CallState.CALLBACK:
        call.until = None
        state.place_call(call)
        match_call(state, call, out)
    elif call.state is CallState.WAITING:
        let_go(state, call)
        match_call(state, call, out)
    elif call.state is CallState.RETURNING:
        call.state, call.waiting_at = CALL[(call.state, CallStep.GIVE_UP_RETURN)], out.at
        state.place_call(call)
        follow_recipe(state, call, out)


def _offer_of(state: State, event: OfferRinging | OfferAnswered | OfferFailed) -> tuple[Call | None, Offer | None]:
    call = state.calls.get(event.call)
    if call is None or call.state is not CallState.OFFERED:
        return None, None
    return call, call.rings.get(event.seat)


def _offer_at(call: Call, leg: str) -> Offer | None:
    return next((offer for offer in call.rings.values() if leg and offer.leg == leg), None)


def _all_offers(call: Call) -> list[Offer]:
    """Takes every offer of the call away from it; each must then be closed."""
    offers, call.rings = list(call.rings.values()), {}
    return offers


def _lose_offer(state: State, call: Call, offer: Offer, reason: OfferFailure, out: Outputs) -> None:
    """One seat does not take the call; another one that was rung at the same time goes on ringing."""
    del call.rings[offer.seat]
    if not call.rings:
        _go_back(state, call, CallStep.LOSE_LEG if reason is OfferFailure.ABANDONED else CallStep.FAIL, out)
    _close_offer(state, call, offer, reason, out)
    if call.state is CallState.CALLBACK:
        match_call(state, call, out)


def _go_back(state: State, call: Call, step: CallStep, out: Outputs) -> None:
    # The call leaves its state before an agent looks for another one: an agent that is free again must not find it still offered.
    if call.promised_at is not None:
        put_off(state, call, None)
        return
    call.state = CALL[(call.state, step)]
    call.until = out.at + RETURN_GUARD_S
    state.set_deadline("call", call.id, call.until)


def _close_offer(state: State, call: Call, offer: Offer, reason: OfferFailure, out: Outputs) -> None:
    _note_offer(call, offer, reason.value, out)
    agent = state.agents[offer.agent]
    if reason is OfferFailure.NO_ANSWER:
        agents.miss(state, agent, out)
    elif reason in (OfferFailure.REJECTED, OfferFailure.BUSY):
        agents.refuse(state, agent, reason.value, out)
    elif reason is OfferFailure.UNAVAILABLE:
        agents.refuse(state, agent, agents.UNREACHABLE, out)
    else:
        # A seat that cannot be rung must not be the next choice again and again while others are idle.
        agents.withdraw(state, agent, out, keeps_turn=reason is not OfferFailure.NOT_DELIVERED)


def _note_offer(call: Call, offer: Offer, result: str, out: Outputs) -> None:
    rang_s = max(0.0, out.at - offer.rang_at) if offer.rang_at is not None else 0.0
    out.facts.append(OfferClosed(out.at, call.id, offer.agent, offer.seat, call.queue, call.tier, result, rang_s))


def _finish_talk(state: State, call: Call, out: Outputs) -> None:
    if call.talk_ended_at is None:
        call.talk_ended_at = out.at
        if call.answered_at is not None:
            state.pace[call.queue].note_handled(out.at - call.answered_at + state.rules.wrap_up_s)
    call.leg = ""
    agent = state.agents.get(call.agent)
    if agent is not None and agent.call == call.id:
        agents.finish(state, agent, out)


def _end(state: State, call: Call, *, lost: bool, out: Outputs, ended_at: float | None = None) -> None:
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
    out.facts.append(record_of(state, call, was, lost=lost, at=out.at if ended_at is None else ended_at))
    for offer in _all_offers(call):
        _note_offer(call, offer, "lost" if lost else "abandoned", out)
        agents.withdraw(state, state.agents[offer.agent], out)
    if was is CallState.TALKING:
        _finish_talk(state, call, out)

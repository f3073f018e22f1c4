"""What happens to calls: arrival, waiting, the answer, deadlines, and what was served unheard.

Owns the caller's side of each event. Must not choose agents: matching.py carries out what selection.py chooses.
Rules: transitions.CALL; `queued_at` is never rewritten. Offers are in offers.py, what ends in ends.py.
"""

from dataclasses import replace

from routing import agents
from routing.actions import HangUpLeg
from routing.announcements import begin_announcing
from routing.call_record import record_of
from routing.callback import is_settled, promise, say_again
from routing.ends import end, end_callback, finish_talk
from routing.events import CallArrived, CallQueued, CallServedUnheard, OfferAnswered, OfferFailure
from routing.facts import AgentState, CallAnswered, CallEntered, CallOffered, Outcome
from routing.groups import together
from routing.matching import match_call, note_agent
from routing.model import Call, State
from routing.offers import LATE, close_offer, go_back, note_offer, offer_of, take_offers
from routing.outputs import Outputs
from routing.overflow import begin, follow_recipe
from routing.own_agent import let_go
from routing.passes import close_passes
from routing.transitions import AGENT, CALL, AgentStep, CallState, CallStep

ANSWERED_ELSEWHERE = "answered_elsewhere"  # result of an offer: another seat that was rung at the same time was first


def on_arrived(state: State, event: CallArrived, out: Outputs) -> None:
    """A caller reached the menu."""
    if event.call in state.calls:
        out.ignore(event, event.call, f"already {state.calls[event.call].state.value}")
        return
    call = Call(event.call, event.channel, event.caller, event.at, state.next_order())
    state.calls[event.call] = call
    out.facts.append(CallEntered(out.at, event.call, event.caller, state.is_probe(call)))


def on_queued(state: State, event: CallQueued, out: Outputs) -> None:
    """A caller waits: for the first time, after an offer that failed, or known only from its channel's variables."""
    call = state.calls.get(event.call) or _enter_unknown(state, event)
    if is_settled(call):
        say_again(call, out)
        return
    to = CALL.get((call.state, CallStep.QUEUE))
    if to is None:
        out.ignore(event, call.id, f"already {call.state.value}")
        return
    if call.state is CallState.OFFERED:
        for offer in take_offers(call):
            close_offer(state, call, offer, OfferFailure.UNAVAILABLE, out)
    elif call.state is CallState.TALKING:
        finish_talk(state, call, out)
    if call.queued_at is not None and event.segment > call.segment:
        _close_segment(state, call, out)
    call.state, call.channel, call.until, call.waiting_at = to, event.channel, None, event.at
    is_new = call.queued_at is None or event.segment > call.segment
    if is_new:
        _enter_queue(state, call, event, out)
    state.place_call(call)
    follow_recipe(state, call, out)
    if event.wants_callback and call.state is CallState.WAITING:  # whom a seat takes at once is not called back
        if promise(state, call, out):
            match_call(state, call, out)
        if call.state is not CallState.WAITING or call.goodbye:
            return
    if is_new:
        begin_announcing(state, call, out)


def _enter_unknown(state: State, event: CallQueued | CallServedUnheard) -> Call:
    call = Call(event.call, event.channel, event.caller, min(event.at, event.queued_at), state.next_order())
    state.calls[event.call] = call
    return call


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
    if state.callbacks:
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
            is_probe=state.is_probe(call),
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
    call.missed, call.ring_s, call.hold_s, call.held_at, call.wrap_up_s = 0, 0.0, 0.0, None, None


def _merge_callback(state: State, call: Call, out: Outputs) -> None:
    """A customer who is to be called back calls again, for the same queue: this call takes the callback's place in the line."""
    back = state.calls.get(state.callbacks.get(call.caller, ""))
    if back is not None and back.state is CallState.CALLBACK and back.queue == call.queue:
        call.credit_s = max(call.credit_s, call.entered_at - back.line_at)
        end_callback(state, back, "merged", out)


def on_answered(state: State, event: OfferAnswered, out: Outputs) -> None:
    """The agent picked up; the wait is over."""
    call, offer = offer_of(state, event)
    talking = state.calls.get(event.call)
    if talking is not None and talking.state is CallState.TALKING and event.leg and event.leg == talking.leg:
        return  # told twice: when the agent picked up, and when it was connected with the caller
    if call is not None and offer is not None:
        others = [other for other in take_offers(call) if other is not offer]
        call.ring_s = max(0.0, event.at - offer.rang_at) if offer.rang_at is not None else 0.0
        note_offer(state, call, offer, "answered", out)
    else:
        # The offer was given up and the agent still got the caller: what Asterisk connected is not torn apart.
        call, others = state.calls.get(event.call), []
        if call is None or (call.state, CallStep.ANSWER) not in CALL or call.state is CallState.OFFERED:
            is_too_late = call is not None and (call.state is CallState.TALKING or call.promised_at is not None)
            if call is not None and is_too_late and event.leg and event.leg != call.leg:
                out.actions.append(
                    HangUpLeg(event.leg)
                )  # two seats answered in the same instant: the first has the call
            out.ignore(event, event.call, LATE)
            return
    _start_talk(state, call, event, out)
    for other in others:
        note_offer(state, call, other, ANSWERED_ELSEWHERE, out)
        agents.withdraw(state, state.agents[other.agent], out)


def _start_talk(state: State, call: Call, event: OfferAnswered, out: Outputs) -> None:
    is_live = call.promised_at is None
    was, call.state = call.state, CALL[(call.state, CallStep.ANSWER if is_live else CallStep.DIAL)]
    call.until, call.leg, call.seat, call.dialled_at = None, event.leg, event.seat, event.at
    call.agent = state.seats[event.seat].agent if event.seat in state.seats else ""
    if was is CallState.WAITING:
        state.place_call(call)
    call.held_for = ""
    join_agent(state, call, out)
    if is_live and call.answered_at is None and call.queued_at is not None:
        call.answered_at = event.at
        wait_s = max(0.0, event.at - call.entered_at)
        in_target = wait_s <= state.tiers[call.tier].answer_within_s
        state.pace[call.queue].note_wait(wait_s, hung_up=False)
        _tell_answer(state, call, wait_s, in_target, out)


def _tell_answer(state: State, call: Call, wait_s: float, in_target: bool, out: Outputs) -> None:
    out.facts.append(
        CallAnswered(
            at=out.at,
            call=call.id,
            agent=call.agent,
            seat=call.seat,
            queue=call.queue,
            tier=call.tier,
            wait_s=wait_s,
            in_target=in_target,
            segment=call.segment,
            is_probe=state.is_probe(call),
            leg=call.leg,
        )
    )


def join_agent(state: State, call: Call, out: Outputs) -> None:
    """The agent at the call's seat talks with it, unless it is still thought to be with another caller."""
    agent = state.agents.get(call.agent)
    if agent is not None and (agent.state, AgentStep.ANSWER) in AGENT and agent.call in ("", call.id):
        agent.state = AGENT[(agent.state, AgentStep.ANSWER)]
        agent.call, agent.until = call.id, None
        if agent.then is AgentState.READY:
            agent.then = None
        state.place_agent(agent)
        note_agent(state, agent, out)


def on_served_unheard(state: State, event: CallServedUnheard, out: Outputs) -> None:
    """The record of a call that came, or waited on, and ended while no router listened: times are as the dialplan noted them."""
    call = state.calls.get(event.call) or _enter_unknown(state, event)
    for offer in take_offers(call):
        close_offer(state, call, offer, OfferFailure.NOT_DELIVERED, out)
    if call.queued_at is None or event.segment > call.segment:
        _enter_queue(state, call, _as_queued(event), out)
    if event.answered_at > 0 and call.answered_at is None:
        call.answered_at, call.talk_ended_at, call.seat = event.answered_at, event.ended_at, event.seat
        call.agent = state.seats[event.seat].agent if event.seat in state.seats else ""
        wait_s = max(0.0, event.answered_at - call.entered_at)
        in_target = wait_s <= state.tiers[call.tier].answer_within_s
        _tell_answer(state, call, wait_s, in_target, out)
    end(state, call, lost=False, out=out, ended_at=event.ended_at)


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


def on_deadline(state: State, call: Call, out: Outputs) -> None:
    """No word on an offer, or on a caller's way back to waiting, within the guard time."""
    if call.state is CallState.OFFERED:
        out.actions += [HangUpLeg(offer.leg) for offer in call.rings.values() if offer.leg]
        offers = take_offers(call)
        go_back(state, call, CallStep.FAIL, out)
        for offer in offers:
            close_offer(state, call, offer, OfferFailure.NOT_DELIVERED, out)
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

"""Offers to seats: they ring, fail and are closed; a call whose last offer is gone is on its way back to the line.

Owns the rings of a call. Must not know how a conversation begins or a call ends.
Rules: transitions.CALL and transitions.AGENT; an agent has at most one offer (design.md section 3).
"""

from routing import agents
from routing.callback import put_off
from routing.events import OfferAnswered, OfferFailed, OfferFailure, OfferRinging
from routing.facts import OfferClosed, SeatRang
from routing.matching import match_call
from routing.model import Call, Offer, State
from routing.outputs import Outputs
from routing.transitions import AGENT, CALL, AgentStep, CallState, CallStep

# The dialplan needs milliseconds from a failed Dial back to waiting; after this the call is offered again without its word.
RETURN_GUARD_S = 2.0
LATE = "late: the offer is over"


def on_ringing(state: State, event: OfferRinging, out: Outputs) -> None:
    """The seat rings."""
    call, offer = offer_of(state, event)
    if call is None or offer is None:
        out.ignore(event, event.call, LATE)
        return
    offer.leg = event.leg
    if offer.rang_at is None:
        offer.rang_at = event.at
        agent = state.agents[offer.agent]
        agent.state = AGENT[(agent.state, AgentStep.RING)]
        agents.stop_ringing(state, agent, out)
        idle_s = max(0.0, event.at - offer.free_at)
        is_probe = state.is_probe(call)
        out.facts.append(SeatRang(out.at, call.id, offer.agent, offer.seat, call.queue, call.tier, idle_s, is_probe))


def on_failed(state: State, event: OfferFailed, out: Outputs) -> None:
    """The seat did not take the call; the caller is on the way back to waiting."""
    call, offer = offer_of(state, event)
    if call is None or offer is None:
        out.ignore(event, event.call, LATE)
        return
    # Asterisk calls a declined call "no answer" too, but only of a declined one the seat's side hung up by itself.
    declined = event.reason is OfferFailure.NO_ANSWER and offer.declined
    lose_offer(state, call, offer, OfferFailure.REJECTED if declined else event.reason, out)


def offer_of(state: State, event: OfferRinging | OfferAnswered | OfferFailed) -> tuple[Call | None, Offer | None]:
    """The call and its offer at that seat; None for what is over."""
    call = state.calls.get(event.call)
    if call is None or call.state is not CallState.OFFERED:
        return None, None
    return call, call.rings.get(event.seat)


def offer_at(call: Call, leg: str) -> Offer | None:
    """The offer whose seat's side is the channel `leg`."""
    return next((offer for offer in call.rings.values() if leg and offer.leg == leg), None)


def take_offers(call: Call) -> list[Offer]:
    """Takes every offer of the call away from it; each must then be closed."""
    offers, call.rings = list(call.rings.values()), {}
    return offers


def lose_offer(state: State, call: Call, offer: Offer, reason: OfferFailure, out: Outputs) -> None:
    """One seat does not take the call; another one that was rung at the same time goes on ringing."""
    del call.rings[offer.seat]
    if not call.rings:
        go_back(state, call, CallStep.LOSE_LEG if reason is OfferFailure.ABANDONED else CallStep.FAIL, out)
    close_offer(state, call, offer, reason, out)
    if call.state is CallState.CALLBACK:
        match_call(state, call, out)


def go_back(state: State, call: Call, step: CallStep, out: Outputs) -> None:
    """No seat rings any more: a caller is on the way back to the line, a callback waits on."""
    # The call leaves its state before an agent looks for another one: an agent that is free again must not find it still offered.
    if call.promised_at is not None:
        put_off(state, call, None)
        return
    call.state = CALL[(call.state, step)]
    call.until = out.at + RETURN_GUARD_S
    state.set_deadline("call", call.id, call.until)


def close_offer(state: State, call: Call, offer: Offer, reason: OfferFailure, out: Outputs) -> None:
    """Tells how an offer ended, and its agent what follows from that."""
    note_offer(state, call, offer, reason.value, out)
    agent = state.agents[offer.agent]
    if reason is OfferFailure.NO_ANSWER:
        call.missed += 1
        agents.miss(state, agent, out)
    elif reason in (OfferFailure.REJECTED, OfferFailure.BUSY):
        agents.refuse(state, agent, reason.value, out)
    elif reason is OfferFailure.UNAVAILABLE:
        agents.refuse(state, agent, agents.UNREACHABLE, out)
    else:
        # A seat that cannot be rung must not be the next choice again and again while others are idle.
        agents.withdraw(state, agent, out, keeps_turn=reason is not OfferFailure.NOT_DELIVERED)


def note_offer(state: State, call: Call, offer: Offer, result: str, out: Outputs) -> None:
    """Tells how an offer ended: `result` is a word of docs/metrics.md."""
    rang_s = max(0.0, out.at - offer.rang_at) if offer.rang_at is not None else 0.0
    where = (offer.agent, offer.seat, call.queue, call.tier)
    out.facts.append(OfferClosed(out.at, call.id, *where, result, rang_s, state.is_probe(call)))

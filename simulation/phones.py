"""What becomes of the router's orders in virtual time: seats ring and are answered or not, callers talk, hear, and are called back.

Owns the part of Asterisk and of the people at the phones. Must not choose anybody. Habits are in people.py.
Rules: the events and their order are those that a live site reports; an order that is over when its time comes does nothing.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Protocol

from routing.actions import (
    Action,
    Announce,
    CallBack,
    HangUpLeg,
    RingSeat,
    SendOutside,
    SendToVoicemail,
    TellOfCallback,
    Word,
)
from routing.events import (
    AgentExtended,
    AgentReadied,
    CallbackAsked,
    CallEnded,
    CallQueued,
    CustomerReached,
    CustomerUnreached,
    Event,
    LegEnded,
    MessageLeft,
    OfferAnswered,
    OfferFailed,
    OfferFailure,
    OfferRinging,
    OutsideAnswered,
)
from routing.facts import AgentState
from routing.model import Call, Offer, State
from routing.transitions import CallState
from simulation.arrival import Arrival
from simulation.chance import uniform
from simulation.people import Habits

NORMAL = 16  # Q.850: normal clearing
OUTSIDE_RINGS_S = 5.0
JUST_BEFORE_S = 0.001
# Turns of a call's luck; offers take two each from _OFFERS on, attempts to call back one from _ATTEMPTS on
_WANTS_CALLBACK, _OUTSIDE, _ATTEMPTS, _OFFERS = 4, 5, 10, 100


class Course(Protocol):
    """What Asterisk and the people at the phones did where that is on record: in place of habits. All in seconds."""

    def ring(self, call: Call, seat: str) -> tuple[float, bool]:
        """From the order to ring until it was answered or the seat failed (`math.inf`: something else ended it), and whether it was answered."""

    def returns(self, call: Call) -> float:
        """From a seat's failure until the caller is back in the line."""

    def wakes(self, due_at: float) -> float:
        """When the router's clock rang for what was due at `due_at`: then or later."""


class Phones:
    """Performs actions: each plans the events that follow from it."""

    def __init__(
        self,
        state: State,
        habits: Habits,
        open_calls: Mapping[str, Arrival],
        plan: Callable[[float, Callable[[float], Iterable[Event]]], None],
        course: Course | None = None,
    ) -> None:
        self._state = state
        self._habits = habits
        self._course = course
        self._open = open_calls
        self._plan = plan
        self._at_once = course is None and habits.answers_at_once
        self._ways: dict[type, Callable[[Action, float], None]] = {
            RingSeat: self._ring,
            CallBack: self._ring,
            HangUpLeg: self._hang_up_leg,
            Announce: self._told,
            TellOfCallback: self._told,
            SendOutside: self._outside,
            SendToVoicemail: self._voicemail,
        }

    def perform(self, action: Action, at: float) -> None:
        """Plans what follows from an order given at `at`."""
        self._ways[type(action)](action, at)

    def _ring(self, action: Action, at: float) -> None:
        assert isinstance(action, RingSeat | CallBack)
        call = self._state.calls[action.call]
        for seat in action.seats if isinstance(action, RingSeat) else (action.seat,):
            offer = call.rings[seat]
            if self._at_once:
                self._plan(at, partial(self._answer, call, offer))
            else:
                self._plan(at + self._habits.rings_after_s, partial(self._rings, call, offer, action.ring_s))

    def _rings(self, call: Call, offer: Offer, ring_s: int, at: float) -> Iterable[Event]:
        if call.rings.get(offer.seat) is not offer:
            return ()
        ends_at, is_answered = self._end_of_ring(call, offer, ring_s, at)
        self._plan(ends_at, partial(self._answer if is_answered else self._miss, call, offer))
        return (OfferRinging(at, call.id, offer.seat, _leg(call, offer)),)

    def _end_of_ring(self, call: Call, offer: Offer, ring_s: int, at: float) -> tuple[float, bool]:
        if self._course is not None:
            after_s, is_answered = self._course.ring(call, offer.seat)
            return offer.made_at + after_s, is_answered
        luck, turn = self._open[call.id].luck, _OFFERS + 2 * call.offers
        is_deaf = uniform(luck, turn + 1) < self._habits.no_answer
        answers_at = math.inf if is_deaf else at + self._habits.pick_up.at(uniform(luck, turn))
        gives_up_at = offer.made_at + ring_s
        return (max(at, gives_up_at), False) if gives_up_at < answers_at else (answers_at, True)

    def _answer(self, call: Call, offer: Offer, at: float) -> Iterable[Event]:
        if call.rings.get(offer.seat) is not offer:
            return ()
        if call.promised_at is None:
            self._plan(at + self._open[call.id].talk_s, partial(self._end_talk, call))
        else:
            self._dial(call, _leg(call, offer), at)
        return (OfferAnswered(at, call.id, offer.seat, _leg(call, offer)),)

    def _miss(self, call: Call, offer: Offer, at: float) -> Iterable[Event]:
        if call.rings.get(offer.seat) is not offer:
            return ()
        if self._state.rules.missed_pause_s <= 0:
            self._plan(at + self._habits.back_after_s, partial(self._back, offer.agent))
        self._return_later(call, at)
        return (OfferFailed(at, call.id, offer.seat, OfferFailure.NO_ANSWER),)

    def _back(self, agent: str, at: float) -> Iterable[Event]:
        return (AgentReadied(at, agent),) if self._state.agents[agent].state is AgentState.MISSED else ()

    def _return_later(self, call: Call, at: float) -> None:
        if call.promised_at is None:
            after_s = self._habits.returns_after_s if self._course is None else self._course.returns(call)
            self._plan(at + after_s, partial(self._return, call))

    def _return(self, call: Call, at: float) -> Iterable[Event]:
        """The dialplan says that the caller waits again; while another seat rings for it, it does not."""
        if call.state is not CallState.RETURNING and call.state is not CallState.OUTSIDE:
            return ()
        who = self._open[call.id]
        words = (call.queue, call.tier, call.service, call.language, call.representative)
        return (CallQueued(at, call.id, call.channel, call.caller, *words, call.queued_at or at, who.customer_class),)

    def _hang_up_leg(self, action: Action, at: float) -> None:
        assert isinstance(action, HangUpLeg)
        self._plan(at, partial(self._leg_gone, action.leg))

    def _leg_gone(self, leg: str, at: float) -> Iterable[Event]:
        name, seat, _ = leg.rsplit("/", 2)
        call = self._state.calls.get(name)
        offer = call.rings.get(seat) if call is not None else None
        if call is None or offer is None or offer.leg != leg:
            return ()
        self._return_later(call, at)
        return (LegEnded(at, name, seat, leg),)

    def _end_talk(self, call: Call, at: float) -> Iterable[Event]:
        if call.state is not CallState.TALKING:
            return ()
        wrap_up_s = self._open[call.id].wrap_up_s
        if wrap_up_s is not None and wrap_up_s != self._state.rules.wrap_up_s and call.agent:
            self._write_up(call.agent, wrap_up_s, at)
        if call.promised_at is not None:
            return (LegEnded(at, call.id, call.seat, call.leg),)
        return (CallEnded(at, call.id, NORMAL),)

    def _write_up(self, agent: str, wrap_up_s: float, at: float) -> None:
        """The agent is ready by itself before the site's time is over, or asks for more time as often as it is given."""
        rules = self._state.rules
        until = at + rules.wrap_up_s
        while rules.wrap_up_s > 0 and until < at + min(wrap_up_s, rules.wrap_up_max_s):
            self._plan(until - JUST_BEFORE_S, partial(self._extend, agent, at))
            until += rules.wrap_up_s
        self._plan(at + wrap_up_s, partial(self._written_up, agent, at))

    def _extend(self, agent: str, began_at: float, at: float) -> Iterable[Event]:
        return (AgentExtended(at, agent),) if self._writes_up(agent, began_at) else ()

    def _written_up(self, agent: str, began_at: float, at: float) -> Iterable[Event]:
        return (AgentReadied(at, agent),) if self._writes_up(agent, began_at) else ()

    def _writes_up(self, agent: str, began_at: float) -> bool:
        who = self._state.agents[agent]
        return who.state is AgentState.WRAP_UP and who.wrap_up_at == began_at

    def _told(self, action: Action, at: float) -> None:
        assert isinstance(action, Announce | TellOfCallback)
        arrival = self._open[action.call]
        offers = action.offers_callback if isinstance(action, Announce) else action.word is Word.OFFER
        if offers and uniform(arrival.luck, _WANTS_CALLBACK) < self._habits.wants_callback:
            self._plan(at + self._habits.accepts_after_s, partial(self._ask, self._state.calls[action.call]))
        elif isinstance(action, TellOfCallback) and action.word is Word.KNOWN:
            self._plan(at, lambda now: (CallEnded(now, action.call, NORMAL),))

    def _ask(self, call: Call, at: float) -> Iterable[Event]:
        return (CallbackAsked(at, call.id),) if call.state is CallState.WAITING else ()

    def _dial(self, call: Call, leg: str, at: float) -> None:
        """The agent is on the line, the customer is rung."""
        arrival, habits = self._open[call.id], self._habits
        turn = _ATTEMPTS + 2 * call.tries
        at += habits.dialled.at(uniform(arrival.luck, turn))
        if uniform(arrival.luck, turn + 1) < habits.reached:
            self._plan(at, lambda now: (CustomerReached(now, call.id),))
            self._plan(at + arrival.talk_s, partial(self._end_talk, call))
        else:
            unreached = "no_answer"
            self._plan(
                at, lambda now: (CustomerUnreached(now, call.id, unreached), LegEnded(now, call.id, call.seat, leg))
            )

    def _outside(self, action: Action, at: float) -> None:
        assert isinstance(action, SendOutside)
        call, arrival = self._state.calls[action.call], self._open[action.call]
        at += OUTSIDE_RINGS_S
        if uniform(arrival.luck, _OUTSIDE) < self._habits.outside_answers:
            self._plan(at, lambda now: (OutsideAnswered(now, call.id),))
            self._plan(at + arrival.talk_s, lambda now: (CallEnded(now, call.id, NORMAL),))
        else:
            self._plan(at, partial(self._return, call))

    def _voicemail(self, action: Action, at: float) -> None:
        assert isinstance(action, SendToVoicemail)
        call, length_s = action.call, self._habits.message_s
        self._plan(
            at + length_s, lambda now: (MessageLeft(now, call, f"{call}.wav", length_s), CallEnded(now, call, NORMAL))
        )


def _leg(call: Call, offer: Offer) -> str:
    return f"{call.id}/{offer.seat}/{call.offers}"

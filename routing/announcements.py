"""What a waiting caller is told, and when: the place in the line and about how many minutes are left.

Owns the moment and the content of an announcement. Must not know a prompt: the dialplan has those.
Rules: at queue entry and every `announce_every_s`; a caller is never told a longer wait or a later place than before: when the estimate has
grown too far, thanks for waiting and no figure. Nothing here delays a connection: the next offer cuts an announcement.
"""

import math

from routing.actions import LAST_PLACE_TOLD, MANY, MINUTES_TOLD, Announce
from routing.callback import is_worth_it, offer_callback
from routing.estimate import Estimate, predicted_wait
from routing.facts import Announced
from routing.model import Call, State
from routing.outputs import Outputs
from routing.transitions import CallState

MINUTE_S = 60.0
LATE_S = (
    1.0  # announcements that are later than this (after a take-over) are spread, so that they do not come in one burst
)
SLOTS = 16


def begin_announcing(state: State, call: Call, out: Outputs) -> None:
    """The call entered a queue: told at once if it waits, after its own agent's time if it is held for that one."""
    if state.rules.announce_every_s <= 0:
        if state.connected and is_worth_it(state, call, lambda: predicted_wait(state, call, out.at)):
            offer_callback(state, call, out)
        return
    if call.held_for and call.until is not None:
        _plan(state, call, call.until)
    elif call.state is CallState.WAITING and state.connected:
        _announce(state, call, out)
    else:
        _plan(state, call, out.at + state.rules.announce_every_s)


def on_announcement_due(state: State, call: Call, due: float, out: Outputs) -> None:
    """Time to tell the caller again; one whose seat rings, or who cannot be reached now, is told next time."""
    every_s = state.rules.announce_every_s
    if every_s <= 0 or call.state in (CallState.TALKING, CallState.AFTER):
        return
    if out.at - due > LATE_S:
        _plan(state, call, out.at + every_s * (1 + call.order % SLOTS) / SLOTS)
    elif call.state is CallState.WAITING and not call.held_for and state.connected:
        _announce(state, call, out)
    else:
        _plan(state, call, out.at + every_s)


def _announce(state: State, call: Call, out: Outputs) -> None:
    estimate = predicted_wait(state, call, out.at)
    place, minutes = _figures(call, estimate, out.at)
    if place:
        call.told_place = place
    if minutes:
        until = out.at + minutes * MINUTE_S if minutes != MANY else math.inf
        call.told_until = min(until, call.told_until or until)
    low_s, high_s = (estimate.low_s, estimate.high_s) if estimate is not None else (None, None)
    offers = is_worth_it(state, call, lambda: estimate)
    call.callback_told = call.callback_told or offers
    out.actions.append(Announce(call.id, call.channel, place, minutes, offers))
    out.facts.append(Announced(out.at, call.id, place, minutes, low_s, high_s))
    _plan(state, call, out.at + state.rules.announce_every_s)


def _figures(call: Call, estimate: Estimate | None, at: float) -> tuple[int, int]:
    """(place, minutes) as Announce has them; minutes are rounded up, so that most callers wait no longer than told.

    An end that was told stands as long as it is likely (within the estimate's interval): time that passes shortens what is told,
    whatever the mean says. An end that is no longer likely is not told again, and no later one instead.
    """
    if estimate is None:
        return 0, 0
    left_s = estimate.mean_s
    if call.told_until:
        if at + estimate.low_s > call.told_until:
            return 0, 0
        left_s = min(left_s, call.told_until - at)
    place = estimate.ahead + 1 if estimate.ahead < LAST_PLACE_TOLD else MANY
    minutes = next((told for told in MINUTES_TOLD if told * MINUTE_S >= left_s), MANY)
    return 0 if call.told_place and place > call.told_place else place, minutes


def _plan(state: State, call: Call, at: float) -> None:
    call.say_at = at
    state.set_deadline("say", call.id, at)

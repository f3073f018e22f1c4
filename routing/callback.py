"""Who may be called back, and what is promised: the caller hangs up, the call keeps its place as a virtual one.

Owns the offer, the promise and its end before anybody is dialled. Must not choose who is served: selection.py does.
Rules: docs/guide/callback.md. A number is dialled only if it fits a pattern of the site file; one callback a number.
"""

from collections.abc import Callable

from routing.actions import TellOfCallback, Word
from routing.estimate import Estimate
from routing.facts import CallbackPromised
from routing.model import Call, State
from routing.outputs import Outputs
from routing.own_agent import let_go
from routing.transitions import CALL, CallState, CallStep


def may_be_dialled(number: str, patterns: tuple[str, ...]) -> bool:
    """Whether `number` fits one of the patterns: digits, and X for any digit, the whole number."""
    return any(
        len(number) == len(pattern)
        and all(b in "0123456789" and a in ("X", b) for a, b in zip(pattern, number, strict=True))
        for pattern in patterns
    )


def is_possible(state: State, call: Call) -> bool:
    """Whether the caller of a waiting call could be promised a callback: its number may be dialled and there is room."""
    rules = state.rules.callback
    if rules is None or call.state is not CallState.WAITING:
        return False
    has_room = len(state.callbacks) < rules.max_open or call.caller in state.callbacks
    return has_room and may_be_dialled(call.caller, rules.allowed)


def is_worth_it(state: State, call: Call, estimate_of: Callable[[], Estimate | None]) -> bool:
    """Whether a callback is offered unasked, once a call: the estimate is longer than `offer_above_s`, or there is none."""
    rules = state.rules.callback
    if rules is None or rules.offer_above_s <= 0 or call.callback_told or not is_possible(state, call):
        return False
    estimate = estimate_of()
    return estimate is None or estimate.mean_s > rules.offer_above_s


def offer_callback(state: State, call: Call, out: Outputs) -> None:
    """Tells a waiting caller that it may be called back, if it may; it goes on waiting meanwhile."""
    if is_possible(state, call):
        call.callback_told = True
        out.actions.append(TellOfCallback(call.id, call.channel, Word.OFFER))


def promise(state: State, call: Call, out: Outputs) -> bool:
    """The caller of a waiting call asked for it: True when the call is a virtual one from now on, else the caller is told why not.

    A number that is being called back already keeps that one's place; the line is hung up all the same.
    """
    rules = state.rules.callback
    if rules is None or not is_possible(state, call) or call.queued_at is None:
        out.actions.append(TellOfCallback(call.id, call.channel, Word.NOT_POSSIBLE))
        return False
    if call.caller in state.callbacks:
        call.goodbye = "known"
        out.actions.append(TellOfCallback(call.id, call.channel, Word.KNOWN))
        return False
    if call.held_for:
        let_go(state, call)
    call.state = CALL[(call.state, CallStep.PROMISE)]
    state.place_call(call)
    call.left_at, call.until, call.step_at, call.say_at = out.at, None, None, None
    call.asked_own, call.seats_at_once = True, 1
    call.promised_at = state.opening.due_at(call.queue, out.at, call.line_at, rules)
    state.callbacks[call.caller] = call.id
    state.place_call(call)
    out.actions.append(TellOfCallback(call.id, call.channel, Word.ACCEPTED))
    out.facts.append(
        CallbackPromised(
            out.at,
            call.id,
            call.caller,
            call.queue,
            call.tier,
            call.service,
            call.language,
            call.queued_at,
            call.promised_at,
        )
    )
    return True


def is_settled(call: Call) -> bool:
    """Whether the caller waits for nothing on the line: it will be called back."""
    return call.promised_at is not None or call.goodbye != ""


def say_again(call: Call, out: Outputs) -> None:
    """A caller who has been promised a callback still stands in the line: the order that lets it hear so was lost with a router."""
    out.actions.append(TellOfCallback(call.id, call.channel, Word.KNOWN if call.goodbye else Word.ACCEPTED))


def put_off(state: State, call: Call, until: float | None) -> None:
    """A callback that came to nothing for now stands in line again, from `until` on if that is given."""
    call.state, call.leg, call.unreached = CALL[(call.state, CallStep.CALL_LATER)], "", ""
    call.until = until
    if until is not None:
        state.set_deadline("call", call.id, until)
    state.place_call(call)

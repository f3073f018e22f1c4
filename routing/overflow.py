"""Carries out the overflow recipe of a call's queue: widens who may serve it, and matches it at once.

Owns the moment at which a step is taken. Must not decide which step is due: recipe.py does.
Rules: steps.py; nobody who could now be served waits (design.md section 3); `queued_at` is never rewritten.
"""

import math
from collections.abc import Callable

from routing.callback import offer_callback
from routing.estimate import callers_before, predicted_wait
from routing.facts import CallWidened
from routing.leaving import send_outside, send_to_voicemail
from routing.matching import match_call
from routing.model import Call, State
from routing.outputs import Outputs
from routing.own_agent import let_go
from routing.recipe import is_due, lowered, next_step_at, opened, steps_left
from routing.steps import Leave, Step, When
from routing.transitions import CallState

# How a call leaves the line for good, each way by its own module: it must take the call out of WAITING. A way that is not here is refused by
# the site's check, and its steps are passed over.
LEAVE: dict[Leave, Callable[[State, Call, Step, Outputs], None]] = {
    Leave.OUTSIDE: lambda state, call, step, out: send_outside(state, call, step.number, out),
    Leave.VOICEMAIL: lambda state, call, _, out: send_to_voicemail(state, call, out),
    Leave.CALLBACK: lambda state, call, _, out: offer_callback(state, call, out),
}
RETRY_S = 1.0
_IN_QUEUE = (CallState.WAITING, CallState.OFFERED, CallState.RETURNING)


def begin(call: Call) -> None:
    """The call enters a queue, `requires` as its queue and the caller ask: no step is taken yet."""
    call.asked, call.open_to, call.seats_at_once, call.steps_done, call.step_at = call.requires, (), 1, (), None


def follow_recipe(state: State, call: Call, out: Outputs) -> None:
    """Takes every step that is due, then gives a waiting call to whoever may serve it now; the recipe's clock runs while a seat rings too."""
    if call.state not in _IN_QUEUE:
        return
    has_recipe = bool(state.queues[call.queue].overflow)
    if has_recipe:
        for step in steps_left(state, call):
            if step.leave is None and is_due(state, call, step, out.at, lambda when: _line(state, call, when, out.at)):
                _widen(state, call, step, out)
        _plan(state, call, next_step_at(state, call, out.at))
    match_call(state, call, out)
    if has_recipe and call.state is CallState.WAITING:
        _end_wait(state, call, out)


def _end_wait(state: State, call: Call, out: Outputs) -> None:
    """Takes the first due step that ends the wait, now that nobody can serve the call; later when Asterisk cannot be told, or a seat rings."""
    steps = (step for step in steps_left(state, call) if step.leave in LEAVE)
    step = next(
        (s for s in steps if is_due(state, call, s, out.at, lambda when: _line(state, call, when, out.at))), None
    )
    if step is None or step.leave is None:
        return
    if not state.connected:
        again_at = out.at + RETRY_S
        _plan(state, call, again_at if call.step_at is None else min(again_at, call.step_at))
        return
    if call.held_for:
        let_go(state, call)
        match_call(state, call, out)
    if call.state is CallState.WAITING:
        _note(call, step, out)
        LEAVE[step.leave](state, call, step, out)


def _plan(state: State, call: Call, at: float | None) -> None:
    call.step_at = at
    if at is not None:
        state.set_deadline("step", call.id, at)


def _line(state: State, call: Call, when: When, at: float) -> float:
    """The callers before it, or the mean of the estimate, anew after each step; endless when nobody at work may serve the call. While a seat rings it is not in line."""
    if call.state is not CallState.WAITING:
        return 0.0
    if when is When.AHEAD:
        return callers_before(state, call, at)
    estimate = predicted_wait(state, call, at)
    return math.inf if estimate is None else estimate.mean_s


def _widen(state: State, call: Call, step: Step, out: Outputs) -> None:
    state.waiting[state.class_of(call)].leave(call.id)  # it joins the line of its new class, at its old place
    call.requires = lowered(call.requires, step.relax)
    if step.add_queue:
        call.open_to = opened(call.open_to, step.add_queue)
    call.seats_at_once = max(call.seats_at_once, step.ring_seats)
    call.widened_at = out.at
    _note(call, step, out)
    state.place_call(call)


def _note(call: Call, step: Step, out: Outputs) -> None:
    call.steps_done = (*call.steps_done, step.name)
    waited_s = out.at - call.entered_at
    out.facts.append(CallWidened(out.at, call.id, step.name, waited_s))

"""Carries out the overflow recipe of a call's queue: widens who may serve it, and matches it at once.

Owns the moment at which a step is taken. Must not decide which step is due: recipe.py does.
Rules: steps.py; nobody who could now be served waits (design.md section 3); `queued_at` is never rewritten.
"""

import math

from routing.estimate import predicted_wait
from routing.facts import CallWidened
from routing.matching import match_call
from routing.model import Call, State
from routing.outputs import Outputs
from routing.recipe import is_due, lowered, next_step_at, opened, steps_left
from routing.steps import Step
from routing.transitions import CallState

_IN_QUEUE = (CallState.WAITING, CallState.OFFERED, CallState.RETURNING)


def begin(call: Call) -> None:
    """The call enters a queue, `requires` as its queue and the caller ask: no step is taken yet."""
    call.asked, call.open_to, call.seats_at_once, call.steps_done, call.step_at = call.requires, (), 1, (), None


def follow_recipe(state: State, call: Call, out: Outputs) -> None:
    """Takes every step that is due, then gives a waiting call to whoever may serve it now; the recipe's clock runs while a seat rings too."""
    if call.state not in _IN_QUEUE:
        return
    if state.queues[call.queue].overflow:
        for step in steps_left(state, call):
            if step.leave is None and is_due(state, call, step, out.at, lambda: _predicted_s(state, call, out.at)):
                _widen(state, call, step, out)
        call.step_at = next_step_at(state, call, out.at)
        if call.step_at is not None:
            state.set_deadline("step", call.id, call.step_at)
    match_call(state, call, out)


def _predicted_s(state: State, call: Call, at: float) -> float:
    """The mean of the estimate, anew after each step; endless when nobody at work may serve the call. While a seat rings nothing is predicted."""
    if call.state is not CallState.WAITING:
        return 0.0
    estimate = predicted_wait(state, call, at)
    return math.inf if estimate is None else estimate.mean_s


def _widen(state: State, call: Call, step: Step, out: Outputs) -> None:
    state.waiting[state.class_of(call)].leave(call.id)  # it joins the line of its new class, at its old place
    call.requires = lowered(call.requires, step.relax)
    if step.add_queue:
        call.open_to = opened(call.open_to, step.add_queue)
    call.seats_at_once = max(call.seats_at_once, step.ring_seats)
    call.steps_done = (*call.steps_done, step.name)
    state.place_call(call)
    waited_s = out.at - (call.queued_at if call.queued_at is not None else out.at)
    out.facts.append(CallWidened(out.at, call.id, step.name, waited_s))

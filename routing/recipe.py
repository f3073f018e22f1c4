"""Which steps of its queue's overflow recipe a call takes now, when it must be looked at again, and what a step changes.

Owns the arithmetic of recipes. Must not touch lines, agents or the clock: overflow.py carries the steps out.
Rules: steps.py; a step is taken once a call, those due together in the order of the file.
"""

from collections.abc import Callable

from routing.groups import Group, Levels
from routing.model import Call, State
from routing.steps import Step, When


def recipe_of(state: State, call: Call) -> tuple[Step, ...]:
    """The steps of the call's queue that are for its tier, in the order of the file."""
    steps = state.queues[call.queue].overflow
    return tuple(step for step in steps if not step.tiers or call.tier in step.tiers) if steps else ()


def steps_left(state: State, call: Call) -> list[Step]:
    """The steps that the call has not taken yet, in the order of the file."""
    return [step for step in recipe_of(state, call) if step.name not in call.steps_done]


def due_at(state: State, call: Call, step: Step) -> float | None:
    """When a timed step is due, epoch seconds; None for one that depends on the line."""
    if step.when is When.AFTER:
        return call.entered_at + step.threshold
    if step.when is When.LEFT:
        return call.entered_at + state.tiers[call.tier].answer_within_s - step.threshold
    return None


def is_due(state: State, call: Call, step: Step, at: float, line: Callable[[When], float]) -> bool:
    """Whether a step's condition holds at `at`. `line` gives the estimated wait or the callers before it, and is asked only if the step depends on it."""
    timed_at = due_at(state, call, step)
    if timed_at is not None:
        return timed_at <= at
    return line(step.when) >= step.threshold if step.when is When.AHEAD else line(step.when) > step.threshold


def next_step_at(state: State, call: Call, at: float) -> float | None:
    """When the first step after `at` is due; None when none is."""
    times = (due_at(state, call, step) for step in steps_left(state, call))
    return min((time for time in times if time is not None and time > at), default=None)


def lowered(requires: Levels, by: Levels) -> Levels:
    """`requires` with some levels lowered; a skill whose level comes to 0 is required no more."""
    less = dict(by)
    rest = ((skill, level - less.get(skill, 0)) for skill, level in requires)
    return tuple((skill, level) for skill, level in rest if level > 0)


def opened(open_to: tuple[str, ...], queue: str) -> tuple[str, ...]:
    """`open_to` with one queue more, in alphabetical order: calls with the same additions are of one class."""
    return tuple(sorted({*open_to, queue}))


def step_that_let_in(state: State, call: Call, group: Group) -> str:
    """The name of the step without which an agent of `group` could not serve the call; empty when it always could."""
    if not call.steps_done:
        return ""
    requires, name = call.asked, ""
    open_to: tuple[str, ...] = ()
    taken = {step.name: step for step in recipe_of(state, call)}
    for done in ("", *call.steps_done):
        if (step := taken.get(done)) is not None:
            requires, name = lowered(requires, step.relax), done
            open_to = opened(open_to, step.add_queue) if step.add_queue else open_to
        if group.can_serve(state.directory.call_class(call.queue, call.tier, requires, open_to)):
            return name
    return ""

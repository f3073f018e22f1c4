"""The two decisions of a call router: which agent for a call that arrives, which call for an agent that frees.

Owns the rule of theory.md section 2.6 (N-model with overflow and a reserve K of idle dedicated seats); must not change any state.
An agent may serve a call when queue and skills fit and the seat's tiers or the reserve allow it.
Order: tier priority (ageing), then the earliest deadline, first come first served in a class; own dedicated seats, shared seats, others' dedicated seats above the reserve,
and inside each the longest idle among agents. Cost: number of groups times number of call classes, whatever the number of agents and calls.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from routing.facts import PassedOver
from routing.groups import CallClass, Group, seats_named
from routing.model import Call, State

MAX_TOLD = (
    12  # groups or classes that a decision tells of: it is stored with the call and must not grow with the hotline
)


class Rule:
    """The rules that a decision can name."""

    OWN_SEAT = "dedicated seat of the caller's tier, longest idle first"
    SHARED_SEAT = "shared seat, longest idle first"
    SPARE_SEAT = "dedicated seat beyond the reserve, longest idle first"
    OWN_AGENT = "the caller's own agent"


class Choice(NamedTuple):
    """Who serves whom, by which rule, and who else was looked at."""

    call: str
    agent: str
    rule: str
    passed_over: tuple[PassedOver, ...]


def rule_for(state: State, group: Group, call_class: CallClass) -> str | None:
    """The rule by which an idle agent of `group` may serve a call of `call_class` now; None when queue, skills or the reserve forbid it."""
    if not group.can_serve(call_class):
        return None
    if not group.tiers:
        return Rule.SHARED_SEAT
    if call_class.tier in group.tiers:
        return Rule.OWN_SEAT
    if state.idle_seats.get(group.tiers, 0) > state.rules.reserve:
        return Rule.SPARE_SEAT
    return None


_PREFERENCE = {Rule.OWN_SEAT: 0, Rule.SHARED_SEAT: 1, Rule.SPARE_SEAT: 2}


def choose_agent(state: State, call: Call) -> Choice | None:
    """The agent for a call that waits: by preference of rule, then the longest idle (ties: who became idle first); None when nobody may."""
    best: tuple[int, float, int] | None = None
    chosen: tuple[str, str, Group] | None = None
    call_class = state.class_of(call)
    for group, line in state.idle.items():
        head = line.head()
        if head is None:
            continue
        rule = rule_for(state, group, call_class)
        if rule is None:
            continue
        key = (_PREFERENCE[rule], head[0], head[1])
        if best is None or key < best:
            best, chosen = key, (head[2], rule, group)
    if chosen is None:
        return None
    agent, rule, group = chosen
    return Choice(call.id, agent, rule, tuple(_groups_passed_over(state, call_class, group)))


def choose_call(state: State, group: Group, at: float) -> Choice | None:
    """The call for the longest idle agent of `group`: own tiers of a dedicated seat first, then tier priority, then the earliest deadline.

    A head of a line that has waited `age_ratio` times its target has the priority of the first tier: from then on only calls with an
    earlier deadline are served before it, so the wait of the lowest tier is bounded however many callers of higher tiers come.
    """
    line = state.idle.get(group)
    idle = line.head() if line is not None else None
    if idle is None:
        return None
    best: tuple[int, int, float, int] | None = None  # preference of the rule, rank, deadline, order
    chosen: tuple[str, str, CallClass] | None = None
    for call_class, line in state.waiting.items():
        head = line.head()
        if head is None:
            continue
        rule = rule_for(state, group, call_class)
        if rule is None:
            continue
        key = (_PREFERENCE[rule], *urgency(state, call_class, head[0], at), head[1])
        if best is None or key < best:
            best, chosen = key, (head[2], rule, call_class)
    if chosen is None:
        return None
    call, rule, call_class = chosen
    return Choice(call, idle[2], rule, tuple(_classes_passed_over(state, group, call_class)))


def urgency(state: State, call_class: CallClass, queued_at: float, at: float) -> tuple[int, float]:
    """(rank, deadline) of the caller at the head of a line, the smallest first: theory.md 2.4, head-of-line delay ratio as a guard."""
    target_s = state.tiers[call_class.tier].answer_within_s / state.queues[call_class.queue].weight
    is_aged = 0 < state.rules.age_ratio <= (at - queued_at) / target_s
    return 0 if is_aged else state.ranks[call_class.tier], queued_at + target_s


def _groups_passed_over(state: State, call_class: CallClass, taken: Group) -> Iterator[PassedOver]:
    """Kinds of seats at which nobody is idle, then at most MAX_TOLD other groups in which somebody is."""
    for tiers, idle in state.idle_seats.items():
        if not idle:
            yield PassedOver(seats_named(tiers), "none idle")
    others = [group for group in islice(state.idle, MAX_TOLD + 1) if group is not taken]
    for group in sorted(others, key=lambda group: group.name):
        line = state.idle[group]
        if not group.can_serve(call_class):
            why = f"{len(line)} idle, not of this queue or without the skills"
        elif rule_for(state, group, call_class) is None:
            why = f"{len(line)} idle, kept free by the reserve of {state.rules.reserve}"
        else:
            why = f"{len(line)} idle, but {taken.name} come first or were idle longer"
        yield PassedOver(group.name, why)


def _classes_passed_over(state: State, group: Group, taken: CallClass) -> Iterator[PassedOver]:
    """At most MAX_TOLD other classes in which somebody waits."""
    others = [c for c in islice((c for c, line in state.waiting.items() if len(line)), MAX_TOLD) if c is not taken]
    for call_class in sorted(others, key=lambda call_class: call_class.name):
        line = state.waiting[call_class]
        if not group.can_serve(call_class):
            why = f"{len(line)} waiting, the agent is not of this queue or lacks the skills"
        elif rule_for(state, group, call_class) is None:
            why = f"{len(line)} waiting, {group.name} are kept free by the reserve of {state.rules.reserve}"
        else:
            why = f"{len(line)} waiting, but the {taken.tier} caller comes first (tier, then deadline)"
        yield PassedOver(call_class.name, why)

"""The two decisions of a call router: which agent for a call that arrives, which call for an agent that frees.

Owns the rule of theory.md section 2.6 (N-model with overflow and a reserve K of idle dedicated seats); must not change any state.
Order: tier priority, then first come first served among calls; own dedicated seats, shared seats, others' dedicated seats above the reserve,
and inside each the longest idle among agents. Cost: number of groups times number of call classes, whatever the number of agents and calls.
"""

from dataclasses import dataclass
from typing import NamedTuple

from routing.facts import PassedOver
from routing.model import Call, CallClass, Group, State


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


@dataclass(frozen=True, slots=True)
class _Candidate:
    group: Group
    rule: str


def rule_for(state: State, group: Group, tier: str) -> str | None:
    """The rule by which an idle agent of `group` may serve `tier` now; None when the reserve forbids it."""
    if not group:
        return Rule.SHARED_SEAT
    if tier in group:
        return Rule.OWN_SEAT
    if len(state.idle[group]) > state.rules.reserve:
        return Rule.SPARE_SEAT
    return None


_PREFERENCE = {Rule.OWN_SEAT: 0, Rule.SHARED_SEAT: 1, Rule.SPARE_SEAT: 2}


def choose_agent(state: State, call: Call) -> Choice | None:
    """The agent for a call that waits: by preference of rule, then the longest idle (ties: who became idle first); None when nobody may."""
    best: tuple[int, float, int] | None = None
    chosen: tuple[str, str, Group] | None = None
    for group, line in state.idle.items():
        head = line.head()
        if head is None:
            continue
        rule = rule_for(state, group, call.tier)
        if rule is None:
            continue
        key = (_PREFERENCE[rule], head[0], head[1])
        if best is None or key < best:
            best, chosen = key, (head[2], rule, group)
    if chosen is None:
        return None
    agent, rule, group = chosen
    return Choice(call.id, agent, rule, tuple(_groups_passed_over(state, call, group)))


def choose_call(state: State, group: Group, at: float) -> Choice | None:
    """The call for the longest idle agent of `group`: own tiers of a dedicated seat first, then tier priority, then the earliest deadline.

    A head of a line that has waited `age_ratio` times its target has the priority of the first tier: from then on only calls with an
    earlier deadline are served before it, so the wait of the lowest tier is bounded however many callers of higher tiers come.
    """
    idle = state.idle[group].head()
    if idle is None:
        return None
    best: tuple[int, int, float, int] | None = None  # preference of the rule, rank, deadline, order
    chosen: tuple[str, str, CallClass] | None = None
    for call_class, line in state.waiting.items():
        head = line.head()
        if head is None:
            continue
        rule = rule_for(state, group, call_class[1])
        if rule is None:
            continue
        key = (_PREFERENCE[rule], *urgency(state, call_class[1], head[0], at), head[1])
        if best is None or key < best:
            best, chosen = key, (head[2], rule, call_class)
    if chosen is None:
        return None
    call, rule, call_class = chosen
    return Choice(call, idle[2], rule, tuple(_classes_passed_over(state, group, call_class)))


def urgency(state: State, tier: str, queued_at: float, at: float) -> tuple[int, float]:
    """(rank, deadline) of the caller at the head of a line, the smallest first: theory.md 2.4, head-of-line delay ratio as a guard."""
    target_s = state.tiers[tier].answer_within_s
    is_aged = 0 < state.rules.age_ratio <= (at - queued_at) / target_s
    return 0 if is_aged else state.ranks[tier], queued_at + target_s


def _name(group: Group) -> str:
    return f"seats dedicated to {', '.join(group)}" if group else "shared seats"


def _groups_passed_over(state: State, call: Call, taken: Group) -> list[PassedOver]:
    passed = []
    for group, line in state.idle.items():
        if group == taken:
            continue
        if not len(line):
            why = "none idle"
        elif rule_for(state, group, call.tier) is None:
            why = f"{len(line)} idle, kept free by the reserve of {state.rules.reserve}"
        else:
            why = f"{len(line)} idle, but {_name(taken)} come first or were idle longer"
        passed.append(PassedOver(_name(group), why))
    return passed


def _classes_passed_over(state: State, group: Group, taken: CallClass) -> list[PassedOver]:
    passed = []
    for call_class, line in state.waiting.items():
        if call_class == taken or not len(line):
            continue
        if rule_for(state, group, call_class[1]) is None:
            why = f"{len(line)} waiting, {_name(group)} are kept free by the reserve of {state.rules.reserve}"
        else:
            why = f"{len(line)} waiting, but the {taken[1]} caller comes first (tier, then deadline)"
        passed.append(PassedOver(f"{call_class[1]} callers of {call_class[0]}", why))
    return passed

"""The two decisions of a call router: which agent for a call that arrives, which call for an agent that frees.

Owns the rule of theory.md section 2.6 (N-model with overflow and a reserve K of idle dedicated seats); must not change any state.
An agent may serve a call when queue and skills fit and the seat's tiers or the reserve allow it.
Order: tier priority (ageing), then the earliest deadline, first come first served in a class; own dedicated seats, shared seats, others' dedicated seats above the reserve,
and inside each the longest idle among agents. Cost: number of groups times number of call classes, whatever the number of agents and calls.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from routing.facts import Passed, PassedOver
from routing.groups import CallClass, Group, seats_named
from routing.model import Call, State

MAX_TOLD = (
    12  # groups or classes that a decision tells of: it is stored with the call and must not grow with the hotline
)


class Why:
    """Why seats did not take a caller, in words."""

    NONE_IDLE = "logged in, none idle"
    NOBODY_THERE = "nobody is logged in"
    UNFIT = "idle, not of this queue or without the skills"
    RESERVE = "idle, kept free by the reserve"


WHY = {
    Passed.UNFIT: "waiting, the agent is not of this queue or lacks the skills",
    Passed.RESERVE: "waiting, the seat is kept free by the reserve",
    Passed.OWN_SEAT: "waiting, but the seat serves its own tiers first",
    Passed.TIER: "waiting, but a caller of a higher tier comes first",
    Passed.AGED: "waiting, but a caller who has waited several times its target comes first",
    Passed.DEADLINE: "waiting, but a caller with an earlier deadline comes first",
    Passed.CALLBACK: "waiting, but a customer who was promised a callback comes first",
}


class Rule:
    """The rules that a decision can name."""

    OWN_SEAT = "dedicated seat of the caller's tier, longest idle first"
    SHARED_SEAT = "shared seat, longest idle first"
    SPARE_SEAT = "dedicated seat beyond the reserve, longest idle first"
    OWN_AGENT = "the caller's own agent"


Key = tuple[int, int, float, int]  # preference of the rule, rank, deadline, order: the smallest is served first
Look = tuple[
    CallClass, tuple[float, int, str], str | None, Key | None
]  # a line, its head, rule and key if it may be served


class Choice(NamedTuple):
    """Who serves whom, by which rule, and who else was looked at. `looks`: every line of callers as the agent found it, if it was looked at."""

    call: str
    agent: str
    group: Group
    rule: str
    passed_over: tuple[PassedOver, ...]
    looks: list[Look] | None = None
    is_callback: bool = False


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
    return Choice(call.id, agent, group, rule, tuple(_groups_passed_over(state, call_class, group)))


def choose_call(state: State, group: Group, at: float) -> Choice | None:
    """The call for the longest idle agent of `group`: own tiers of a dedicated seat first, then tier priority, then the earliest deadline.

    A head of a line that has waited `age_ratio` times its target has the priority of the first tier: from then on only calls with an
    earlier deadline are served before it, so the wait of the lowest tier is bounded however many callers of higher tiers come.
    """
    line = state.idle.get(group)
    idle = line.head() if line is not None else None
    if idle is None:
        return None
    looks = look_at_callers(state, group, at)
    fitting = [look for look in looks if look[3] is not None]
    back = _callback_look(state, group, at) if state.virtual else None
    if back is not None and (not fitting or _comes_first(state, fitting, back, at)):
        passed = tuple(_classes_passed_over(state, group, back, looks, at))
        return Choice(back[1][2], idle[2], group, back[2] or "", passed, looks, is_callback=True)
    if not fitting:
        return None
    taken = min(fitting, key=_key_of)
    _, head, rule, _ = taken
    assert rule is not None
    return Choice(head[2], idle[2], group, rule, tuple(_classes_passed_over(state, group, taken, looks, at)), looks)


def is_urgent(state: State, call: Call, at: float) -> bool:
    """Whether a callback's promise is so near that it goes before everyone."""
    rules = state.rules.callback
    urgent_s = rules.urgent_s if rules is not None else 0.0
    return call.promised_at is not None and call.promised_at - urgent_s <= at


def _callback_look(state: State, group: Group, at: float) -> Look | None:
    """The callback that an idle agent of `group` would serve: a near promise first, then as among live callers."""
    best: tuple[bool, Key] | None = None
    found: Look | None = None
    for call_class, line in state.virtual.items():
        head = line.head()
        rule = rule_for(state, group, call_class) if head is not None else None
        if head is None or rule is None:
            continue
        key = (_PREFERENCE[rule], *urgency(state, call_class, head[0], at), head[1])
        rank = (not is_urgent(state, state.calls[head[2]], at), key)
        if best is None or rank < best:
            best, found = rank, (call_class, head, rule, key)
    return found


def _comes_first(state: State, live: list[Look], back: Look, at: float) -> bool:
    """Whether the callback goes before every live caller whom the agent may serve.

    It does when its promise is near; else only if each of them is late already, and it comes first by tier and deadline.
    """
    if is_urgent(state, state.calls[back[1][2]], at):
        return True
    for call_class, _, _, _ in live:
        newest = state.waiting[call_class].newest()
        if newest is not None and at - newest <= state.tiers[call_class.tier].answer_within_s:
            return False
    return _key_of(back) < min(_key_of(look) for look in live)


def _name_of(look: Look) -> str:
    return look[0].name


def _key_of(look: Look) -> Key:
    assert look[3] is not None
    return look[3]


def look_at_callers(state: State, group: Group, at: float) -> list[Look]:
    """Every line in which somebody waits, as an idle agent of `group` finds it."""
    looks: list[Look] = []
    for call_class, line in state.waiting.items():
        head = line.head()
        if head is not None:
            rule = rule_for(state, group, call_class)
            key = (_PREFERENCE[rule], *urgency(state, call_class, head[0], at), head[1]) if rule else None
            looks.append((call_class, head, rule, key))
    return looks


def urgency(state: State, call_class: CallClass, queued_at: float, at: float) -> tuple[int, float]:
    """(rank, deadline) of the caller at the head of a line, the smallest first: theory.md 2.4, head-of-line delay ratio as a guard."""
    target_s = state.tiers[call_class.tier].answer_within_s / state.queues[call_class.queue].weight
    is_aged = 0 < state.rules.age_ratio <= (at - queued_at) / target_s
    return 0 if is_aged else state.ranks[call_class.tier], queued_at + target_s


def why_nobody(state: State, call_class: CallClass) -> tuple[PassedOver, ...]:
    """For a caller whom nobody can take now: every kind of seats and why. Cost: the number of kinds, whatever the number of agents."""
    told = []
    for tiers, idle in state.idle_seats.items():
        if not idle:
            told.append(_none_idle(tiers, state.manned.get(tiers, 0)))
        elif not tiers or call_class.tier in tiers or idle > state.rules.reserve:
            told.append(PassedOver(seats_named(tiers), Why.UNFIT, idle))
        else:
            told.append(PassedOver(seats_named(tiers), f"{Why.RESERVE} of {state.rules.reserve}", idle))
    return tuple(told)


@lru_cache(4096)
def _none_idle(tiers: tuple[str, ...], manned: int) -> PassedOver:
    return PassedOver(seats_named(tiers), Why.NONE_IDLE if manned else Why.NOBODY_THERE, manned)


def _groups_passed_over(state: State, call_class: CallClass, taken: Group) -> Iterator[PassedOver]:
    """Kinds of seats at which nobody is idle, then at most MAX_TOLD other groups in which somebody is."""
    for tiers, idle in state.idle_seats.items():
        if not idle:
            yield _none_idle(tiers, state.manned.get(tiers, 0))
    others = [group for group in islice(state.idle, MAX_TOLD + 1) if group is not taken]
    for group in sorted(others, key=attrgetter("name")):
        if not group.can_serve(call_class):
            why = Why.UNFIT
        elif rule_for(state, group, call_class) is None:
            why = f"{Why.RESERVE} of {state.rules.reserve}"
        else:
            why = f"idle, but {taken.name} come first or were idle longer"
        yield PassedOver(group.name, why, len(state.idle[group]))


def _classes_passed_over(state: State, group: Group, taken: Look, looks: list[Look], at: float) -> Iterator[PassedOver]:
    """At most MAX_TOLD other classes in which somebody waits, and who stands first there."""
    others = [look for look in looks[:MAX_TOLD] if look is not taken]
    for look in sorted(others, key=_name_of) if len(others) > 1 else others:
        call_class, head = look[0], look[1]
        left_s = state.tiers[call_class.tier].answer_within_s - (at - head[0])
        is_back = look[3] is not None and state.calls[taken[1][2]].promised_at is not None
        why = WHY[Passed.CALLBACK if is_back else reason_of(state, group, look, taken)]
        yield PassedOver(call_class.name, why, len(state.waiting[call_class]), head[2], left_s)


def reason_of(state: State, group: Group, look: Look, taken: Look | None) -> Passed:
    """Why an agent of `group` did not take the caller at the head of a line, but the one of `taken` (None: nobody)."""
    call_class, _, _, key = look
    if key is None or taken is None:
        return Passed.RESERVE if group.can_serve(call_class) else Passed.UNFIT
    taken_key = _key_of(taken)
    if key[0] > taken_key[0]:
        return Passed.OWN_SEAT
    if key[1] > taken_key[1]:
        is_higher = state.ranks[taken[0].tier] < state.ranks[call_class.tier]
        return Passed.TIER if is_higher else Passed.AGED
    return Passed.DEADLINE

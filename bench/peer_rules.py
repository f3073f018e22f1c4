"""The rules of other routers, written anew from their authors' source, and a bench that plays them.

Owns these rules and the loops that play them. Must not compare: peers.py does.
Rules: theory.md section 2.7. `app_queue`: two queues with weights and penalties, each waiting caller looks once a second. `mod_callcenter`: one
dispatcher, every 0.1 s, by seconds waited plus base score. No ring time.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import chain

from bench.simulation_speed import site
from simulation import lean
from simulation.totals import Count

VIP, ORDINARY = 0, 1
TARGETS_S = (10.0, 20.0)
GOALS = (0.95, 0.90)
SHARED, DEDICATED = 0, 1
HEAD_START_S = 90.0
CALLER_LOOKS_S, DISPATCHER_LOOKS_S = 1.0, 0.1
Choice = tuple[int, int] | None  # tier, kind of seat


@dataclass(slots=True)
class Room:
    """Who waits, (came at, hangs up at, talk_s) in order, and since when seats of each kind are idle."""

    waiting: tuple[deque[tuple[float, float, float]], ...] = field(default_factory=lambda: (deque(), deque()))
    idle: tuple[deque[float], ...] = field(default_factory=lambda: (deque(), deque()))

    def first(self, kinds: tuple[int, ...]) -> int:
        """The kind that was idle longest among these; -1: none is idle."""
        there = [kind for kind in kinds if self.idle[kind]]
        return min(there, key=lambda kind: self.idle[kind][0]) if there else -1

    def by_preference(self, kinds: tuple[int, ...]) -> int:
        """The first of these kinds in which somebody is idle."""
        return next((kind for kind in kinds if self.idle[kind]), -1)


def first_come(room: Room) -> Choice:
    """One pool, first come first served."""
    return _from_pool(room, lambda tier: room.waiting[tier][0][0])


def head_start(room: Room) -> Choice:
    """One pool; a VIP counts as having come 90 s sooner (the Anonymous Bank's rule)."""
    return _from_pool(room, lambda tier: room.waiting[tier][0][0] - HEAD_START_S * (tier == VIP))


def vip_first(room: Room) -> Choice:
    """One pool; VIPs before everybody."""
    return _from_pool(room, float)


def _from_pool(room: Room, rank: Callable[[int], float]) -> Choice:
    kind = room.first((SHARED, DEDICATED))
    there = [tier for tier in (VIP, ORDINARY) if room.waiting[tier]]
    return (min(there, key=rank), kind) if there and kind >= 0 else None


def silos(room: Room) -> Choice:
    """Each tier has its own seats and no others."""
    for tier, kind in ((VIP, DEDICATED), (ORDINARY, SHARED)):
        if room.waiting[tier] and room.idle[kind]:
            return tier, kind
    return None


def never_help(room: Room) -> Choice:
    """VIPs take their seats, then shared ones; dedicated seats never serve others."""
    if room.waiting[VIP] and (kind := room.by_preference((DEDICATED, SHARED))) >= 0:
        return VIP, kind
    return (ORDINARY, SHARED) if room.waiting[ORDINARY] and room.idle[SHARED] else None


def app_queue(room: Room, tier: int, ahead: int) -> Choice:
    """What a caller finds that looks now: a seat by penalty, if it is its turn (autofill) and no heavier queue needs the seat."""
    free = len(room.idle[SHARED]) + len(room.idle[DEDICATED])
    if ahead >= free or (tier == ORDINARY and len(room.waiting[VIP]) >= free):
        return None
    kind = room.by_preference((DEDICATED, SHARED) if tier == VIP else (SHARED, DEDICATED))
    return (tier, kind) if kind >= 0 else None


def at_once(choose: Callable[[Room], Choice], calls: Iterator[lean.Call], seats: tuple[int, int]) -> list[Count]:
    """A rule that decides whenever somebody comes or becomes free; with `DISPATCHER_LOOKS_S` rules see `dispatched`."""
    return _play(choose, calls, seats, 0.0)


def dispatched(choose: Callable[[Room], Choice], calls: Iterator[lean.Call], seats: tuple[int, int]) -> list[Count]:
    """A rule whose dispatcher looks every 0.1 s."""
    return _play(choose, calls, seats, DISPATCHER_LOOKS_S)


def _play(
    choose: Callable[[Room], Choice], calls: Iterator[lean.Call], seats: tuple[int, int], every_s: float
) -> list[Count]:
    room, counts, ends = Room(), [Count(), Count()], list[tuple[float, int, int]]()
    for kind, number in enumerate(seats):
        room.idle[kind].extend([-1.0] * number)
    look_at = math.inf
    for at, tier, talk_s, patience_s in chain(calls, [(math.inf, 0, 0.0, 0.0)]):
        while (now := min(ends[0][0] if ends else math.inf, look_at)) <= at and now < math.inf:
            if ends and ends[0][0] <= look_at:
                _, _, kind = heappop(ends)
                room.idle[kind].append(now)
                if every_s:
                    look_at = min(look_at, _next(now, every_s))
                    continue
            look_at = math.inf
            _match(choose, room, counts, ends, now)
        if at == math.inf:
            break
        room.waiting[tier].append((at, at + patience_s, talk_s))
        if every_s:
            look_at = min(look_at, _next(at, every_s))
        else:
            _match(choose, room, counts, ends, at)
    for tier, line in enumerate(room.waiting):
        for came_at, gone_at, _ in line:
            lean._gone(counts[tier], gone_at - came_at, TARGETS_S[tier])
    return counts


def _next(at: float, every_s: float) -> float:
    return math.floor(at / every_s + 1) * every_s


def _match(
    choose: Callable[[Room], Choice], room: Room, counts: list[Count], ends: list[tuple[float, int, int]], now: float
) -> None:
    while True:
        for tier, line in enumerate(room.waiting):
            while line and line[0][1] <= now:
                came_at, gone_at, _ = line.popleft()
                lean._gone(counts[tier], gone_at - came_at, TARGETS_S[tier])
        choice = choose(room)
        if choice is None:
            return
        tier, kind = choice
        came_at, _, talk_s = room.waiting[tier].popleft()
        room.idle[kind].popleft()
        heappush(ends, (now + talk_s, len(ends), kind))
        _served(counts[tier], now - came_at, TARGETS_S[tier])


def polled(calls: Iterator[lean.Call], seats: tuple[int, int]) -> list[Count]:
    """app_queue: each waiting caller looks when it comes and then once a second."""
    room, counts = Room(), [Count(), Count()]
    for kind, number in enumerate(seats):
        room.idle[kind].extend([-1.0] * number)
    events: list[tuple[float, int, int, int]] = []  # at, turn, kind freed or tier that looks, caller (-1: a seat)
    callers: dict[int, tuple[int, tuple[float, float, float]]] = {}
    turn = 0
    for number, (at, tier, talk_s, patience_s) in enumerate(chain(calls, [(math.inf, 0, 0.0, 0.0)])):
        if at < math.inf:
            callers[number] = (tier, (at, at + patience_s, talk_s))
            room.waiting[tier].append(callers[number][1])
            turn += 1
            heappush(events, (at, turn, tier, number))
        while events and events[0][0] <= at:
            now, _, which, caller = heappop(events)
            if caller < 0:
                room.idle[which].append(now)
                continue
            tier_, who = callers[caller]
            line = room.waiting[tier_]
            if who[1] <= now:
                line.remove(who)
                lean._gone(counts[tier_], who[1] - who[0], TARGETS_S[tier_])
                del callers[caller]
                continue
            choice = app_queue(room, tier_, line.index(who))
            turn += 1
            if choice is None:
                heappush(events, (min(now + CALLER_LOOKS_S, who[1]), turn, tier_, caller))
                continue
            line.remove(who)
            del callers[caller]
            room.idle[choice[1]].popleft()
            heappush(events, (now + who[2], turn, choice[1], -1))
            _served(counts[tier_], now - who[0], TARGETS_S[tier_])
        if at == math.inf:
            break
    return counts


def _served(count: Count, wait_s: float, target_s: float) -> None:
    count.answered += 1
    count.in_target += wait_s <= target_s
    count.answer_wait_s += wait_s


def ours(calls: Iterator[lean.Call], seats: tuple[int, int]) -> list[Count]:
    """The shipped rules: dedicated seats help when more than one of them is idle."""
    return lean.tiers(calls, site(sum(seats), seats[DEDICATED]))


RULES: dict[str, Callable[[Iterator[lean.Call], tuple[int, int]], list[Count]]] = {
    "Jietong: dedicated seats, reserve of 1": ours,
    "one pool, VIPs first": partial(at_once, vip_first),
    "one pool, head start of 90 s": partial(at_once, head_start),
    "one pool, first come first served": partial(at_once, first_come),
    "mod_callcenter: base score 90, looks every 0.1 s": partial(dispatched, head_start),
    "app_queue: weights and penalties, looks every 1 s": polled,
    "dedicated seats that never help": partial(at_once, never_help),
    "silos": partial(at_once, silos),
}

"""The shipped rules of a plain hotline, written out for speed: for searches that need millions of calls.

Owns two loops that keep nothing of a call but its times. Must not be trusted by itself: tests/sim/test_lean.py holds it to `engine.step` call by
call (same agent, same wait). It knows tiers, dedicated seats, the reserve, ageing and wrap-up; a site with skills, several queues, overflow
steps, callbacks or own agents needs the engine, and is refused. Agents pick up at once.
Rules: theory.md sections 2.6 and 5 (free-server-time recursion); selection.py.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush, heapreplace
from itertools import chain

from metrics.service_level import SHORT_ABANDON_S
from routing.rules import Rules
from simulation.arrival import TrafficError
from simulation.totals import Count

Call = tuple[float, int, float, float]  # at, rank of the tier (0: the first), talk_s, patience_s
Heard = Callable[[int, str, float], None]  # number of the call from 0, agent (empty: hung up), wait
_NEVER: Call = (math.inf, 0, 0.0, 0.0)
_Waiting = tuple[float, float, float, int]  # came at, hangs up at, talk_s, number of the call
_OWN, _SHARED, _SPARE = 0, 1, 2  # preferences of a kind of seats for a tier


def one_queue(calls: Iterable[Call], agents: int, target_s: float) -> Count:
    """First come first served by agents who are all alike: each call takes the agent who is free first, unless it hangs up before."""
    free = [-math.inf] * agents
    count = Count()
    for at, _, talk_s, patience_s in calls:
        free_at = free[0]
        if free_at <= at:
            heapreplace(free, at + talk_s)
            count.answered += 1
            count.in_target += 1
            continue
        wait_s = free_at - at
        if wait_s < patience_s:
            heapreplace(free, free_at + talk_s)
            count.answered += 1
            count.in_target += wait_s <= target_s
            count.answer_wait_s += wait_s
        else:
            _gone(count, patience_s, target_s)
    return count


def virtual_waits(calls: Iterable[Call], agents: int) -> Iterator[float]:
    """How long each caller would wait if it were patient, first come first served; it is answered if its patience is longer."""
    free = [-math.inf] * agents
    for at, _, talk_s, patience_s in calls:
        wait_s = max(0.0, free[0] - at)
        yield wait_s
        if wait_s < patience_s:
            heapreplace(free, at + wait_s + talk_s)


def tiers(calls: Iterable[Call], rules: Rules, heard: Heard | None = None) -> list[Count]:
    """What the callers of each tier meet, in the order of priority; `heard` is told of each call when it is answered or has hung up.

    raises   TrafficError for rules that need the engine
    """
    return _Hotline(rules, heard).play(calls)


class _Hotline:
    """One run."""

    def __init__(self, rules: Rules, heard: Heard | None) -> None:
        why = needs_engine(rules)
        if why:
            raise TrafficError(f"the lean loop cannot play this site: it has {why}")
        names = [tier.name for tier in rules.tiers]
        self._targets = [tier.answer_within_s for tier in rules.tiers]
        self._counts = [Count() for _ in names]
        self._waiting: list[deque[_Waiting]] = [deque() for _ in names]
        self._wrap_up_s, self._reserve, self._heard = rules.wrap_up_s, rules.reserve, heard
        # a caller competes as of the first tier once it has waited this long
        self._ages_s = [rules.age_ratio * t if rules.age_ratio > 0 else math.inf for t in self._targets]
        kinds: dict[tuple[str, ...], int] = {}
        self._agents = [seat.number for seat in rules.seats]
        self._kind = [kinds.setdefault(seat.dedicated_to, len(kinds)) for seat in rules.seats]
        self._idle: list[deque[tuple[float, int]]] = [
            deque() for _ in kinds
        ]  # (ready at, agent), the longest idle first
        for agent, kind in enumerate(self._kind):
            self._idle[kind].append((-math.inf, agent))
        preference = [[_SHARED if not kind else _OWN if name in kind else _SPARE for kind in kinds] for name in names]
        self._preference = preference
        # for each tier the kinds of seats by preference, those of the same preference together
        self._choices = [
            [[kind for kind, p in enumerate(row) if p == wanted] for wanted in (_OWN, _SHARED, _SPARE) if wanted in row]
            for row in preference
        ]
        self._ends: list[tuple[float, int]] = []

    def play(self, calls: Iterable[Call]) -> list[Count]:
        ends, idle, counts, waiting, heard = self._ends, self._idle, self._counts, self._waiting, self._heard
        number = 0
        for number, (at, tier, talk_s, patience_s) in enumerate(chain(calls, (_NEVER,))):
            while ends and ends[0][0] <= at:
                now, agent = heappop(ends)
                kind = self._kind[agent]
                idle[kind].append((now, agent))
                for line in waiting:
                    if line:
                        self._serve(kind, now)
                        break
            if at == math.inf:
                break
            kind = self._kind_for(tier)
            if kind < 0:
                waiting[tier].append((at, at + patience_s, talk_s, number))
                continue
            _, agent = idle[kind].popleft()
            heappush(ends, (at + talk_s + self._wrap_up_s, agent))
            count = counts[tier]
            count.answered += 1
            count.in_target += 1
            if heard is not None:
                heard(number, self._agents[agent], 0.0)
        for tier, line in enumerate(waiting):  # nobody is there who could serve them
            while line:
                self._hang_up(tier, line.popleft())
        return counts

    def _kind_for(self, tier: int) -> int:
        """The kind of seats whose longest idle agent takes a caller who comes; -1: none may."""
        idle = self._idle
        preference = self._preference[tier]
        for kinds in self._choices[tier]:
            best, found = (math.inf, 0), -1
            for kind in kinds:
                line = idle[kind]
                if line and (preference[kind] != _SPARE or len(line) > self._reserve) and (found < 0 or line[0] < best):
                    best, found = line[0], kind
            if found >= 0:
                return found
        return -1

    def _serve(self, kind: int, now: float) -> None:
        """The idle agents of one kind take who waits, as long as they may."""
        idle = self._idle[kind]
        while idle:
            best, found = (9, 9, math.inf, 0), -1
            for tier, line in enumerate(self._waiting):
                while line and line[0][1] <= now:
                    self._hang_up(tier, line.popleft())
                if not line:
                    continue
                preference = self._preference[tier][kind]
                if preference == _SPARE and len(idle) <= self._reserve:
                    continue
                came_at, _, _, number = line[0]
                rank = 0 if now - came_at >= self._ages_s[tier] else tier
                key = (preference, rank, came_at + self._targets[tier], number)
                if key < best:
                    best, found = key, tier
            if found < 0:
                return
            _, agent = idle.popleft()
            came_at, _, talk_s, number = self._waiting[found].popleft()
            heappush(self._ends, (now + talk_s + self._wrap_up_s, agent))
            wait_s = now - came_at
            count = self._counts[found]
            count.answered += 1
            count.in_target += wait_s <= self._targets[found]
            count.answer_wait_s += wait_s
            count.longest_s = max(count.longest_s, wait_s)
            if self._heard is not None:
                self._heard(number, self._agents[agent], wait_s)

    def _hang_up(self, tier: int, caller: _Waiting) -> None:
        came_at, gone_at, _, number = caller
        _gone(self._counts[tier], gone_at - came_at, self._targets[tier])
        if self._heard is not None:
            self._heard(number, "", gone_at - came_at)


def _gone(count: Count, wait_s: float, target_s: float) -> None:
    count.abandoned += 1
    count.abandon_wait_s += wait_s
    count.abandoned_in_target += wait_s <= target_s
    count.short_abandoned += wait_s < SHORT_ABANDON_S


def needs_engine(rules: Rules) -> str:
    """What of these rules the lean loop does not know; empty when nothing."""
    if len(rules.queue_names()) > 1 or any(q.requires or q.overflow or q.weight != 1 for q in rules.queues):
        return "several queues, skills, weights or overflow steps"
    if rules.talents or rules.requires:
        return "skills"
    if rules.callback is not None:
        return "callbacks"
    return ""

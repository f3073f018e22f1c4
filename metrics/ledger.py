"""The sums of a span of calls, by half-hour, queue, tier and service, from which a report takes all its tables.

Owns how calls are divided up. Must not know formulas, nor where rows come from.
Rules: a call counts in the half-hour in which it entered the queue; test calls are not handed in. Any cut through the cells adds up to all.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from metrics.resolution import REPEAT_DAYS
from metrics.service_level import SHORT_ABANDON_S
from metrics.spans import Slots
from metrics.sums import ANSWERED, MENU, CallRow, DamagedRowError, Sums

DEFAULT_TARGET_S = 20.0  # of a tier that the site file no longer has: domain.md H3
K = TypeVar("K", bound=Hashable)


class Cell(NamedTuple):
    """Which sum: half-hour number, queue, tier, service."""

    slot: int
    queue: str
    tier: str
    service: str


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What calls are measured by. targets_s: tier -> its `answer_within_s`; goals: tier -> share to be answered in that time."""

    targets_s: Mapping[str, float]
    goals: Mapping[str, float]
    short_s: float = SHORT_ABANDON_S
    repeat_days: int = REPEAT_DAYS


@dataclass(slots=True)
class AgentSums:
    """What one agent did: answered calls, in how many the tier's target was kept, and the seconds of them."""

    answered: int = 0
    in_target: int = 0
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_up_s: float = 0.0
    wrapped: int = 0
    passed_on: int = 0  # transferred to a queue

    def add(self, row: CallRow) -> None:
        """Adds one call that the agent answered."""
        _, _, _, _, _, _, _, _, _, reason, _, talk_s, hold_s, wrap_up_s, in_target, _, _ = row
        self.answered += 1
        self.in_target += bool(in_target)
        self.talk_s += talk_s
        self.hold_s += hold_s
        self.passed_on += reason == "transferred"
        if wrap_up_s is not None:
            self.wrap_up_s += wrap_up_s
            self.wrapped += 1


@dataclass(slots=True)
class Ledger:
    """Sums of offered calls by cell and by agent, menu calls by reason, and what could not be read. `has_agents`: whether agents are wanted."""

    yardstick: Yardstick
    slots: Slots
    has_agents: bool = True
    cells: dict[Cell, Sums] = field(default_factory=dict)
    agents: dict[str, AgentSums] = field(default_factory=dict)
    menu: dict[str, int] = field(default_factory=dict)
    damaged: dict[str, int] = field(default_factory=dict)  # what is wrong -> rows

    def add(self, row: CallRow) -> None:
        """Adds one record. One that no call can have left is counted as damaged and in nothing else."""
        at, _, _, _, queue, tier, service, agent, outcome, reason, _, _, _, _, _, _, _ = row  # quicker than by name
        try:
            if outcome == MENU:
                self.menu[reason] = self.menu.get(reason, 0) + 1
                return
            key = (self.slots.of(at), queue, tier, service)
            known = self.cells.get(key)  # type: ignore[call-overload]  # a plain tuple is the same key, and quicker
            sums = Sums() if known is None else known
            yardstick = self.yardstick
            sums.add(row, yardstick.targets_s.get(tier, DEFAULT_TARGET_S), yardstick.short_s)
            if known is None:
                self.cells[Cell(*key)] = sums
        except (DamagedRowError, TypeError, ValueError, OverflowError) as error:
            words = str(error) if isinstance(error, DamagedRowError) else "a value is missing or of the wrong kind"
            self.damaged[words] = self.damaged.get(words, 0) + 1
            return
        if self.has_agents and outcome == ANSWERED and agent:
            whose = self.agents.get(agent)
            if whose is None:
                whose = self.agents[agent] = AgentSums()
            whose.add(row)

    def by(self, key_of: Callable[[Cell], K]) -> dict[K, Sums]:
        """The sums added up by any key of their cells, keys in order of appearance."""
        found: dict[K, Sums] = {}
        for cell, sums in self.cells.items():
            key = key_of(cell)
            into = found.get(key)
            if into is None:
                into = found[key] = Sums()
            into.take(sums)
        return found

    def extend(self, rows: Iterable[CallRow]) -> None:
        """Adds many."""
        for row in rows:
            self.add(row)

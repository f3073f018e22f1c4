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
        self.answered += 1
        self.in_target += bool(row.in_target)
        self.talk_s += row.talk_s
        self.hold_s += row.hold_s
        self.passed_on += row.reason == "transferred"
        if row.wrap_up_s is not None:
            self.wrap_up_s += row.wrap_up_s
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
        try:
            if row.outcome == MENU:
                self.menu[row.reason] = self.menu.get(row.reason, 0) + 1
                return
            key = (self.slots.of(row.at), row.queue, row.tier, row.service)
            known = self.cells.get(key)  # type: ignore[call-overload]  # a plain tuple is the same key, and quicker
            sums = Sums() if known is None else known
            yardstick = self.yardstick
            sums.add(row, yardstick.targets_s.get(row.tier, DEFAULT_TARGET_S), yardstick.short_s)
            if known is None:
                self.cells[Cell(*key)] = sums
        except (DamagedRowError, TypeError, ValueError, OverflowError) as error:
            words = str(error) if isinstance(error, DamagedRowError) else "a value is missing or of the wrong kind"
            self.damaged[words] = self.damaged.get(words, 0) + 1
            return
        if self.has_agents and row.outcome == ANSWERED and row.agent:
            agent = self.agents.get(row.agent)
            if agent is None:
                agent = self.agents[row.agent] = AgentSums()
            agent.add(row)

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

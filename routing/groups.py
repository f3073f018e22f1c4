"""Groups of agents and classes of calls: everyone in one is alike to the decisions.

Owns what makes agents alike (seat's tiers, queues, skills) and calls alike (queue, tier, required skills, queues whose agents may help), and whether one may serve the other.
Must not know who is idle or waiting. Rules: issue of routing in full: skills have levels 1 to 5, a call requires a least level of each.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

Levels = tuple[tuple[str, int], ...]  # (skill, level), sorted by skill


@dataclass(eq=False, slots=True)
class CallClass:
    """Calls that are alike. Compared by identity: `Directory` makes each once."""

    queue: str
    tier: str
    requires: Levels
    open_to: tuple[str, ...]
    name: str = field(init=False)  # for people

    def __post_init__(self) -> None:
        needs = f" needing {shown(self.requires)}" if self.requires else ""
        helped = f" open to {', '.join(self.open_to)}" if self.open_to else ""
        self.name = f"{self.tier} callers of {self.queue}{needs}{helped}"


@dataclass(eq=False, slots=True)
class Group:
    """Agents that are alike: `tiers` their seats are dedicated to (empty: everyone), `queues` they serve (empty: all), `skills` they have.

    Compared by identity: `Directory` makes each once.
    """

    tiers: tuple[str, ...]
    queues: tuple[str, ...]
    skills: Levels
    name: str = field(init=False)  # for people
    _serves: dict[CallClass, bool] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        of = f" of {', '.join(self.queues)}" if self.queues else ""
        skilled = f" with {shown(self.skills)}" if self.skills else ""
        self.name = f"{seats_named(self.tiers)}{of}{skilled}"

    def can_serve(self, call_class: CallClass) -> bool:
        """Whether queue and skills fit (the seat's tiers are the rule's business)."""
        known = self._serves.get(call_class)
        if known is None:
            known = self._serves[call_class] = self._fits(call_class)
        return known

    def _fits(self, call_class: CallClass) -> bool:
        levels = dict(self.skills)
        is_of_queue = not self.queues or any(q in self.queues for q in (call_class.queue, *call_class.open_to))
        return is_of_queue and all(levels.get(skill, 0) >= least for skill, least in call_class.requires)


class Directory:
    """Every group and class that has been asked for, each once."""

    def __init__(self) -> None:
        self._groups: dict[tuple[tuple[str, ...], tuple[str, ...], Levels], Group] = {}
        self._classes: dict[tuple[str, str, Levels, tuple[str, ...]], CallClass] = {}

    def group(self, tiers: tuple[str, ...], queues: tuple[str, ...], skills: Levels) -> Group:
        """The group of agents with these seats, queues and skills."""
        key = (tiers, queues, skills)
        found = self._groups.get(key)
        if found is None:
            found = self._groups[key] = Group(*key)
        return found

    def call_class(self, queue: str, tier: str, requires: Levels, open_to: tuple[str, ...] = ()) -> CallClass:
        """The class of calls of this queue and tier that require these skills and may be served by agents of other queues too."""
        key = (queue, tier, requires, open_to)
        found = self._classes.get(key)
        if found is None:
            found = self._classes[key] = CallClass(*key)
        return found


def together(needs: Iterable[Levels]) -> Levels:
    """What all of `needs` require: each skill once, with the highest level asked for."""
    highest: dict[str, int] = {}
    for levels in needs:
        for skill, level in levels:
            highest[skill] = max(level, highest.get(skill, 0))
    return tuple(sorted(highest.items())) if highest else ()


def seats_named(tiers: tuple[str, ...]) -> str:
    """A kind of seats, for people."""
    return f"seats dedicated to {', '.join(tiers)}" if tiers else "shared seats"


def shown(levels: Levels) -> str:
    """`billing 3, english 2`."""
    return ", ".join(f"{skill} {level}" for skill, level in levels)

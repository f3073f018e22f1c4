"""What callers think of a talk: one rating a call, and an agent's ratings together.

Owns the scale and how ratings are summed up. Must not know where ratings are kept.
Rules: domain.md H13 (asked after the call) and P1 (agents are rated by customers).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WORST, BEST = 1, 5


@dataclass(frozen=True, slots=True)
class Rating:
    """What the caller of `call` pressed, WORST to BEST, at epoch second `at`. Empty words: not known when it was pressed."""

    call: str
    agent: str
    queue: str
    tier: str
    rating: int
    at: float


@dataclass(frozen=True, slots=True)
class AgentRatings:
    """An agent's ratings. `counts`: how many of 1, 2 ... 5. `answered`: calls that this agent answered, rated or not."""

    agent: str
    counts: tuple[int, ...]
    answered: int

    @property
    def rated(self) -> int:
        """How many callers pressed a number."""
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """Mean rating; None without any."""
        return sum(value * count for value, count in enumerate(self.counts, WORST)) / self.rated if self.rated else None

    @property
    def response_rate(self) -> float | None:
        """Rated calls / answered calls; None when none was answered."""
        return self.rated / self.answered if self.answered else None


def rating_in(text: str) -> int:
    """The rating that a key means; raises ValueError for any other text, without repeating it."""
    if len(text) != 1 or text not in "12345":
        raise ValueError(f"a rating is a number from {WORST} to {BEST}")
    return int(text)


def by_agent(rated: Iterable[tuple[str, int, int]], answered: Mapping[str, int]) -> list[AgentRatings]:
    """Agents with calls or ratings, by number.

    rated      (agent, rating, how many) in any order; a rating whose agent is not known has an empty one
    answered   calls that each agent answered
    """
    counts: dict[str, list[int]] = {agent: [0] * (BEST - WORST + 1) for agent in answered}
    for agent, rating, count in rated:
        counts.setdefault(agent, [0] * (BEST - WORST + 1))[rating - WORST] += count
    return [AgentRatings(agent, tuple(counts[agent]), answered.get(agent, 0)) for agent in sorted(counts)]

"""What the report says of each agent, who is the star and whom training would help.

Owns that line and the ranking. Must not know where ratings and working times come from.
Rules: domain.md P1: the two lowest by customers' ratings go to training, a star of the month is named. Too few ratings say nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from metrics.handling import average_handle_time_s, average_s, occupancy, rona_rate
from metrics.ledger import AgentSums
from metrics.resolution import mean_rating, response_rate, satisfaction
from metrics.spans import Kind

ENOUGH_RATINGS = {Kind.DAY: 3, Kind.WEEK: 5, Kind.MONTH: 10, Kind.YEAR: 30}
MISSED = "no_answer"
LOWEST = 2
NO_RATINGS = (0, 0, 0, 0, 0)


@dataclass(slots=True)
class AgentSeconds:
    """How long an agent was in each state."""

    ready_s: float = 0.0
    ringing_s: float = 0.0
    talking_s: float = 0.0
    wrap_up_s: float = 0.0
    missed_s: float = 0.0
    not_ready_s: float = 0.0

    @property
    def at_work_s(self) -> float:
        """Serving or ready to."""
        return self.ready_s + self.ringing_s + self.talking_s + self.wrap_up_s

    def take(self, other: "AgentSeconds") -> None:
        """Adds another span of the same agent, or of another one."""
        self.ready_s += other.ready_s
        self.ringing_s += other.ringing_s
        self.talking_s += other.talking_s
        self.wrap_up_s += other.wrap_up_s
        self.missed_s += other.missed_s
        self.not_ready_s += other.not_ready_s


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One agent's line; None: nothing counts, or working times are not on record."""

    agent: str
    answered: int
    in_target: float | None
    aht_s: float | None
    talk_s: float | None
    hold_s: float | None
    wrap_up_s: float | None
    passed_on: int
    offers: int
    missed: int
    rona: float | None
    at_work_s: float | None
    not_ready_s: float | None
    occupancy: float | None
    ratings: int
    rating: float | None
    satisfaction: float | None
    response: float | None


@dataclass(frozen=True, slots=True)
class AgentInput:
    """By agent: sums of calls, offers by result that were not answered, working times, how many pressed 1 ... 5."""

    sums: Mapping[str, AgentSums] = field(default_factory=dict)
    unanswered: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seconds: Mapping[str, AgentSeconds] = field(default_factory=dict)
    ratings: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def agent_lines(given: AgentInput) -> list[AgentFigures]:
    """Every agent who did anything, by number. A rating that names no agent is in no line."""
    agents = {*given.sums, *given.unanswered, *given.seconds, *given.ratings} - {""}
    return [_line(agent, given) for agent in sorted(agents)]


def _line(agent: str, given: AgentInput) -> AgentFigures:
    sums, seconds = given.sums.get(agent, AgentSums()), given.seconds.get(agent)
    failed, counts = given.unanswered.get(agent, {}), given.ratings.get(agent, NO_RATINGS)
    offers, missed = sums.answered + sum(failed.values()), failed.get(MISSED, 0)
    wrap_up_s = average_s(sums.wrap_up_s, sums.wrapped)
    busy_s = seconds.ringing_s + seconds.talking_s + seconds.wrap_up_s if seconds is not None else 0.0
    return AgentFigures(
        agent=agent,
        answered=sums.answered,
        in_target=sums.in_target / sums.answered if sums.answered else None,
        aht_s=average_handle_time_s(sums.talk_s, (wrap_up_s or 0.0) * sums.answered, sums.answered),
        talk_s=average_s(sums.talk_s - sums.hold_s, sums.answered),
        hold_s=average_s(sums.hold_s, sums.answered),
        wrap_up_s=wrap_up_s,
        passed_on=sums.passed_on,
        offers=offers,
        missed=missed,
        rona=rona_rate(missed, offers),
        at_work_s=seconds.at_work_s if seconds is not None else None,
        not_ready_s=seconds.not_ready_s + seconds.missed_s if seconds is not None else None,
        occupancy=occupancy(busy_s, seconds.ready_s) if seconds is not None else None,
        ratings=sum(counts),
        rating=mean_rating(counts),
        satisfaction=satisfaction(counts),
        response=response_rate(sum(counts), sums.answered),
    )


def star_of(lines: Iterable[AgentFigures], kind: Kind) -> AgentFigures | None:
    """The agent with the highest mean rating; ties: more ratings, then more calls, then the lower number. None: nobody has enough ratings."""
    return next(iter(_ranked(lines, kind)), None)


def lowest_of(lines: Iterable[AgentFigures], kind: Kind) -> list[AgentFigures]:
    """The two agents with the lowest mean rating, the lowest first; never the star. Fewer when fewer have enough ratings."""
    return _ranked(lines, kind)[1:][::-1][:LOWEST]


def _ranked(lines: Iterable[AgentFigures], kind: Kind) -> list[AgentFigures]:
    rated = [line for line in lines if line.ratings >= ENOUGH_RATINGS[kind]]
    return sorted(rated, key=lambda line: (-(line.rating or 0.0), -line.ratings, -line.answered, line.agent))

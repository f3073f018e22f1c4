"""Plans the agents of a day: by formula first, then corrected by trials in the simulator until every goal is met.

Owns the order of the steps. Must not print. Rules: planning/staffing.py (formulas), planning/correction.py (who is added), docs/simulation.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from jietong.plan_trial import Ground, tried
from planning.correction import Trial, more_agents, reaches, spared
from planning.demand import Demand
from planning.staffing import Goals, Staff, by_formula, dedicated_of
from routing.rules import Rules

MOST_ROUNDS = 12
MOST_CHECKS = 3  # sets of fresh days: what one of them finds missing is added, the last one only judges
NEVER_HELP = 1000  # a reserve that no shift reaches: dedicated seats serve their own tier only
FRESH = 7919  # added to the seed: these days judge a plan in which they had no part


@dataclass(frozen=True, slots=True)
class Seats:
    """How many the site has: `first` dedicated to its first tier, `shared` all others."""

    first: int
    shared: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan. `trial`: fresh days with it, None without the simulator; `rounds` of correction; `missing` seats in each half hour."""

    demand: Demand
    formula: tuple[int, ...]
    staff: Staff
    missing: tuple[int, ...]
    trial: Trial | None = None
    days: int = 0
    rounds: int = 0


def seats_of(rules: Rules) -> Seats:
    """Of the site file."""
    first = rules.tiers[0].name
    own = sum(first in seat.dedicated_to for seat in rules.seats)
    return Seats(own, len(rules.seats) - own)


def formula_plan(demand: Demand, goals: Goals, seats: Seats) -> Planned:
    """The plan by formula alone; raises LoadError for goals that no staff reaches."""
    agents = by_formula(demand, goals)
    return Planned(demand, agents, staff_of(demand, agents, seats), _missing(agents, seats))


def corrected_plan(ground: Ground, goals: Goals, seats: Seats) -> Planned:
    """The plan by formula, corrected on trial days, tried once more on fresh ones.

    raises   LoadError, TrafficError (calls that need skills), KeyboardInterrupt
    """
    demand = ground.demand
    formula = by_formula(demand, goals)
    agents, rounds = _spared(ground, formula, goals, seats)
    trial, _ = tried(ground, staff_of(demand, agents, seats))
    while rounds < MOST_ROUNDS and (more := more_agents(demand, agents, trial, goals)) is not None:
        rounds += 1
        agents = more
        trial, _ = tried(ground, staff_of(demand, agents, seats))
    for again in range(1, MOST_CHECKS + 1):
        fresh, days = tried(replace(ground, seed=ground.seed + again * FRESH), staff_of(demand, agents, seats))
        if again == MOST_CHECKS or (more := more_agents(demand, agents, fresh, goals)) is None:
            break
        rounds += 1
        agents = more
    return Planned(demand, formula, staff_of(demand, agents, seats), _missing(agents, seats), fresh, len(days), rounds)


def _spared(ground: Ground, formula: tuple[int, ...], goals: Goals, seats: Seats) -> tuple[tuple[int, ...], int]:
    """The agents without those that the formulas gave too much, and how many rounds that took.

    Half hours of one parity at a time; found on one set of days and judged on another, lest lucky days spare an agent.
    """
    demand, agents, rounds = ground.demand, formula, 0
    for parity in (0, 1):
        trial, _ = tried(ground, staff_of(demand, agents, seats))
        fewer = spared(demand, agents, trial, goals, parity)
        if fewer != agents:
            rounds += 1
            tested, _ = tried(replace(ground, seed=ground.seed + 1), staff_of(demand, fewer, seats))
            agents = tuple(
                few if reaches(demand, tested, goals, slot) else many
                for slot, (few, many) in enumerate(zip(fewer, agents, strict=True))
            )
    return agents, rounds


def staff_of(demand: Demand, agents: tuple[int, ...], seats: Seats) -> Staff:
    """Who sits where: dedicated seats as planning/staffing.py says; more of them when the shared ones do not suffice."""
    wanted = dedicated_of(demand, agents, seats.first)
    return Staff(
        agents,
        tuple(max(own, min(seats.first, count - seats.shared)) for own, count in zip(wanted, agents, strict=True)),
    )


def variants(ground: Ground, planned: Planned) -> Iterator[tuple[str, Trial]]:
    """What other dedicated seats and another reserve would do with the same agents on the same days: in words, and the trial."""
    staff, reserve = planned.staff, ground.rules.reserve
    first = planned.demand.tiers[0].name
    yield f"as planned, reserve {reserve}", tried(ground, staff)[0]
    for name, share in ((f"no {first} seats", 0.0), (f"a quarter {first} seats", 0.25), (f"half {first} seats", 0.5)):
        own = tuple(int(share * count) for count in staff.agents)
        yield name, tried(ground, Staff(staff.agents, own))[0]
    for other in (0, 1, 2):
        if other != reserve:
            yield f"as planned, reserve {other}", tried(_with_reserve(ground, other), staff)[0]
    yield f"{first} seats never help", tried(_with_reserve(ground, NEVER_HELP), staff)[0]


def _with_reserve(ground: Ground, reserve: int) -> Ground:
    return replace(ground, rules=replace(ground.rules, reserve=reserve))


def _missing(agents: tuple[int, ...], seats: Seats) -> tuple[int, ...]:
    return tuple(max(0, count - seats.first - seats.shared) for count in agents)

"""Tries a plan of agents in the simulator: many days of the expected calls, the site's real rules, who sits where from half hour to half hour.

Owns the way from a plan to seats, shifts and counts. Must not decide how many agents there are: planning/correction.py does.
Rules: the same seed gives the same calls whatever the plan is, so that plans are compared on the same days.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jietong.scenario import SHARED, with_seats
from jietong.simulation_pool import run_all
from planning.correction import Cell, Trial, empty_trial
from planning.demand import HALF_HOUR_S, SLOTS, Demand, TierDemand
from planning.staffing import Staff
from routing.facts import CallRecord, Outcome
from routing.rules import Rules
from simulation.arrival import Arrival
from simulation.chance import Distribution, Shape
from simulation.model import Kind, Model, calls_of_day
from simulation.people import IDEAL, Habits
from simulation.run import simulate
from simulation.shift import Shift

LEAST_REPLICATIONS, MOST_REPLICATIONS = 4, 400
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What every trial of one plan shares. `calls`: how many are simulated at least, in whole days."""

    rules: Rules
    demand: Demand
    habits: Habits = IDEAL
    seed: int = 1
    calls: int = 20_000

    @property
    def replications(self) -> int:
        """Days of one trial."""
        a_day = max(1.0, sum(self.demand.calls(slot) for slot in self.demand.open_slots()))
        return max(LEAST_REPLICATIONS, min(MOST_REPLICATIONS, round(self.calls / a_day)))


def seated(rules: Rules, demand: Demand, staff: Staff) -> tuple[Rules, tuple[Shift, ...]]:
    """Plain seats for the plan and who sits there in seconds after midnight; a seat is one agent's as long as it is manned without a gap.

    raises   TrafficError where calls need skills, which plain seats have not
    """
    shared = [total - own for total, own in zip(staff.agents, staff.dedicated, strict=True)]
    counts = {SHARED: max(shared), demand.tiers[0].name: max(staff.dedicated)}
    built = with_seats(rules, {name: count for name, count in counts.items() if count})
    own = [seat.number for seat in built.seats if seat.dedicated_to]
    others = [seat.number for seat in built.seats if not seat.dedicated_to]
    shifts = [*manned(own, staff.dedicated), *manned(others, shared)]
    return built, tuple(Shift(number, number, start_s, end_s) for number, start_s, end_s in shifts)


def manned(numbers: Sequence[str], counts: Sequence[int]) -> Iterator[tuple[str, float, float]]:
    """(seat, from, before) in seconds after midnight: the first `count` seats of each half hour, without gaps as one."""
    for place, number in enumerate(numbers):
        start = None
        for slot in range(SLOTS + 1):
            is_there = slot < SLOTS and counts[slot] > place
            if is_there and start is None:
                start = slot
            elif not is_there and start is not None:
                yield number, float(start * HALF_HOUR_S), float(slot * HALF_HOUR_S)
                start = None


def day_of_calls(demand: Demand, seed: int) -> Iterator[Arrival]:
    """One day's calls of all tiers, in order, from second 0."""
    streams = (
        calls_of_day(_model(tier), 0.0, 0, seed * 1009 + number)
        for number, tier in enumerate(demand.tiers)
        if any(tier.calls)
    )
    return heapq.merge(*streams, key=lambda arrival: arrival.at)


def _model(tier: TierDemand) -> Model:
    profile = tuple((float(slot * HALF_HOUR_S), calls * HOUR_S / HALF_HOUR_S) for slot, calls in enumerate(tier.calls))
    exponential = abs(tier.talk_cv - 1.0) < 0.05
    talk = Distribution(tier.talk_s) if exponential else Distribution(tier.talk_s, Shape.LOGNORMAL, tier.talk_cv)
    wrap_up = None if tier.wrap_up_s is None else Distribution(tier.wrap_up_s, Shape.CONSTANT)
    return Model(profile, (Kind(1.0, tier.name, talk=talk, patience=Distribution(tier.patience_s), wrap_up=wrap_up),))


def one_day(
    rules: Rules,
    shifts: Sequence[Shift],
    arrivals: Iterator[Arrival],
    habits: Habits,
    *,
    seed: int,
    tiers: Sequence[str],
) -> dict[str, list[Cell]]:
    """What callers of each tier met, by the half hour in which they entered the line (seconds after midnight)."""
    counts = {name: [[0, 0, 0] for _ in range(SLOTS)] for name in tiers}

    def note(record: CallRecord) -> None:
        if record.queued_at is None or record.outcome is Outcome.MENU:
            return
        cell = counts[record.tier][min(SLOTS - 1, max(0, int(record.queued_at // HALF_HOUR_S)))]
        cell[0] += 1
        cell[1] += record.in_target
        cell[2] += record.outcome is Outcome.ABANDONED

    simulate(rules, arrivals, shifts, habits, seed=seed, starts_at=0.0, on_record=note)
    return {name: [Cell(*cell) for cell in cells] for name, cells in counts.items()}


def tried(ground: Ground, staff: Staff, *, days: int | None = None) -> tuple[Trial, list[Trial]]:
    """All days together, and each by itself; raises TrafficError, and KeyboardInterrupt when somebody stopped it."""
    rules, shifts = seated(ground.rules, ground.demand, staff)
    return tried_with(ground, rules, shifts, lambda seed: day_of_calls(ground.demand, seed), days=days)


def tried_with(
    ground: Ground,
    rules: Rules,
    shifts: Sequence[Shift],
    calls: Callable[[int], Iterator[Arrival]],
    *,
    days: int | None = None,
) -> tuple[Trial, list[Trial]]:
    """The same with seats, shifts and calls of one's own; `calls(seed)` makes a day."""
    names = [tier.name for tier in ground.demand.tiers]

    def run(number: int, go_on: Callable[[float], bool]) -> Trial:
        seed = ground.seed * 1_000_003 + number
        trial = one_day(rules, shifts, calls(seed), ground.habits, seed=seed, tiers=names)
        go_on(1.0)
        return trial

    ran = run_all(run, days or ground.replications)
    if ran.stopped:
        raise KeyboardInterrupt
    return together(ground.demand, ran.outcomes), ran.outcomes


def together(demand: Demand, trials: Sequence[Trial]) -> Trial:
    """Counts of several days added up."""
    total = empty_trial(demand)
    for trial in trials:
        for name, cells in trial.items():
            total[name] = [one + other for one, other in zip(total[name], cells, strict=True)]
    return total


def levels(trial: Trial) -> Mapping[str, float]:
    """The level of each tier over the whole day."""
    return {name: sum(cells, Cell()).level for name, cells in trial.items()}

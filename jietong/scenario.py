"""What is simulated: one site, one traffic, its days and agents; and how one replication of it is run.

Owns that description and the run. Must not know files nor screens.
Rules: docs/simulation.md; replication r of a seed has the same calls whatever the site is, so that two sites can be compared.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from jietong.shift_file import ShiftPlan, moment
from jietong.traffic_file import Traffic
from routing.facts import Fact
from routing.rules import Rules, Seat
from simulation.agent_times import AgentTimes
from simulation.arrival import Arrival, TrafficError
from simulation.model import calls_of_day
from simulation.run import simulate
from simulation.totals import Totals

DAY_S = 86_400
FIRST_DAY = date(2026, 1, 5)  # a Monday; any would do
SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Scenario:
    """`plan` None: every seat is manned all the time. `days` are those of a model; a trace has its own."""

    rules: Rules
    traffic: Traffic
    zone: ZoneInfo
    plan: ShiftPlan | None = None
    first: date = FIRST_DAY
    days: int = 1
    seed: int = 1

    def midnight(self, number: int) -> float:
        """Epoch seconds at which day `number` begins."""
        return moment(self.first, number * DAY_S, self.zone)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replication came to. `occupancy` None: nobody was at work."""

    totals: Totals
    occupancy: float | None
    calls: int


def replicate(
    scenario: Scenario,
    number: int,
    go_on: Callable[[float], bool] = lambda _: True,
    on_fact: Callable[[Fact], None] | None = None,
) -> Outcome:
    """Runs replication `number` (from 0).

    on_fact  gets everything on record, in order
    go_on    told after each call which share of the time is over; when it says no, no further call comes
    raises   TrafficError
    """
    seed = scenario.seed * 1_000_003 + number
    times, count = AgentTimes(), 0
    ends_at = 0.0

    def watched(arrivals: Iterator[tuple[Arrival, float]]) -> Iterator[Arrival]:
        nonlocal count, ends_at
        for arrival, share in arrivals:
            count, ends_at = count + 1, arrival.at
            yield arrival
            if not count % 64 and not go_on(share):
                return

    def heard(fact: Fact) -> None:
        times.add(fact)
        if on_fact is not None:
            on_fact(fact)

    is_trace = scenario.traffic.model is None
    arrivals = watched(_trace(scenario, seed) if is_trace else _model(scenario, seed))
    shifts = None if scenario.plan is None else scenario.plan.shifts(*_span(scenario), scenario.zone)
    totals = simulate(
        _quiet(scenario),
        arrivals,
        shifts,
        scenario.traffic.habits,
        seed=seed,
        starts_at=None if is_trace else scenario.midnight(0),
        on_fact=heard,
    )
    times.close(ends_at if is_trace else max(ends_at, scenario.midnight(scenario.days)))
    return Outcome(totals, times.occupancy(), count)


def _quiet(scenario: Scenario) -> Rules:
    """The rules without announcements where these change nothing: long lines are simulated many times faster."""
    may_call_back = scenario.rules.callback is not None and scenario.traffic.habits.wants_callback > 0
    return scenario.rules if may_call_back else replace(scenario.rules, announce_every_s=0.0)


def _trace(scenario: Scenario, seed: int) -> Iterator[tuple[Arrival, float]]:
    """The calls of a trace; of a record what is not known is drawn anew for each seed."""
    redraw = scenario.traffic.redraw
    trace = scenario.traffic.trace if redraw is None else redraw(seed)
    for number, arrival in enumerate(trace):
        yield arrival, number / len(trace)


def _model(scenario: Scenario, seed: int) -> Iterator[tuple[Arrival, float]]:
    model, weekday = scenario.traffic.model, scenario.first.weekday()
    assert model is not None
    begin_at, end_at = scenario.midnight(0), scenario.midnight(scenario.days)
    for day in range(scenario.days):
        for arrival in calls_of_day(model, scenario.midnight(day), weekday + day, seed):
            yield arrival, (arrival.at - begin_at) / (end_at - begin_at)


def _span(scenario: Scenario) -> tuple[date, int]:
    """First day and number of days."""
    if scenario.traffic.model is not None:
        return scenario.first, scenario.days
    first, last = (
        datetime.fromtimestamp(call.at, scenario.zone).date()
        for call in (scenario.traffic.trace[0], scenario.traffic.trace[-1])
    )
    return first, (last - first).days + 1


def with_seats(rules: Rules, counts: dict[str, int]) -> Rules:
    """The rules with other seats: so many shared ones and so many dedicated to a tier, each with an agent of its number.

    raises   TrafficError for unknown tiers, or where queues and services need skills, which such agents have not
    """
    unknown = [tier for tier in counts if tier != SHARED and tier not in {t.name for t in rules.tiers}]
    if unknown:
        raise TrafficError(f"--seats: the site has no tier {unknown[0]!r}")
    if any(queue.requires for queue in rules.queues) or rules.requires:
        raise TrafficError("--seats: this site's calls need skills, which plain seats have not: change its site file")
    seats = [
        Seat(f"{9 - kind}{number:04d}", () if tier == SHARED else (tier,), auto_login=True)
        for kind, (tier, count) in enumerate(sorted(counts.items(), key=lambda item: item[0] == SHARED))
        for number in range(1, count + 1)
    ]
    if not seats:
        raise TrafficError("--seats: nobody is there")
    return replace(rules, seats=tuple(seats), agents=tuple(seat.number for seat in seats), talents={})


def certain_overload(scenario: Scenario) -> str:
    """Why lines would grow for ever: callers who never hang up bring more work than there are seats; empty when they do not."""
    model = scenario.traffic.model
    if model is None or scenario.plan is not None:
        return ""
    total = sum(kind.share for kind in model.kinds)
    per_s = model.calls_a_day() * sum(model.weekdays) / 7 / DAY_S
    endless = [kind for kind in model.kinds if kind.patience.mean_s == float("inf")]
    erlangs = sum(
        per_s
        * kind.share
        / total
        * (kind.talk.mean_s + (kind.wrap_up.mean_s if kind.wrap_up else scenario.rules.wrap_up_s))
        for kind in endless
    )
    seats = len(scenario.rules.seats)
    if erlangs < seats or scenario.rules.callback is not None:
        return ""
    return (
        f"callers who never hang up bring {erlangs:.1f} erlangs of work and there are {seats} seats: the line would grow for ever. "
        "Give them a patience, or more seats"
    )

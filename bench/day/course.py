"""The facts of the demo days: the shipped router in virtual time, a week without anything special and the day itself.

Owns which calls come, test calls among them, and which agents are there. Must not keep anything.
Rules: docs/demo.md; the same seed and date give the same days.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import thread_time
from zoneinfo import ZoneInfo

from jietong.calendar_file import spans_of
from jietong.processes.prober import counts_of
from jietong.rules_of_site import rules_of
from jietong.shift_file import load_shifts, moment
from jietong.site import Site
from jietong.traffic_file import Traffic, load_traffic
from probing.day_plan import plan_of_day
from routing.facts import Fact
from simulation.arrival import Arrival
from simulation.model import Model, calls_of_day
from simulation.world import World

HERE = Path(__file__).parent
SITE, SHIFTS, SHIFTS_OF_DAY, USUAL, SPECIAL = (
    HERE / name for name in ("site.toml", "shifts.csv", "shifts_noon.csv", "traffic.toml", "traffic_outage.toml")
)
TEST_TALK_S, TEST_PATIENCE_S = 8.0, 50.0
NEVER_AGAIN = 1000  # a test caller who was not answered does not call again


@dataclass(frozen=True, slots=True)
class Days:
    """The days that are played: the last one is the demo day."""

    site: Site
    last: date
    before: int
    seed: int

    @property
    def zone(self) -> ZoneInfo:
        """The site's."""
        return ZoneInfo(self.site.hotline.timezone)

    @property
    def first(self) -> date:
        """The first day of all."""
        return self.last - timedelta(days=self.before)

    def midnight(self, day: date) -> float:
        """Epoch seconds at which a day begins."""
        return moment(day, 0, self.zone)


def facts_of(days: Days) -> Iterator[tuple[float, list[Fact], float]]:
    """Each step of the router: epoch seconds, what it put on record, and how many microseconds of CPU the step took (people and phones included)."""
    rules = rules_of(days.site)
    plans = ((SHIFTS, days.first, days.before), (SHIFTS_OF_DAY, days.last, 1))
    usual, special = (load_traffic(path, rules, days.zone) for path in (USUAL, SPECIAL))
    shifts = [
        shift for file, first, count in plans for shift in load_shifts(file, rules).shifts(first, count, days.zone)
    ]
    world = World(
        rules,
        _arrivals(days, _model(usual), _model(special)),
        shifts,
        special.habits,
        seed=days.seed,
        starts_at=days.midnight(days.first),
    )
    began = thread_time()
    for event, _, facts in world.steps():
        ended = thread_time()
        yield event.at, facts, (ended - began) * 1e6
        began = thread_time()


def _model(traffic: Traffic) -> Model:
    if traffic.model is None:
        raise ValueError("a demo day is made from figures, not from a trace")
    return traffic.model


def _arrivals(days: Days, usual: Model, special: Model) -> Iterator[Arrival]:
    for number in range(days.before + 1):
        day = days.first + timedelta(days=number)
        model = special if day == days.last else usual
        customers = calls_of_day(model, days.midnight(day), day.weekday(), days.seed * 1_000 + number)
        yield from heapq.merge(customers, _tests(days, day), key=lambda call: call.at)


def _tests(days: Days, day: date) -> Iterator[Arrival]:
    """Test calls come as customers do, from the test caller's number."""
    probe = days.site.probe
    if probe is None:
        return
    for planned in plan_of_day(day, spans_of(probe.between), counts_of(probe), days.zone, str(days.seed)):
        yield Arrival(
            planned.at, TEST_TALK_S, TEST_PATIENCE_S, service="person", caller=probe.number, tries=NEVER_AGAIN
        )

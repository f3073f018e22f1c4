"""The traffic file's shape: what callers, agents and customers do, as an operator writes it, with defaults and bounds.

Owns names, types and bounds of that TOML file, and what the simulator gets of it. Must not read files.
Lengths of time are seconds; docs/simulation.md explains every key.
"""

import math
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from jietong.site_values import TIME_OF_DAY, Number, Table, Word
from simulation.arrival import TrafficError
from simulation.chance import Distribution, Shape
from simulation.model import Kind, Model
from simulation.people import Habits

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Rate = Annotated[float, Field(ge=0, le=1_000_000)]


class Spread(Table):
    """How long something takes."""

    mean_s: Annotated[float, Field(gt=0, le=86_400)]
    """Mean seconds."""
    shape: Literal["constant", "exponential", "lognormal", "uniform"] = "exponential"
    """How they spread about it."""
    cv: Annotated[float, Field(gt=0, le=20)] = 1.0
    """Standard deviation over mean, of lognormal and uniform ones."""

    def distribution(self) -> Distribution:
        """As the simulator has it."""
        return Distribution(self.mean_s, Shape(self.shape), self.cv)


class Since(Table):
    """The rate from a time of the day on, until the next one."""

    since: Annotated[str, StringConstraints(pattern=TIME_OF_DAY)]
    per_hour: Rate


class Calls(Table):
    """How many come."""

    per_hour: Rate | None = None
    """The same number at every hour; or a profile."""
    profile: list[Since] = []
    """Over the day, none before the first: [{ since = "08:00", per_hour = 300 }, { since = "20:00", per_hour = 0 }]."""
    weekdays: Annotated[list[Annotated[float, Field(ge=0, le=100)]], Field(min_length=7, max_length=7)] = [1.0] * 7
    """Factor of each day, Monday first."""
    day_cv: Annotated[float, Field(ge=0, le=2)] = 0.0
    """How much days differ beside that: standard deviation over mean of a day's factor."""


class Callers(Table):
    """Callers who are alike."""

    share: Annotated[float, Field(ge=0, le=1_000_000)] = 1.0
    """Of all calls, in relation to the others' shares."""
    tier: Word | None = None
    """Left out: the site's default tier."""
    queue: Word | None = None
    """Left out: the hotline's own queue."""
    service: Word | None = None
    language: Literal["zh-CN", "en"] | None = None
    customer_class: Word | None = None
    representative: Number | None = None
    talk: Spread
    """Of caller and agent."""
    patience: Spread | None = None
    """Until the caller hangs up; left out: never."""
    wrap_up: Spread | None = None
    """After-call work; left out: the site's `wrap_up_s`. Longer is asked for by the agent, up to the site's `wrap_up_max_s`."""

    def kind(self) -> Kind:
        """As the simulator has it."""
        return Kind(
            self.share,
            self.tier or "",
            self.queue or "",
            self.talk.distribution(),
            self.patience.distribution() if self.patience else Distribution(math.inf),
            self.wrap_up.distribution() if self.wrap_up else None,
            self.service or "",
            self.language or "",
            self.customer_class or "",
            self.representative or "",
        )


class Agents(Table):
    """What agents and their phones do."""

    rings_after_s: Seconds = 0.05
    """From the router's order until the seat rings."""
    pick_up: Spread | None = Spread(mean_s=3.0, shape="lognormal", cv=0.5)
    """From then until the agent answers; longer than the site's `ring_s` is not answered."""
    no_answer: Share = 0.0
    """Share of offers that ring in vain."""
    back_after_s: Seconds = 60.0
    """After such a one, until the agent says that it is ready again."""


class Customers(Table):
    """What callers do who were not answered."""

    calls_again: Share = 0.0
    """Share of those who hung up that call again."""
    again_after: Spread = Spread(mean_s=300.0)
    most_tries: Annotated[int, Field(ge=0, le=100)] = 3
    wants_callback: Share = 0.0
    """Share of those who are offered a callback that accept it."""
    accepts_after_s: Seconds = 8.0
    reached: Share = 0.8
    """Share of those called back that answer the phone."""
    dialled: Spread = Spread(mean_s=12.0, shape="constant")
    outside_answers: Share = 1.0
    """Share of calls sent outside that are answered there."""
    message_s: Seconds = 25.0


class TrafficFile(Table):
    """All of it."""

    calls: Calls
    callers: Annotated[list[Callers], Field(min_length=1)]
    agents: Agents = Agents()
    customers: Customers = Customers()

    def model(self) -> Model:
        """As the simulator has it; raises TrafficError for figures that contradict each other."""
        per_hour, profile = self.calls.per_hour, self.calls.profile
        if (per_hour is None) == (not profile):
            raise TrafficError("calls: say either per_hour or profile")
        rates = [(0.0, per_hour)] if per_hour is not None else [(_seconds(row.since), row.per_hour) for row in profile]
        kinds = tuple(callers.kind() for callers in self.callers)
        return Model(tuple(rates), kinds, tuple(self.calls.weekdays), self.calls.day_cv)

    def habits(self) -> Habits:
        """As the simulator has it."""
        return habits_of(self.agents, self.customers)


def habits_of(agents: Agents, customers: Customers) -> Habits:
    """What agents and customers do, as the simulator has it."""
    pick_up = agents.pick_up.distribution() if agents.pick_up else Distribution(0.0, Shape.CONSTANT)
    return Habits(
        agents.rings_after_s,
        pick_up,
        agents.no_answer,
        agents.back_after_s,
        agents.rings_after_s,
        customers.calls_again,
        customers.again_after.distribution(),
        customers.most_tries,
        customers.wants_callback,
        customers.accepts_after_s,
        customers.reached,
        customers.dialled.distribution(),
        customers.outside_answers,
        customers.message_s,
    )


def _seconds(time: str) -> float:
    hours, minutes = time.split(":")
    return float(int(hours) * 3600 + int(minutes) * 60)

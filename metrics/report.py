"""A report as values: what the hotline did in a span of days, whether it kept the contract, and if not, why.

Owns which tables a report has and what is in them. Must not know SQL, files, or how a page looks.
Rules: domain.md H3 to H8, T9, P1, P6; docs/reports.md. Everything follows from the ledgers and lists that are handed in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from metrics.agent_figures import AgentFigures, AgentInput, AgentSeconds, agent_lines, lowest_of, star_of
from metrics.causes import Cause, Finding, Half, cause_of, half_of, usual_of
from metrics.figures import Figures, figures_of, level_table
from metrics.goals import Goal, goals_of
from metrics.kpi import ANSWER_GOAL
from metrics.ledger import Ledger
from metrics.resolution import FirstContacts, first_contact_resolution, mean_rating, response_rate, satisfaction
from metrics.spans import Kind, Span, hour_name
from metrics.sums import Sums, total

FEWEST_CALLS = 5  # a half-hour with fewer says little
WORST = {Kind.DAY: 5, Kind.WEEK: 10, Kind.MONTH: 15, Kind.YEAR: 20}
Line = tuple[str, Figures]
DayKey = tuple[date, str, str, str]  # day, queue, tier, service
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class ProbeLine:
    """One test call of domain.md H7: the words that were put on record."""

    at: str
    tester: str
    condition: str
    result: str
    remark: str


@dataclass(frozen=True, slots=True)
class Given:
    """Everything that a report is made of.

    history        calls before the span: at least those of `span.before()`; what is usual is taken from both
    staff          (half-hour number) -> seconds of agents in each state, history included
    kind_of        what a date is: working_day, weekend or holiday
    cases          type of case -> how many were opened
    ring_s         how long a seat rings in vain
    """

    hotline: str
    span: Span
    now_at: float
    ledger: Ledger
    history: Ledger
    contacts: FirstContacts
    kind_of: Callable[[date], str]
    agents: AgentInput = field(default_factory=AgentInput)
    staff: Mapping[int, AgentSeconds] = field(default_factory=dict)
    cases: Mapping[str, int] = field(default_factory=dict)
    test_calls: Sequence[ProbeLine] = ()
    ring_s: float = 8.0


@dataclass(frozen=True, slots=True)
class Worst:
    """A half-hour in which callers were not answered in time, and why."""

    start: str
    figures: Figures
    finding: Finding


@dataclass(frozen=True, slots=True)
class Topic:
    """What callers chose in the menu. share of all, and before (None: no calls then)."""

    service: str
    offered: int
    share: float
    share_before: float | None
    answer_rate: float | None


@dataclass(frozen=True, slots=True)
class CauseLine:
    """One cause over the whole span: how many half-hours, and how many calls in them were not answered in time."""

    cause: Cause
    halves: int
    late_calls: int


@dataclass(frozen=True, slots=True)
class Report:
    """All of it; lists are in the order in which they are shown."""

    given: Given
    all: Figures
    before: Figures
    levels: dict[str, dict[str, float | None]]
    buckets: dict[int, tuple[int, int]]
    goals: list[Goal]
    by_hour: list[Line]
    parts: dict[str, list[Line]]
    peaks: list[Line]
    worst: list[Worst]
    causes: list[CauseLine]
    agents: list[AgentFigures]
    star: AgentFigures | None
    lowest: list[AgentFigures]
    topics: list[Topic]
    customer: dict[str, float | None]

    @property
    def needs_analysis(self) -> bool:
        """Whether a goal was missed: the report then asks for cause, measure and result (domain.md H8)."""
        return any(goal.is_kept is False for goal in self.goals)


def report_of(given: Given) -> Report:
    """Reckons it."""
    ledger, span = given.ledger, given.span
    by_half, olds_by_half = ledger.by(lambda cell: cell.slot), given.history.by(lambda cell: cell.slot)
    by_day = _by_day(ledger)
    everything = total(by_day.values())
    by_hour, peaks, peak_sums = _hours(ledger, by_half)
    halves = _halves(given, by_half, olds_by_half)
    lines, before = agent_lines(given.agents), _halves_before(given)
    return Report(
        given=given,
        all=figures_of(everything),
        before=figures_of(total(olds_by_half[half] for half in olds_by_half if half in before)),
        levels=level_table(everything),
        buckets=everything.buckets(),
        goals=goals_of(
            ledger.yardstick,
            everything,
            peak_sums,
            _summed(by_day, lambda key: key[2]),
            [call.result for call in given.test_calls],
        ),
        by_hour=by_hour,
        parts=_parts(given, by_day),
        peaks=peaks,
        worst=_worst(halves, span.kind),
        causes=_causes(halves),
        agents=lines,
        star=star_of(lines, span.kind),
        lowest=lowest_of(lines, span.kind),
        topics=_topics(given, _summed(by_day, lambda key: key[3]), before),
        customer=_customer(given, everything),
    )


def _halves_before(given: Given) -> range:
    """Half-hours of the span before; of one that is not over, as much of the one before as has gone by of it."""
    before, slots = given.span.before(), given.ledger.slots
    until = min(before.end_at, before.start_at + given.now_at - given.span.start_at)
    return range(slots.of(before.start_at), slots.of(until))


def _by_day(ledger: Ledger) -> dict[DayKey, Sums]:
    """Far fewer sums than cells, from which all that asks for no time of the day is cut."""
    days = {slot: ledger.slots.start_of(slot).date() for slot in {cell.slot for cell in ledger.cells}}
    return ledger.by(lambda cell: (days[cell.slot], cell.queue, cell.tier, cell.service))


def _summed(by_key: Mapping[K, Sums], key_of: Callable[[K], str]) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for key, sums in by_key.items():
        found.setdefault(key_of(key), Sums()).take(sums)
    return found


def _hours(ledger: Ledger, by_half: Mapping[int, Sums]) -> tuple[list[Line], list[Line], Sums]:
    """Clock hours of the day (all days together), the peak hour of each day, and the sum of these peak hours."""
    by_clock_hour = _summed(by_half, lambda half: hour_name(ledger.slots.start_of(half)))
    by_hour: dict[str, Sums] = {}
    days: dict[str, list[str]] = {}
    for name in sorted(by_clock_hour):
        by_hour.setdefault(name[11:], Sums()).take(by_clock_hour[name])
        days.setdefault(name[:10], []).append(name)
    busiest = [min(hours, key=lambda hour: (-by_clock_hour[hour].offered, hour)) for hours in days.values()]
    peaks = [(hour, figures_of(by_clock_hour[hour])) for hour in busiest]
    lines = [(f"{hour[:2]}:00{hour[2:]}", figures_of(by_hour[hour])) for hour in sorted(by_hour)]
    return lines, peaks, total(by_clock_hour[hour] for hour in busiest)


def _parts(given: Given, by_day: Mapping[DayKey, Sums]) -> dict[str, list[Line]]:
    """The span cut by calendar, kind of day, queue, tier and service; a day is not cut by calendar."""
    kind = given.span.kind
    cuts: dict[str, Callable[[DayKey], str]] = {}
    if kind is Kind.YEAR:
        cuts["month"] = lambda key: f"{key[0]:%Y-%m}"
    if kind in (Kind.MONTH, Kind.YEAR):
        cuts["week"] = lambda key: Span.around(Kind.WEEK, key[0], given.span.zone).name
    if kind in (Kind.WEEK, Kind.MONTH):
        cuts["day"] = lambda key: f"{key[0]:%Y-%m-%d %a}"
    cuts["kind of day"] = lambda key: given.kind_of(key[0])
    cuts |= {"queue": lambda key: key[1], "tier": lambda key: key[2], "service": lambda key: key[3]}
    return {name: _cut(by_day, key_of) for name, key_of in cuts.items()}


def _cut(by_day: Mapping[DayKey, Sums], key_of: Callable[[DayKey], str]) -> list[Line]:
    return [(key or "none", figures_of(sums)) for key, sums in sorted(_summed(by_day, key_of).items())]


def _halves(given: Given, ours: Mapping[int, Sums], olds: Mapping[int, Sums]) -> list[tuple[str, Sums, Finding]]:
    """Every half-hour in which callers were not answered in time by the goal, with its cause."""
    slots = given.ledger.slots
    halves = {slot: _half(given, slot, sums) for slot, sums in {**olds, **ours}.items()}
    like: dict[tuple[str, str], list[int]] = {}
    for slot in halves:
        start = slots.start_of(slot)
        like.setdefault((f"{start:%H:%M}", given.kind_of(start.date())), []).append(slot)
    found = []
    for slot in sorted(ours):
        half, sums = halves[slot], ours[slot]
        if half.offered < FEWEST_CALLS or half.in_target >= ANSWER_GOAL * half.offered:
            continue
        start = slots.start_of(slot)
        alike = like[f"{start:%H:%M}", given.kind_of(start.date())]
        usual = usual_of([halves[other] for other in alike if other != slot])
        found.append((f"{start:%Y-%m-%d %H:%M}", sums, cause_of(half, usual)))
    return found


def _half(given: Given, slot: int, sums: Sums) -> Half:
    seconds = given.staff.get(slot)
    staff_s, missed_s = (seconds.at_work_s, seconds.missed_s) if seconds is not None else (None, 0.0)
    return half_of(sums, staff_s, missed_s, given.ring_s)


def _late(sums: Sums) -> int:
    return sums.offered - sums.in_target


def _worst(halves: list[tuple[str, Sums, Finding]], kind: Kind) -> list[Worst]:
    """Those with the most calls that were not answered in time, the worst first; ties: the earlier."""
    ranked = sorted(halves, key=lambda half: (-_late(half[1]), half[0]))
    return [Worst(start, figures_of(sums), finding) for start, sums, finding in ranked[: WORST[kind]]]


def _causes(halves: list[tuple[str, Sums, Finding]]) -> list[CauseLine]:
    found: dict[Cause, list[int]] = {}
    for _, sums, finding in halves:
        found.setdefault(finding.cause, []).append(_late(sums))
    lines = [CauseLine(cause, len(late), sum(late)) for cause, late in found.items()]
    return sorted(lines, key=lambda line: (-line.late_calls, line.cause.value))


def _topics(given: Given, now: Mapping[str, Sums], before: range) -> list[Topic]:
    """The most frequent first; ties: by name."""
    olds: dict[str, int] = {}
    for cell, sums in given.history.cells.items():
        if cell.slot in before:
            olds[cell.service] = olds.get(cell.service, 0) + sums.offered
    all_now, all_before = sum(sums.offered for sums in now.values()), sum(olds.values())
    topics = [
        Topic(
            service or "none",
            sums.offered,
            sums.offered / all_now,
            olds.get(service, 0) / all_before if all_before else None,
            figures_of(sums).answer_rate,
        )
        for service, sums in now.items()
    ]
    return sorted(topics, key=lambda topic: (-topic.offered, topic.service))


def _customer(given: Given, everything: Sums) -> dict[str, float | None]:
    counts = [sum(each) for each in zip(*given.agents.ratings.values(), strict=True)] or [0] * 5
    rated = tuple(counts)
    return {
        "first_contact_resolution": first_contact_resolution(given.contacts.settled, given.contacts.repeated),
        "satisfaction": satisfaction(rated),
        "mean_rating": mean_rating(rated),
        "response_rate": response_rate(sum(rated), everything.answered),
        "callbacks_kept": figures_of(everything).callbacks_kept,
    }


def clipped_end(span: Span, now_at: float) -> float:
    """Until when the span can say anything: its end, or now."""
    return min(span.end_at, now_at)


def history_start(span: Span) -> date:
    """From which day on calls before the span are needed: the span before, and of a day all days since then."""
    return span.first - timedelta(days=7) if span.kind is Kind.DAY else span.before().first

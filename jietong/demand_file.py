"""What a day will ask of the hotline, from the file that the operator has: a model of traffic, or a history to forecast from.

Owns the choice between the two. Must not plan. Rules: docs/simulation.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from jietong.demand_of_history import Known, Learned, forecast_demand, habits_of, learned_from
from jietong.demand_of_model import of_model
from jietong.history_file import Past, read_history
from jietong.traffic_file import load_traffic
from planning.demand import Demand
from planning.forecast import Special
from planning.history import History
from routing.rules import Rules
from simulation.people import Habits


@dataclass(frozen=True, slots=True)
class Prospect:
    """A day to plan: its demand, what agents and customers do, in words what was assumed. `past` and `learned`: the history, None for a model."""

    day: date | None
    demand: Demand
    habits: Habits
    notes: tuple[str, ...] = ()
    past: Past | None = None
    learned: Learned | None = None


def prospect_of(  # noqa: PLR0917  # a path and what it is read with
    path: Path, rules: Rules, zone: ZoneInfo, day: date | None, special: Callable[[History], Special], known: Known
) -> Prospect:
    """The day that `path` tells of: by a model (.toml) its mean day, or that weekday's; by a history the forecast of `day`, left out: the next one.

    special   the holidays about a history
    raises    TrafficFileError, HistoryFileError, HistoryError, LoadError
    """
    if path.suffix == ".toml":
        traffic = load_traffic(path, rules, zone)
        assert traffic.model is not None
        return Prospect(day, of_model(traffic.model, rules, traffic.habits, day), traffic.habits)
    past = read_history(path, zone)
    learned = learned_from(past, rules, zone, known)
    planned, demand, notes = forecast_demand(learned, rules, day or past.next_day, special(learned.whole), known)
    return Prospect(planned, demand, habits_of(known, learned.calls), (*past.notes, *notes), past, learned)

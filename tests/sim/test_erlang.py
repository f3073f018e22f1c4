"""The formulas against figures that nobody on the project wrote, and against what must always hold."""

import csv
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from jietong import cli
from planning.erlang import Outlook, blocking, fewest_agents, outlook
from planning.load import Load, LoadError

ROWS = (Path(__file__).parent / "erlang_reference_rows.csv").read_text(encoding="utf-8")
PUBLISHED = list(csv.DictReader(ROWS.splitlines()))
FIGURES: dict[str, Callable[[Outlook, float], float]] = {
    "P(wait)": lambda o, handling_s: o.waiting,
    "SL": lambda o, handling_s: o.answered_in_target,
    "occupancy": lambda o, handling_s: o.occupancy,
    "ASA s": lambda o, handling_s: o.answer_wait_s,
    "Lq": lambda o, handling_s: o.line,
    "sojourn s": lambda o, handling_s: o.mean_wait_s + handling_s,
    "P(ab)": lambda o, handling_s: o.abandoned,
    "E[W] all s": lambda o, handling_s: o.mean_wait_s,
    "SL served/offered": lambda o, handling_s: o.answered_in_target,
    "SL served/served": lambda o, handling_s: o.of_answered,
    "SL served/(offered-short ab)": lambda o, handling_s: o.without_short,
    "P(virtual wait<=t)": lambda o, handling_s: o.virtual_in_target,
}


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["id"])
def test_published_figures(row: dict[str, str]) -> None:
    """A planner gets the figure that textbooks, calculators and other libraries print, within the tolerance of each."""
    agents, rate, handling_s = int(row["servers"]), float(row["arrivals_per_s"]), float(row["aht_s"])
    if row["model"] == "Erlang-B":
        ours = blocking(agents, rate * handling_s)
    else:
        load = Load(rate, handling_s, float(row["patience_s"]))
        ours = FIGURES[row["metric"]](outlook(agents, load, float(row["target_s"] or 20)), handling_s)
    assert ours == pytest.approx(float(row["published"]), abs=float(row["tolerance"]), rel=0)


# theory.md section 3: P(wait), P(abandon), mean wait, in target, without short abandons, occupancy; computed another way (scipy's incomplete beta)
GRID = {
    (5, 1, 180, 120): (0.174444, 0.053857, 6.46280, 0.872171, 0.892572, 0.567686),
    (9, 2, 180, 180): (0.152763, 0.026876, 4.83777, 0.902225, 0.914006, 0.648749),
    (20, 5, 180, 180): (0.124781, 0.014153, 2.54760, 0.941367, 0.950058, 0.739385),
    (34, 10, 180, 180): (0.255551, 0.025834, 4.65012, 0.890093, 0.906552, 0.859558),
    (35, 10, 180, 180): (0.202692, 0.019078, 3.43397, 0.919746, 0.932685, 0.840791),
    (40, 10, 240, 120): (0.439365, 0.073679, 8.84153, 0.768998, 0.809374, 0.926321),
    (121, 40, 180, 180): (0.475747, 0.032428, 5.83712, 0.878322, 0.903923, 0.959575),
    (300, 100, 180, 180): (0.507678, 0.023027, 4.14478, 0.950101, 0.971867, 0.976973),
}


@pytest.mark.parametrize("case", GRID, ids=str)
def test_a_grid_reckoned_by_another_way(case: tuple[int, int, int, int]) -> None:
    """Staffs from 5 to 300 agents, to the last digit of an independent calculation."""
    agents, per_minute, handling_s, patience_s = case
    o = outlook(agents, Load(per_minute / 60, handling_s, patience_s))
    found = (o.waiting, o.abandoned, o.mean_wait_s, o.answered_in_target, o.without_short, o.occupancy)
    assert found == pytest.approx(GRID[case], abs=6e-6)


loads = st.builds(
    Load,
    arrivals_per_s=st.floats(0.001, 5),
    handling_s=st.floats(1, 900),
    patience_s=st.one_of(st.just(math.inf), st.floats(1, 3600)),
)


@settings(max_examples=40)  # some lines are thousands long
@given(loads, st.integers(0, 60), st.floats(0, 300))
def test_what_always_holds(load: Load, spare: int, within_s: float) -> None:
    """Shares are shares; who hangs up is who waits times impatience; one more agent never makes callers worse off."""
    agents = math.floor(load.erlangs) + 1 + spare
    one, more = outlook(agents, load, within_s), outlook(agents + 1, load, within_s)
    for share in (
        one.waiting,
        one.abandoned,
        one.occupancy,
        one.answered_in_target,
        one.of_answered,
        one.without_short,
    ):
        assert -1e-9 <= share <= 1 + 1e-9
    assert one.abandoned == pytest.approx(one.mean_wait_s / load.patience_s, abs=1e-9)
    assert one.answered_in_target <= one.without_short + 1e-9
    assert one.answered_in_target <= one.of_answered + 1e-9
    assert more.answered_in_target >= one.answered_in_target - 1e-9
    assert more.mean_wait_s <= one.mean_wait_s + 1e-9


@settings(max_examples=40)  # some lines are thousands long
@given(loads, st.floats(0.01, 0.999), st.floats(0, 120))
def test_the_fewest_agents_are_the_fewest(load: Load, goal: float, within_s: float) -> None:
    """The staff that is named reaches the goal, and one agent fewer does not, or could not serve the load at all."""
    found = fewest_agents(load, goal, within_s)
    assert found.answered_in_target >= goal
    is_least = found.agents == 1 or (math.isinf(load.patience_s) and found.agents - 1 <= load.erlangs)
    assert is_least or outlook(found.agents - 1, load, within_s).answered_in_target < goal


@settings(max_examples=40)  # some lines are thousands long
@given(st.integers(1, 300), st.floats(0.01, 200))
def test_waiting_follows_from_blocking(agents: int, erlangs: float) -> None:
    """Erlang-C from Erlang-B by the textbook's relation, and patience without end is the limit of long patience."""
    if erlangs >= 0.98 * agents:
        return
    patient = outlook(agents, Load(erlangs / 100, 100))
    lost = blocking(agents, erlangs)
    assert patient.waiting == pytest.approx(agents * lost / (agents - erlangs * (1 - lost)), rel=1e-9)
    assert outlook(agents, Load(erlangs / 100, 100, 1e9)).waiting == pytest.approx(patient.waiting, abs=1e-4)


def test_a_day_of_overload() -> None:
    """One agent for sixty: the line is thousands long, one in sixty is answered, and the figures are figures."""
    found = outlook(1, Load(5, 12, 919), 3)
    assert found.abandoned == pytest.approx(59 / 60, abs=1e-9)
    assert found.occupancy == pytest.approx(1)
    assert found.answered_in_target == pytest.approx(0, abs=1e-9)


def test_far_more_agents_than_calls() -> None:
    """Ten thousand agents for one call an hour: nobody waits, nothing overflows."""
    found = outlook(10_000, Load(1 / 3600, 60, 60))
    assert (found.waiting, found.answered_in_target) == pytest.approx((0.0, 1.0), abs=1e-12)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Load(0, 180), "arrivals_per_s is 0: it must be a number above 0"),
        (lambda: Load(-1, 180), "arrivals_per_s is -1"),
        (lambda: Load(1, math.nan), "handling_s is nan"),
        (lambda: Load(1, math.inf), "handling_s is inf"),
        (lambda: Load(1, 180, 0), "patience_s is 0"),
        (lambda: outlook(0, Load(1, 1)), "agents is 0: it must be from 1"),
        (lambda: outlook(30, Load(1 / 6, 180)), "30 agents cannot serve 30 erlangs when nobody hangs up"),
        (lambda: outlook(31, Load(1 / 6, 180), -1), "within_s is -1"),
        (lambda: blocking(-1, 3), "agents is -1: it must be from 0"),
        (lambda: blocking(3, 0), "erlangs is 0"),
        (lambda: fewest_agents(Load(1, 1), 1.0), "goal is 1: it must be a share between 0 and 1"),
    ],
)
def test_a_load_that_no_line_can_have(make: Callable[[], object], text: str) -> None:
    """Nought calls, endless work, too few agents: refused with the figure and what is allowed."""
    with pytest.raises(LoadError) as refused:
        make()
    assert text in str(refused.value)


def test_a_supervisor_asks_how_many() -> None:
    """600 calls an hour of three minutes: the table shows the staff around the goal, and which rows reach it."""
    asked = ["erlang", "--calls-per-hour", "600", "--handling-s", "180", "--patience-s", "180"]
    said = CliRunner().invoke(cli.app, asked)
    assert said.exit_code == 0
    rows = {words[0]: words[1:3] for words in map(str.split, said.stdout.splitlines()) if words and words[0].isdigit()}
    assert rows["34"][0] == "89.0%" and "goal" not in rows["34"]
    assert rows["35"] == ["92.0%", "goal"]


@pytest.mark.parametrize(
    "arguments", ["--calls-per-hour 0", "--calls-per-hour 600 --agents 20", "--calls-per-hour 1 --goal 90"]
)
def test_a_supervisor_asks_for_the_impossible(arguments: str) -> None:
    """One line that names the figure, exit code 2."""
    said = CliRunner().invoke(cli.app, f"erlang --handling-s 180 {arguments}".split())
    assert said.exit_code == 2
    assert len(said.stderr.strip().splitlines()) == 1

"""How long callers wait, by formula: what has become of them after t seconds, and the five service levels."""

import math
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from jietong import cli
from metrics.service_level import Variant, count_against, service_level
from planning.erlang import fewest_agents, fewest_lines, level, levels_of, outlook
from planning.load import Load, LoadError
from planning.waits import waits_of

loads = st.builds(
    Load,
    arrivals_per_s=st.floats(0.01, 1),
    handling_s=st.floats(10, 900),
    patience_s=st.one_of(st.just(math.inf), st.floats(20, 3600)),
)


@settings(max_examples=40)  # some lines are thousands long
@given(loads, st.integers(0, 20), st.floats(0, 300), st.floats(0, 300))
def test_everybody_is_somewhere(load: Load, spare: int, one_s: float, other_s: float) -> None:
    """At every second each caller is answered, gone or waiting; time only takes callers out of the line."""
    waits = waits_of(math.floor(load.erlangs) + 1 + spare, load)
    early, late = waits.at(min(one_s, other_s)), waits.at(max(one_s, other_s))
    for moment in (early, late):
        assert moment.answered + moment.abandoned + moment.waiting == pytest.approx(1, abs=1e-9)
        assert moment.answered <= moment.reached + 1e-9
    assert late.waiting <= early.waiting + 1e-9
    assert late.answered >= early.answered - 1e-9
    assert late.abandoned >= early.abandoned - 1e-9


@settings(max_examples=40)  # some lines are thousands long
@given(loads, st.integers(0, 20), st.floats(0.01, 0.99))
def test_when_so_many_have_been_answered(load: Load, spare: int, share: float) -> None:
    """The time that is named is the time at which that share of the answered has been answered."""
    waits = waits_of(math.floor(load.erlangs) + 1 + spare, load)
    by_s = waits.answered_by(share)
    assert waits.at(by_s).answered >= share * (1 - waits.abandoned) - 1e-9
    if by_s > 0:
        assert waits.at(by_s * 0.999).answered < share * (1 - waits.abandoned) + 1e-9


def test_in_the_end_nobody_waits() -> None:
    """After hours everybody was answered or has hung up, in the shares of the long run."""
    waits = waits_of(12, Load(0.07, 120, 60))
    end = waits.at(1e5)
    assert (end.waiting, end.abandoned) == pytest.approx((0.0, waits.abandoned), abs=1e-9)


def test_patience_without_end_is_the_limit_of_long_patience() -> None:
    """Erlang-C's exponential tail is what Erlang-A's comes to, second by second."""
    endless, long = waits_of(35, Load(1 / 6, 180)), waits_of(35, Load(1 / 6, 180, 1e8))
    for seconds in (0, 5, 20, 60, 300):
        assert long.at(seconds).answered == pytest.approx(endless.at(seconds).answered, abs=1e-4)


# theory.md section 2.2: the same system by five definitions, reckoned another way
DEFINITIONS = {
    Variant.OF_OFFERED: 0.9168,
    Variant.ABANDONED_IN_TIME_LEFT_OUT: 0.9234,
    Variant.OF_ANSWERED: 0.9298,
    Variant.ABANDONED_IN_TIME_COUNT_AS_GOOD: 0.9240,
}


@pytest.mark.parametrize("variant", DEFINITIONS)
def test_one_system_by_several_definitions(variant: Variant) -> None:
    """14 agents, 100 calls in half an hour of 3 minutes, patience 5 minutes: each formula gives its own figure."""
    waits = waits_of(14, Load(100 / 1800, 180, 300))
    assert level(waits, 20, variant) == pytest.approx(DEFINITIONS[variant], abs=6e-5)
    assert waits.at(20).reached == pytest.approx(0.9187, abs=6e-5)


def test_the_levels_of_callers_who_were_served_one_by_one() -> None:
    """60,000 callers served by hand, first come first served: each level is that of the formula, within four standard errors."""
    load, agents, luck = Load(10 / 60, 180, 180), 34, Random(8)
    free_at, at, waits = [0.0] * agents, 0.0, []
    for _ in range(60_000):
        at += luck.expovariate(load.arrivals_per_s)
        patience_s, talk_s = luck.expovariate(1 / load.patience_s), luck.expovariate(1 / load.handling_s)
        first = min(range(agents), key=free_at.__getitem__)
        wait_s = max(0.0, free_at[first] - at)
        if wait_s <= patience_s:
            free_at[first] = at + wait_s + talk_s
        waits.append((min(wait_s, patience_s), wait_s <= patience_s))
    count, expected = count_against(waits, 20), levels_of(waits_of(agents, load), 20)
    for variant in Variant:
        assert service_level(count, variant) == pytest.approx(expected[variant], abs=0.02)  # batches are dependent


@settings(max_examples=40)  # some lines are thousands long
@given(loads, st.floats(0.05, 0.99), st.sampled_from(Variant))
def test_the_fewest_agents_by_any_definition(load: Load, goal: float, variant: Variant) -> None:
    """The staff reaches the goal by the formula that was asked for; one agent fewer does not, or could not serve the load."""
    found = fewest_agents(load, goal, 20, variant)
    assert level(waits_of(found.agents, load), 20, variant) >= goal
    is_least = found.agents == 1 or (math.isinf(load.patience_s) and found.agents - 1 <= load.erlangs)
    assert is_least or level(waits_of(found.agents - 1, load), 20, variant) < goal


@pytest.mark.parametrize(
    ("erlangs", "most", "lines"), [(8.108, 0.01, 15), (8, 0.001, 18), (12, 0.302, 10), (0.001, 0.5, 1)]
)
def test_lines_for_a_load(erlangs: float, most: float, lines: int) -> None:
    """Trunk lines by Erlang-B as published calculators give them."""
    assert fewest_lines(erlangs, most) == lines


def test_times_and_shares_that_are_none() -> None:
    """Negative seconds, a share of one, a blocked share of nothing: refused with the figure."""
    waits = waits_of(14, Load(100 / 1800, 180, 300))
    for ask, text in (
        (lambda: waits.at(-1), "the time is -1 s"),
        (lambda: waits.at(math.inf), "the time is inf s"),
        (lambda: waits.answered_by(1), "the share is 1"),
        (lambda: fewest_lines(8, 0), "the blocked share is 0"),
        (lambda: fewest_lines(-8, 0.1), "erlangs is -8"),
        (lambda: outlook(3, Load(1, 1), math.nan), "within_s is nan"),
    ):
        with pytest.raises(LoadError, match=text):
            ask()


def test_a_supervisor_sees_waits_and_a_picture(tmp_path: Path) -> None:
    """With --waits the table tells what has become of callers; with --plot there is a picture; JSON has all five levels."""
    asked = ["erlang", "--calls-per-hour", "600", "--handling-s", "180", "--patience-s", "180"]
    picture = tmp_path / "levels.svg"
    said = CliRunner().invoke(cli.app, [*asked, "--waits", "--plot", str(picture)])
    assert said.exit_code == 0
    assert "95% within 23.5 s" in said.stdout
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    plain = CliRunner().invoke(cli.app, [*asked, "--json", "--variant", "f4"])
    assert '"agents": 34' in plain.stdout and '"F5"' in plain.stdout
    lines = CliRunner().invoke(cli.app, [*asked, "--blocked", "0.01"])
    assert lines.exit_code == 0 and "enough" in next(
        row for row in lines.stdout.splitlines() if row.strip().startswith("42")
    )


@pytest.mark.parametrize("arguments", ["--variant F9", "--blocked 1", "--blocked -1"])
def test_a_supervisor_asks_for_what_is_not(arguments: str) -> None:
    """One line that names the figure, exit code 2."""
    asked = f"erlang --calls-per-hour 600 --handling-s 180 {arguments}"
    said = CliRunner().invoke(cli.app, asked.split())
    assert said.exit_code == 2
    assert len(said.stderr.strip().splitlines()) == 1

"""Was yesterday bad luck or bad staffing: verdicts by table, and the command on records of simulated days."""

import csv
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from jietong import cli
from jietong.database import sqlite_url
from planning.day_verdict import Verdict, judged
from planning.past_calls import PastCall
from planning.presence import agents_there, stretches
from tests.adapters.service_fixture import site_for_commands
from tests.sim.test_plan_command import TRAFFIC, site

GOOD, BAD, MIXED = [0.93] * 10, [0.80] * 10, [0.95] * 6 + [0.85] * 4


@pytest.mark.parametrize(
    ("measured", "expected", "came", "verdict"),
    [
        (0.91, BAD, BAD, Verdict.MET),
        (0.85, BAD, BAD, Verdict.STAFFING),
        (0.85, GOOD, [0.84, *BAD], Verdict.LOAD),
        (0.85, GOOD, MIXED, Verdict.CHANCE),
        (0.85, GOOD, GOOD, Verdict.UNEXPLAINED),
        (0.70, GOOD, BAD, Verdict.LOAD_AND_MORE),
        (0.70, BAD, GOOD, Verdict.STAFFING),
    ],
)
def test_verdicts(measured: float, expected: list[float], came: list[float], verdict: Verdict) -> None:
    """A goal of 90 %: what was known when it was planned judges the staffing, what came judges the luck."""
    assert judged(measured, 0.90, expected, came).verdict is verdict


def test_who_was_there() -> None:
    """An agent is there from the first answer to the last hang-up, but for a long break; whoever hung up had no agent."""
    calls = [
        PastCall(0, "", 10, 290, "A"),
        PastCall(1500, "", 0, 900, "A"),
        PastCall(9000, "", 0, 1800, "A"),
        PastCall(10, "", 50, None),
        PastCall(0, "", 0, 1800, "B"),
    ]
    spans = stretches(calls)
    assert spans["A"] == [(10, 2400), (9000, 10800)]
    assert agents_there(spans.values(), 0)[:6] == (2, 0, 0, 0, 0, 1)


def simulated(folder: Path, name: str, day: date, days: int, *more: str) -> list[dict[str, str]]:
    records = folder / f"{name}.csv"
    asked = [
        "simulate",
        "--site",
        str(folder / "site.toml"),
        "--traffic",
        str(folder / "traffic.toml"),
        "--from",
        day.isoformat(),
        "--days",
        str(days),
    ]
    said = CliRunner().invoke(cli.app, [*asked, "--records", str(records), *more])
    assert said.exit_code == 0, said.output
    with records.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks with agents enough, then a day with three agents only."""
    folder = tmp_path_factory.mktemp("history")
    site(folder)
    (folder / "traffic.toml").write_text(TRAFFIC, encoding="utf-8")
    shifts = folder / "few.csv"
    shifts.write_text("seat,from,to\n1001,08:30,12:00\n1002,08:30,12:00\n1003,08:30,12:00\n", encoding="utf-8")
    first = date(2026, 3, 2)
    rows = simulated(folder, "weeks", first, 14)
    rows += simulated(folder, "bad", first + timedelta(days=14), 1, "--shifts", str(shifts), "--seed", "5")
    with (folder / "records.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def asked(folder: Path, day: str, *more: str) -> "dict[str, object]":
    said = CliRunner().invoke(
        cli.app,
        [
            "plan",
            "--traffic",
            str(folder / "records.csv"),
            "--site",
            str(folder / "site.toml"),
            "--holidays",
            "",
            "--explain-day",
            day,
            "--trial-days",
            "12",
            "--json",
            *more,
        ],
    )
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def test_a_day_with_too_few_agents(history: Path) -> None:
    """Three agents for six erlangs: bad staffing, by the plan of shifts as by what calls show of who was there; the picture has the day among its simulations."""
    picture = history / "day.svg"
    for more in (["--shifts", str(history / "few.csv"), "--plot", str(picture)], []):
        told = asked(history, "2026-03-16", *more)
        assert told["tiers"]["ordinary"]["verdict"] == "STAFFING"  # type: ignore[index]
    assert "the real day" in picture.read_text(encoding="utf-8")
    assert max(told["agents"]) == 3 < max(told["needed"])  # type: ignore[type-var, call-overload]


def test_a_good_day(history: Path) -> None:
    """Sixteen shared seats and three for VIP callers, all manned: the goal was met."""
    told = asked(history, "2026-03-13")
    assert told["tiers"]["ordinary"]["verdict"] == "MET"  # type: ignore[index]


def test_the_folder_of_a_running_site(history: Path, tmp_path: Path) -> None:
    """`--traffic var`: the site's own database of records is the history, tomorrow the day; a folder that is no site's is told so."""
    first = (datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=14)).date()
    records = tmp_path / "records.db"
    asked = [
        "simulate",
        "--site",
        str(history / "site.toml"),
        "--traffic",
        str(history / "traffic.toml"),
        "--from",
        first.isoformat(),
    ]
    said = CliRunner().invoke(cli.app, [*asked, "--days", "15", "--records", str(records)])
    assert said.exit_code == 0, said.output
    site_for_commands(tmp_path / "var", "redis://127.0.0.1:1", sqlite_url(records))
    plan = ["plan", "--site", str(history / "site.toml"), "--holidays", "", "--formula-only", "--json", "--traffic"]
    planned = CliRunner().invoke(cli.app, [*plan, str(tmp_path / "var")])
    assert planned.exit_code == 0, planned.output
    told = json.loads(planned.stdout)
    assert told["day"] == (first + timedelta(days=15)).isoformat()
    assert any("is not over" in note for note in told["notes"])
    refused = CliRunner().invoke(cli.app, [*plan, str(tmp_path)])
    assert refused.exit_code == 1 and "no running site" in refused.stderr


@pytest.mark.parametrize(
    ("day", "more", "text"),
    [
        ("2026-04-01", [], "there is no call on 2026-04-01"),
        ("soon", [], "--explain-day is 'soon'"),
        ("2026-03-16", ["--trial-days", "2"], "--trial-days is 2"),
        ("2026-03-16", ["--shifts", "absent.csv"], "absent.csv: no such file"),
        ("2026-03-02", [], "there is no call in the history"),
    ],
)
def test_days_that_cannot_be_judged(history: Path, day: str, more: list[str], text: str) -> None:
    """No call on that day, no day, too few simulations, no such file, nothing known before it: one reason, exit code 2."""
    said = CliRunner().invoke(
        cli.app,
        [
            "plan",
            "--traffic",
            str(history / "records.csv"),
            "--site",
            str(history / "site.toml"),
            "--holidays",
            "",
            "--explain-day",
            day,
            *more,
        ],
    )
    assert said.exit_code == 2
    assert text in said.stderr


def test_counts_tell_no_waits(history: Path) -> None:
    """Counts alone cannot tell how a day went: the answer says what is needed."""
    (history / "counts.csv").write_text(
        "DateTime,Calls\n2026-03-02 08:00,5\n2026-03-02 08:30,5\n2026-03-03 08:00,5\n2026-03-03 08:30,5\n",
        encoding="utf-8",
    )
    said = CliRunner().invoke(
        cli.app,
        [
            "plan",
            "--traffic",
            str(history / "counts.csv"),
            "--site",
            str(history / "site.toml"),
            "--holidays",
            "",
            "--explain-day",
            "2026-03-03",
        ],
    )
    assert said.exit_code == 2 and "needs call records" in said.stderr

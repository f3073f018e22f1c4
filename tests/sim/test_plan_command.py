"""`jietong plan`: from a traffic file or a history to agents, shifts and pictures, through the shipped router in virtual time."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from jietong import cli

SITE = """
[hotline]
number = "10010"
[[trunks]]
name = "loopback"
match = ["127.0.0.1"]
[tiers.vip]
answer_within_s = 10
goal = {vip_goal}
[tiers.ordinary]
answer_within_s = 20
goal = 0.90
[routing]
wrap_up_s = 10
"""
SEAT = '[[seats]]\nnumber = "{number}"\nauto_login = true\n'
TRAFFIC = """
[calls]
profile = [{ since = "09:00", per_hour = 80 }, { since = "10:00", per_hour = 120 }, { since = "11:00", per_hour = 0 }]
day_cv = 0.1
[[callers]]
share = 0.2
tier = "vip"
talk = { mean_s = 120 }
patience = { mean_s = 180 }
[[callers]]
share = 0.8
talk = { mean_s = 120 }
patience = { mean_s = 180 }
"""


def site(folder: Path, seats: int = 16, vip_seats: int = 3, vip_goal: float = 0.95, more: str = "") -> Path:
    file = folder / "site.toml"
    shared = [SEAT.format(number=1001 + n) for n in range(seats)]
    own = [SEAT.format(number=1901 + n) + 'dedicated_to = ["vip"]\n' for n in range(vip_seats)]
    file.write_text(SITE.format(vip_goal=vip_goal) + "".join([*shared, *own]) + more, encoding="utf-8")
    return file


def run(
    folder: Path, *arguments: str, traffic: str = TRAFFIC, name: str = "traffic.toml", site_file: Path | None = None
) -> Result:
    (folder / name).write_text(traffic, encoding="utf-8")
    asked = [
        "plan",
        "--traffic",
        str(folder / name),
        "--site",
        str(site_file or site(folder)),
        "--holidays",
        "",
        *arguments,
    ]
    return CliRunner().invoke(cli.app, asked)


def test_a_plan_that_simulation_has_corrected(tmp_path: Path) -> None:
    """Seats per half hour for both tiers; the fresh days reach every goal; the shifts run through `jietong simulate`; picture and CSV are there."""
    out, shifts, picture = tmp_path / "plan.csv", tmp_path / "shifts.csv", tmp_path / "plan.svg"
    asked = ["--calls", "1500", "--out", str(out), "--shifts-out", str(shifts), "--plot", str(picture)]
    said = run(tmp_path, *asked, "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert [row["from"] for row in told["half_hours"]] == ["09:00", "09:30", "10:00", "10:30"]
    assert told["levels"]["vip"] > 0.93 and told["levels"]["ordinary"] > 0.87
    assert told["factor"] == pytest.approx(1.08, abs=0.01)
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["agents"]) for row in rows] == [row["agents"] for row in told["half_hours"]]
    assert picture.read_text(encoding="utf-8").count("<polyline") >= 6
    simulated = CliRunner().invoke(
        cli.app,
        [
            "simulate",
            "--site",
            str(tmp_path / "site.toml"),
            "--traffic",
            str(tmp_path / "traffic.toml"),
            "--shifts",
            str(shifts),
            "--days",
            "5",
            "--json",
        ],
    )
    assert simulated.exit_code == 0, simulated.output


def test_by_formula_only_with_everything_around_it(tmp_path: Path) -> None:
    """Without the simulator in a moment; the roster is longer than the plan by breaks and illness; each point has its price."""
    said = run(tmp_path, "--formula-only", "--shrinkage", "0.3")
    assert said.exit_code == 0, said.output
    for words in ("the mean day: 200 calls expected", "planned for 1.08", "roster", "hours for"):
        assert words in said.stdout


def test_what_dedicated_seats_and_the_reserve_do(tmp_path: Path) -> None:
    """With --effects the same agents and days are told for other numbers of VIP seats, other reserves, and seats that never help."""
    said = run(tmp_path, "--effects", "--calls", "100")
    assert said.exit_code == 0, said.output
    for words in (
        "no vip seats",
        "half vip seats",
        "as planned, reserve 0",
        "as planned, reserve 2",
        "vip seats never help",
    ):
        assert words in said.stdout


def test_a_site_with_too_few_seats(tmp_path: Path) -> None:
    """Three seats for twelve agents: the plan says how many are missing and when, and the shifts that found no seat are counted."""
    shifts = tmp_path / "shifts.csv"
    said = run(tmp_path, "--formula-only", "--shifts-out", str(shifts), site_file=site(tmp_path, 2, 1))
    assert said.exit_code == 0
    assert "the site has too few seats: at 10:" in said.stdout
    assert "shifts found no seat" in said.stderr
    assert {row["seat"] for row in csv.DictReader(shifts.read_text(encoding="utf-8").splitlines())} == {
        "1001",
        "1002",
        "1901",
    }


def test_a_hotline_of_a_country(tmp_path: Path) -> None:
    """Two thousand erlangs: planned by formula in seconds, and said so; the answer to such a load on a small site is how many seats are missing."""
    huge = TRAFFIC.replace("per_hour = 120", "per_hour = 60000")
    said = run(tmp_path, traffic=huge)
    assert said.exit_code == 0, said.output
    assert "by formula only" in said.stdout and "more than there are" in said.stdout


def counts(days: int = 15) -> str:
    lines = [
        f"2026-03-{day:02d} {hour:02d}:{minute:02d},{10 + hour}"
        for day in range(1, days + 1)
        for hour in range(9, 12)
        for minute in (0, 30)
    ]
    return "DateTime,Calls\n" + "\n".join(lines) + "\n"


def test_a_plan_from_counts(tmp_path: Path) -> None:
    """Counts of two weeks and what the operator knows beside them: the day after is planned; a share of them are VIP callers."""
    said = run(
        tmp_path,
        "--formula-only",
        "--talk-s",
        "120",
        "--patience-s",
        "180",
        "--first-share",
        "0.2",
        "--json",
        traffic=counts(),
        name="counts.csv",
    )
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert told["day"] == "2026-03-16"
    calls = told["half_hours"][0]["calls"]
    assert calls["vip"] / (calls["vip"] + calls["ordinary"]) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("arguments", "traffic", "name", "text"),
    [
        (["--sure", "1"], TRAFFIC, "traffic.toml", "--sure is 1"),
        (["--peak-goal", "0"], TRAFFIC, "traffic.toml", "--peak-goal is 0"),
        (["--shrinkage", "1.2"], TRAFFIC, "traffic.toml", "--shrinkage is 1.2"),
        (["--day", "soon"], TRAFFIC, "traffic.toml", "--day is 'soon'"),
        ([], TRAFFIC.replace("per_hour = 80", "per_hour = -80"), "traffic.toml", "per_hour"),
        ([], TRAFFIC.replace("mean_s = 180", "mean_s = 0"), "traffic.toml", "mean_s"),
        ([], counts(), "counts.csv", "say it with --talk-s"),
        (["--talk-s", "-5"], counts(), "counts.csv", "talk_s is -5"),
        (["--talk-s", "120", "--first-share", "2"], counts(), "counts.csv", "the share of vip callers is 2"),
        ([], "DateTime,Calls\n", "counts.csv", "holds no counts of two times"),
        ([], counts(1), "counts.csv", "one day of history is not enough"),
    ],
)
def test_what_cannot_be_planned(tmp_path: Path, arguments: list[str], traffic: str, name: str, text: str) -> None:
    """Shares that are none, negative rates, zero patience, empty and short histories, what the file leaves open: one reason, exit code 2."""
    said = run(tmp_path, "--formula-only", *arguments, traffic=traffic, name=name)
    assert said.exit_code == 2
    assert text in said.stderr


def test_an_impossible_goal(tmp_path: Path) -> None:
    """Everybody within 10 s is no goal that a plan can reach: refused, with what is."""
    said = run(tmp_path, site_file=site(tmp_path, vip_goal=1.0))
    assert said.exit_code == 2
    assert "tier vip: a goal of 1 cannot be planned" in said.stderr and "such as 0.95" in said.stderr


def test_a_site_whose_calls_need_skills(tmp_path: Path) -> None:
    """Plain seats cannot stand in for skilled agents: the simulator refuses, and the formula still answers."""
    skilled = site(
        tmp_path,
        more='[languages.en]\nrequires = { english = 3 }\n[[agents]]\nnumber = "5001"\nskills = { english = 4 }\n',
    )
    refused = run(tmp_path, "--calls", "200", site_file=skilled)
    assert refused.exit_code == 2 and "need skills" in refused.stderr
    assert run(tmp_path, "--formula-only", site_file=skilled).exit_code == 0

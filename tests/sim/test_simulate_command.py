"""`jietong simulate` and `jietong whatif`, as a supervisor types them."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jietong import cli
from jietong.database import open_engine, sqlite_url
from metrics.service_level import Variant, count_against, service_level
from routing.adapters.records import recent_calls
from routing.facts import Outcome
from simulation.interval import interval_of, student

DEMO = Path(cli.__file__).parent / "demo" / "demo.toml"
TRAFFIC = """
[calls]
profile = [{ since = "09:00", per_hour = 120 }, { since = "11:00", per_hour = 0 }]
day_cv = 0.2
[[callers]]
share = 1
tier = "vip"
talk = { mean_s = 120 }
patience = { mean_s = 120 }
[[callers]]
share = 4
talk = { mean_s = 150, shape = "lognormal", cv = 1.2 }
patience = { mean_s = 120 }
[agents]
no_answer = 0.02
"""


def ran(*words: object) -> tuple[int, str, str]:
    """Exit code, output and complaints of a command."""
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def traffic(tmp_path: Path) -> Path:
    file = tmp_path / "traffic.toml"
    file.write_text(TRAFFIC)
    return file


def test_the_same_seed_the_same_answer(traffic: Path) -> None:
    """A supervisor who asks twice is told the same, and another seed is another day."""
    simulate = ("simulate", "--site", DEMO, "--traffic", traffic, "--json", "--seed")
    one, again, other = (ran(*simulate, seed) for seed in (4, 4, 5))
    assert one == again != other and one[0] == 0
    vip = json.loads(one[1])["tiers"]["vip"]
    assert 0 < vip["in_target"]["mean"] <= vip["answered"]["mean"] <= 1 and vip["in_target"]["half"] is None


def test_replications_side_by_side_are_those_one_by_one(traffic: Path) -> None:
    """Three replications in processes give the mean and interval of what each gives alone: the first is the run without replications."""
    alone = json.loads(ran("simulate", "--site", DEMO, "--traffic", traffic, "--json")[1])
    code, out, _ = ran("simulate", "--site", DEMO, "--traffic", traffic, "--json", "--replications", 3)
    told = json.loads(out)
    calls = told["tiers"]["everybody"]["calls"]
    assert code == 0 and told["replications"] == 3 and calls["half"] > 0
    assert alone["tiers"]["everybody"]["calls"]["mean"] != calls["mean"]


@pytest.mark.parametrize("name", ["records.csv", "records.db"])
def test_records_are_those_of_a_live_site(traffic: Path, tmp_path: Path, name: str) -> None:
    """Every KPI can be reckoned from the records, and is the one that the command prints."""
    file = tmp_path / name
    code, out, _ = ran("simulate", "--site", DEMO, "--traffic", traffic, "--json", "--records", file)
    assert code == 0
    level = json.loads(out)["tiers"]["vip"]["in_target"]["mean"]
    if file.suffix == ".csv":
        rows = [row for row in csv.DictReader(file.read_text().splitlines()) if row["tier"] == "vip"]
        waits = [(float(row["wait_s"]), row["outcome"] == "answered") for row in rows]
    else:
        engine = open_engine(sqlite_url(file))
        records = [record for record in recent_calls(engine, 10_000) if record.tier == "vip"]
        waits = [(record.wait_s, record.outcome is Outcome.ANSWERED) for record in records]
        engine.dispose()
    assert service_level(count_against(waits, 10.0), Variant.OF_OFFERED) == pytest.approx(level)
    assert ran("simulate", "--site", DEMO, "--traffic", traffic, "--records", file)[0] == 2, "never over a file"


def test_a_trace_of_calls_by_shifts(tmp_path: Path) -> None:
    """Recorded calls and a plan of shifts: the call before the shift waits for it, in the site's own time."""
    calls, shifts, records = tmp_path / "calls.csv", tmp_path / "shifts.csv", tmp_path / "out.csv"
    calls.write_text("at,talk_s,tier,patience_s\n2026-01-05 07:59:00,30,vip,\n2026-01-05 12:00:00,30,,5\n")
    shifts.write_text("seat,from,to,breaks,days\n1901,08:00,17:00,11:59-12:30,mon-fri\n")
    code, _, err = ran("simulate", "--site", DEMO, "--traffic", calls, "--shifts", shifts, "--records", records)
    assert code == 0, err
    rows = list(csv.DictReader(records.read_text().splitlines()))
    assert [(row["outcome"], float(row["wait_s"])) for row in rows] == [
        ("answered", pytest.approx(63, abs=1)),
        ("abandoned", 5),
    ]


def test_whatif_tells_what_more_vip_seats_change(traffic: Path, tmp_path: Path) -> None:
    """On the same calls: more seats for VIPs help VIPs; no change is told as exactly none."""
    more = tmp_path / "more.toml"
    more.write_text(DEMO.read_text() + '\n[[seats]]\nnumber = "1904"\ndedicated_to = ["vip"]\nauto_login = true\n')
    fewer = tmp_path / "fewer.toml"
    fewer.write_text(
        DEMO.read_text().split('[[seats]]\nnumber = "1005"')[0]
        + DEMO.read_text()[DEMO.read_text().index('[[seats]]\nnumber = "1901"') :]
    )
    how = ("--traffic", traffic, "--replications", 2, "--json")
    told = json.loads(ran("whatif", fewer, more, *how)[1])["difference"]
    assert told["everybody"]["answer_wait_s"]["mean"] < 0 and told["everybody"]["calls"]["mean"] == 0
    none = json.loads(ran("whatif", more, more, *how)[1])["difference"]
    assert {figure["mean"] for row in none.values() for figure in row.values()} == {0}
    assert "difference" in ran("whatif", fewer, more, "--traffic", traffic)[1]


WRONG = {
    "negative rate": ("per_hour = -5", "calls.per_hour: -5 is not allowed; allowed: a number from 0"),
    "no rate": ("weekdays = [1, 1, 1, 1, 1, 0, 0]", "say either per_hour or profile"),
    "no calls": ("per_hour = 0", "no calls at any time"),
    "zero patience": (
        "per_hour = 5\n[[callers]]\ntalk = { mean_s = 1 }\npatience = { mean_s = 0 }",
        "patience.mean_s: 0 is not allowed",
    ),
    "unknown tier": ('per_hour = 5\n[[callers]]\ntier = "gold"\ntalk = { mean_s = 1 }', "the site has no tier 'gold'"),
    "unknown key": ("per_hour = 5\nrate = 3", "unknown key"),
    "no TOML": ("per_hour = ", "not TOML"),
    "overload for ever": ("per_hour = 9000\n[[callers]]\ntalk = { mean_s = 60 }", "the line would grow for ever"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_model_is_refused(tmp_path: Path, case: str) -> None:
    """One message that names the place, and exit code 2."""
    text, because = WRONG[case]
    file = tmp_path / "t.toml"
    file.write_text("[calls]\n" + text + ("" if "callers" in text else "\n[[callers]]\ntalk = { mean_s = 60 }\n"))
    code, _, err = ran("simulate", "--site", DEMO, "--traffic", file)
    assert code == 2 and because in err and (str(file) in err or case == "overload for ever"), err


TRACES = {
    "": "missing columns",
    "at,talk_s\n": "holds no call",
    "at,talk_s\n5,1\n4,1\n": ":3: at: is before the line above",
    "at,talk_s\nsoon,-1\n": "'soon' is no time",
    "at,talk_s,patience_s\n1,1,0\n": "must be above 0",
    "at,talk_s,tier\n1,1,gold\n": "the site has no 'gold'",
    "at,talk_s,colour\n1,1,red\n": "unknown columns: 'colour'",
}


@pytest.mark.parametrize("text", TRACES)
def test_a_wrong_trace_is_refused(tmp_path: Path, text: str) -> None:
    """Every line that is wrong is named, and nothing is simulated."""
    file = tmp_path / "calls.csv"
    file.write_text(text)
    code, out, err = ran("simulate", "--site", DEMO, "--traffic", file)
    assert (code, out) == (2, "") and TRACES[text] in err


@pytest.mark.parametrize(
    ("words", "because"),
    [
        (("--seats", "vip"), "no count of seats"),
        (("--seats", "gold=3"), "no tier 'gold'"),
        (("--seats", "vip=0"), "nobody is there"),
        (("--from", "tomorrow"), "no day such as"),
        (("--shifts", "nowhere.csv"), "no such file"),
    ],
)
def test_wrong_options_are_refused(traffic: Path, words: tuple[str, ...], because: str) -> None:
    """So is a slip on the command line."""
    code, _, err = ran("simulate", "--site", DEMO, "--traffic", traffic, *words)
    assert code == 2 and because in err


def test_everything_that_is_wrong_is_told_at_once(traffic: Path, tmp_path: Path) -> None:
    """Two site files, the calls, the shifts and a slip on the command line: one run tells each of them, and none twice."""
    a, b, calls, plan = (tmp_path / name for name in ("a.toml", "b.toml", "calls.toml", "plan.csv"))
    code, out, err = ran("whatif", a, b, "--traffic", calls, "--shifts", plan, "--from", "soon")
    assert (code, out) == (2, "")
    assert [line.split(": ")[0] for line in err.splitlines()] == ["--from", *map(str, (a, b, calls, plan))]
    b.write_text(DEMO.read_text(encoding="utf-8"), encoding="utf-8")
    assert [line.split(": ")[0] for line in ran("whatif", a, b, "--traffic", calls)[2].splitlines()] == [
        str(a),
        str(calls),
    ]
    assert ran("whatif", b, b, "--traffic", calls)[2].count("no such file") == 1
    assert ran("whatif", a, b, "--traffic", traffic)[2].splitlines() == [
        f"{a}: no such file: name a site file (see docs/site-file.md)"
    ]


def test_ctrl_c_tells_what_there_is(traffic: Path) -> None:
    """Somebody who loses patience with a year gets the part that is done, and every process ends."""
    command = [sys.executable, "-m", "jietong", "simulate", "--site", DEMO, "--traffic", traffic, "--days", "3000"]
    with subprocess.Popen(
        [*map(str, command), "--replications", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
        deadline = time.monotonic() + 60
        while len(children.read_text().split()) < 2:
            assert time.monotonic() < deadline and run.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)
        workers = children.read_text().split()
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 130 and "stopped" in err and "vip" in out
    assert not [worker for worker in workers if os.path.exists(f"/proc/{worker}")]


def test_intervals() -> None:
    """The half width of Student's t as the tables have it."""
    assert [round(student(n), 2) for n in (1, 2, 3, 4, 9, 30, 1000)] == [12.71, 4.30, 3.18, 2.78, 2.26, 2.04, 1.96]
    assert interval_of([1.0, 2.0, 3.0]).mean == 2.0 and interval_of([5.0]).half == float("inf")

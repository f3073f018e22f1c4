"""`jietong status`, `calls` and `explain` as an operator and a tool see them."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from jietong.database import migrate, open_engine, sqlite_url, writing
from routing.adapters.journal_reader import JournalEntry
from routing.adapters.records import RecordsWriter
from routing.facts import CallRecord, Fact, Outcome, PassedOver
from tests.adapters.metrics_fixture import MetricsSite, a_metrics_site
from tests.builders_facts import answered, closed, decided, entered, offered, rang, record

NOON = 1_795_406_400.0  # 2026-11-23 04:00 UTC, noon in Shanghai


@pytest.fixture(scope="module")
def site() -> Iterator[MetricsSite]:
    """A running metrics process beside a database with two calls: one answered at the second offer, one in the menu only."""
    with a_metrics_site(26800) as site:
        url = sqlite_url(site.var / "data" / "jietong.db")
        migrate(url)
        told = json.loads((site.var / "run" / "running.json").read_text())
        (site.var / "run" / "running.json").write_text(json.dumps(told | {"database_url": url}))
        engine = open_engine(url)
        passed = (PassedOver("seats dedicated to vip", "1 idle, kept free by the reserve of 1"),)
        end = record(NOON + 60, Outcome.ANSWERED, "a", "agent", 11.5, queued_at=NOON + 2)
        facts: list[Fact] = [
            entered(NOON, "a"),
            offered(NOON + 2, "a"),
            replace(decided(NOON + 2.001, "a"), passed_over=passed, waited_s=0.001, left_s=19.999),
            rang(NOON + 2.05, "a", idle_to_ring_s=0.0071),
            closed(NOON + 10.05, "no_answer", "a"),
            replace(decided(NOON + 10.1, "a", "1002"), waited_s=8.1, left_s=-1.5),
            closed(NOON + 13.5, "answered", "a", "1002"),
            answered(NOON + 13.5, "a", 11.5, in_target=False),
            replace(end, talk_s=46.5, offers=2, service="[red]consultation[/red]\x1b]0;x\x07"),
            entered(NOON + 70, "m"),
            record(NOON + 80, Outcome.MENU, "m"),
        ]
        RecordsWriter(writing(engine)).write([JournalEntry("1-0", None, tuple(facts), 0.0)])
        engine.dispose()
        site.start()
        yield site


def jietong(site: MetricsSite, *words: str) -> tuple[int, str, str]:
    """Runs a command from another folder; exit code, stdout, stderr."""
    command = [sys.executable, "-m", "jietong", *words, "--var", str(site.var)]
    environment = {"PATH": "/usr/bin:/bin", "http_proxy": "http://127.0.0.1:9", "COLUMNS": "200", "LANG": "C.UTF-8"}
    told = subprocess.run(command, capture_output=True, text=True, cwd="/", env=environment, timeout=30)
    return told.returncode, told.stdout, told.stderr


def test_a_tool_reads_the_call_records(site: MetricsSite) -> None:
    """Oldest first, every field of a record under its own name, callers masked."""
    code, out, _ = jietong(site, "calls", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [row["call_id"] for row in rows] == ["a", "m"]
    assert set(rows[0]) == {"call_id"} | {field.name for field in fields(CallRecord)} - {"at"}
    assert (rows[0]["caller"], rows[0]["outcome"], rows[0]["wait_s"], rows[0]["offers"]) == (
        "139****5678",
        "answered",
        11.5,
        2,
    )
    assert (rows[1]["outcome"], rows[1]["queued_at"]) == ("menu", None)


def test_an_operator_reads_the_call_records(site: MetricsSite) -> None:
    """A table in the site's time; what came from outside is shown as it is and commands no terminal."""
    code, out, _ = jietong(site, "calls")
    assert code == 0
    assert "11-23 12:00:48" in out and "139****5678" in out and "[red]consultation[/red]" in out
    assert "\x1b" not in out and "\x07" not in out and "13912345678" not in out


def test_explain_tells_a_call_in_plain_words(site: MetricsSite) -> None:
    """Why it waited, who was passed over, who let it ring, and how it ended, each with its second."""
    code, out, _ = jietong(site, "explain", "a")
    assert code == 0
    for words in (
        "call a, 2026-11-23 12:00:00 CST",
        "0.000 s  139****5678 called",
        "2.000 s  asked for a person",
        "2.001 s  given to agent 1001 at seat 1001: shared seat, longest idle first; waited 0.001 s, 20.0 s left",
        "passed over seats dedicated to vip: 1 idle, kept free by the reserve of 1",
        "2.050 s  seat 1001 rings, 7.1 ms after",
        "10.050 s  the offer to agent 1001 ended: no answer after 3.0 s of ringing",
        "10.100 s  given to agent 1002 at seat 1002: shared seat, longest idle first; waited 8.100 s, 1.5 s past",
        "13.500 s  agent 1001 answered after 11.500 s of waiting, beyond the target",
        "60.000 s  over: answered, ended by agent; waited 11.500 s, talked 46.5 s, 2 offers",
    ):
        assert words in out
    assert "13912345678" not in out


def test_explain_for_a_tool(site: MetricsSite) -> None:
    """The same facts as JSON, in order, masked too."""
    code, out, _ = jietong(site, "explain", "a", "--json")
    lines = json.loads(out)
    assert (code, [line["seq"] for line in lines]) == (0, list(range(1, 10)))
    assert lines[0]["kind"] == "CallEntered" and "13912345678" not in out


@pytest.mark.parametrize("call", ["nope", "", "a; drop table", "x" * 500])
def test_an_unknown_call_is_said(site: MetricsSite, call: str) -> None:
    """One line, exit code 1."""
    code, out, err = jietong(site, "explain", call)
    assert (code, out) == (1, "")
    assert err.startswith("jietong: no call ") and err.count("\n") == 1


def test_status_for_a_tool_and_for_people(site: MetricsSite) -> None:
    """Who waits, what agents do and the answer rate, whatever proxy the shell has set."""
    site.write(offered(time.time() - 3, "w", "vip"))
    site.until(lambda: bool(site.status()["waiting"]))
    code, out, _ = jietong(site, "status", "--json")
    told = json.loads(out)
    assert code == 0
    assert {"hotline", "at", "waiting", "agents", "answer_rate", "calls"} <= told.keys()
    assert set(told["answer_rate"]) == {"hour", "day", "peak_hour", "year"}
    assert set(told["calls"]) == {"menu", "waiting", "ringing", "talking"}
    assert [(call["call_id"], call["tier"], call["state"]) for call in told["waiting"]] == [("w", "vip", "waiting")]
    assert [agent["agent"] for agent in told["agents"]] == ["1001", "1901"]
    code, out, _ = jietong(site, "status")
    assert code == 0
    assert "1 waiting" in out and "139****5678" in out and "logged_out" in out


def test_status_of_a_site_that_does_not_run() -> None:
    """The message names the site and where to look."""
    with a_metrics_site(26900, valkey_runs=False) as stopped:
        code, out, err = jietong(stopped, "status")
        assert (code, out) == (1, "")
        assert f"the site in {stopped.var} does not answer" in err and "Traceback" not in err

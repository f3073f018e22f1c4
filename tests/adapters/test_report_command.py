"""`jietong report` on a real database: what the records process wrote, in each format, and what is refused."""

import csv
import io
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, select, text

from ivr.adapters.service_tables import ratings
from jietong.database import migrate, open_engine, sqlite_url, writing
from jietong.processes.records import folds_of
from jietong.processes.report import ReportRefused, show_report, span_of
from jietong.running import Ports, RunningSite
from jietong.site import Site
from metrics.adapters.work_tables import agent_time, unanswered_offers
from metrics.spans import Kind
from probing.adapters.results import keep
from probing.statistics import ProbeResult
from probing.words import Condition, Reason, Result
from routing.adapters.journal import id_of
from routing.adapters.journal_reader import JournalEntry
from routing.adapters.records import RecordsWriter
from routing.events import Tick
from routing.facts import AgentState, CallRecord, Fact, Outcome
from tests.builders_facts import agent_changed, closed, record

SITE = Site.model_validate({
    "hotline": {"number": "10010", "timezone": "UTC"},
    "trunks": [{"name": "carrier", "match": ["127.0.0.1"]}],
})  # fmt: skip
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
AT = YESTERDAY.timestamp()
FACTS: list[Fact] = [
    agent_changed(AT - 600, state=AgentState.READY),
    agent_changed(AT, state=AgentState.RINGING),
    closed(AT + 8, "no_answer", call="a"),
    agent_changed(AT + 8, state=AgentState.MISSED),
    agent_changed(AT + 60, state=AgentState.READY),
    record(AT + 30, Outcome.ABANDONED, call="a", reason="waiting", wait_s=25.0),
    closed(AT + 100, "answered", call="b"),
    agent_changed(AT + 100, state=AgentState.TALKING),
    replace(record(AT + 160, Outcome.ANSWERED, call="b", wait_s=5.0, queued_at=AT + 95), talk_s=60.0, wrap_up_s=10.0),
    replace(record(AT + 200, Outcome.ANSWERED, call="p", wait_s=5.0, queued_at=AT + 150), is_probe=True),
    record(AT + 300, Outcome.MENU, call="m"),
    replace(record(AT + 400, Outcome.ANSWERED, call="b", wait_s=2.0, queued_at=AT + 170), segment=2, agent="1002"),
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database with yesterday's calls, as the records process writes them."""
    migrate(database_url)
    engine = open_engine(database_url)
    writer = RecordsWriter(writing(engine), others=folds_of(SITE))
    entries = [JournalEntry(id_of((1000 + n, 0)), Tick(fact.at), (fact,), 1.0) for n, fact in enumerate(FACTS)]
    writer.write(entries[:5])
    writer.write(entries[3:])  # read again from before: nothing counts twice
    with engine.begin() as connection:
        row = {"call": "b", "agent": "1001", "queue": "hotline", "tier": "ordinary", "rating": 5, "at": AT + 170}
        connection.execute(insert(ratings), row)
    heard = ProbeResult(AT + 500, "probe", Condition.RANDOM, Result.FAILED, Reason.NO_PERSON, "waited 60 s", "p", None)
    keep(engine, heard)
    yield engine
    engine.dispose()


@pytest.fixture
def var(engine: Engine, database_url: str, tmp_path: Path) -> Path:
    """The site's folder."""
    a_site(tmp_path, database_url)
    return tmp_path


def a_site(var: Path, database_url: str) -> None:
    RunningSite(
        var=var, site=SITE, ports=Ports.of(SITE.network, 20000), store_url="redis://127.0.0.1:1", database_url=database_url,
        ami_user="u", ami_secret="s", seat_passwords={}, agent_pins={}, asterisk_argv=("asterisk",), socket_dir=var,
    ).save()  # fmt: skip


def figures(text_of_csv: str) -> dict[tuple[str, str, str], str]:
    """(section, line, figure) -> value."""
    rows = csv.DictReader(io.StringIO(text_of_csv.lstrip("\ufeff")))
    return {(row["section"], row["line"], row["figure"]): row["value"] for row in rows}


def test_yesterdays_report_tells_what_was_recorded(var: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three offered (one of them a transferred segment), two answered; the test call and the menu call are in no rate."""
    day = f"{YESTERDAY:%Y-%m-%d}"
    assert show_report(var, "day", day, "csv", None) == 0
    found = figures(capsys.readouterr().out)
    expected = {
        ("all", day, "offered"): "3",
        ("all", day, "answered"): "2",
        ("all", day, "abandoned"): "1",
        ("all", day, "wrap_up_s"): "10.0",
        ("peak hour", f"{day}T09", "offered"): "3",
        ("menu", "caller", "calls"): "1",
        ("test call", "1", "condition"): "random",
        ("test call", "1", "result"): "failed",
        ("test call", "1", "remark"): "no_person: waited 60 s",
        ("agent", "1001", "answered"): "1",
        ("agent", "1001", "missed"): "1",
        ("agent", "1001", "offers"): "2",
        ("agent", "1001", "rating"): "5.0",
        ("agent", "1001", "at_work_s"): "648.0",
        ("agent", "1001", "not_ready_s"): "52.0",
    }
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize("kind", ["day", "week", "month", "year"])
@pytest.mark.parametrize("form", ["html", "text"])
def test_every_report_is_written_whole_to_its_file(var: Path, kind: str, form: str) -> None:
    """A page of each length and format; nothing else is left in the folder."""
    out = var / "out"
    out.mkdir()
    assert show_report(var, kind, f"{YESTERDAY:%Y-%m-%d}", form, out / "page") == 0
    assert "10010" in (out / "page").read_text(encoding="utf-8")
    assert [path.name for path in out.iterdir()] == ["page"]


def test_agents_time_is_cut_into_half_hours(engine: Engine) -> None:
    """Ten minutes before nine and what came after are in two rows; one ring in vain is one row."""
    with engine.connect() as connection:
        rows = connection.execute(select(agent_time).order_by(agent_time.c.slot_at)).all()
        offers = connection.execute(select(unanswered_offers.c.call, unanswered_offers.c.result)).all()
    assert [(row.slot_at - AT, row.ready_s, row.ringing_s, row.missed_s) for row in rows] == [
        (-1800.0, 600.0, 0.0, 0.0),
        (0.0, 40.0, 8.0, 52.0),
    ]
    assert offers == [("a", "no_answer")]


def test_a_half_migrated_database_is_refused_with_the_way_out(
    var: Path, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """An upgrade that stopped half-way: one line, no traceback, nothing reckoned from half the tables."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    assert show_report(var, "day", "", "text", None) == 1
    told = capsys.readouterr()
    assert "revision 0003" in told.err and "jietong up" in told.err and told.out == ""


def test_an_empty_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A database that was never set up."""
    a_site(tmp_path, sqlite_url(tmp_path / "none.db"))
    assert show_report(tmp_path, "day", "", "text", None) == 1
    assert "revision none" in capsys.readouterr().err


NOW = datetime(2026, 11, 27, 14, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("kind", "which", "name"),
    [("day", "", "2026-11-27"), ("day", "last", "2026-11-26"), ("week", "last", "2026-W47"), ("month", "last", "2026-10"),
     ("year", "last", "2025"), ("month", "2026-02-28", "2026-02"), ("week", "2026-11-27", "2026-W48")],
)  # fmt: skip
def test_a_report_is_named_by_any_date_in_it(kind: str, which: str, name: str) -> None:
    """Nothing: the present one; `last`: the one before."""
    assert span_of(Kind(kind), which, NOW, ZoneInfo("UTC")).name == name


@pytest.mark.parametrize(
    ("which", "words"),
    [("2026-11-28", "has not begun"), ("2099-01-01", "has not begun"), ("yesterday", "no date"), ("2026-02-30", "no date"),
     ("0001-01-01", "no date"), ("9999-12-31", "no date")],
)  # fmt: skip
def test_a_report_of_the_future_or_of_no_date_is_refused(which: str, words: str) -> None:
    """Said in one line, with what to write instead."""
    with pytest.raises(ReportRefused, match=words):
        span_of(Kind.DAY, which, NOW, ZoneInfo("UTC"))


def test_a_call_of_the_future_is_in_no_report(var: Path, engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    """A record from a clock that ran ahead waits until its time has come."""
    ahead = record(time.time() + 3600, Outcome.ANSWERED, call="z", queued_at=time.time() + 1800)
    assert isinstance(ahead, CallRecord)
    RecordsWriter(writing(engine)).write([JournalEntry(id_of((2000, 0)), Tick(ahead.at), (ahead,), 1.0)])
    assert show_report(var, "day", "", "csv", None) == 0
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    assert figures(capsys.readouterr().out)["all", day, "offered"] == "0"

"""What an operator has of past days is read in each format, with its defects told."""

import gzip
import json
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from jietong import cli
from jietong.bank_log import COLUMNS
from jietong.history_file import HistoryFileError, Past, read_history, without_today
from jietong.records_sink import records_to
from jietong.running import NoRunningSite
from planning.history import HistoryError
from planning.past_calls import handling_of
from routing.facts import CallRecord, Outcome

ZONE = ZoneInfo("Asia/Jerusalem")
DAY = date(1999, 2, 1)
# vru_entry vru_exit vru_time q_start q_exit q_time outcome ser_start ser_exit ser_time server
ROWS = """
1 0 PS 990201 8:00:00 8:00:10 10 0:00:00 0:00:00 0 AGENT 8:00:09 8:02:09 120 A01
2 2 PS 990201 8:10:00 8:10:10 10 8:10:10 8:10:40 30 AGENT 8:10:39 8:11:39 60 A02
3 1 NE 990201 8:20:00 8:20:10 10 8:20:10 8:21:10 60 HANG 0:00:00 0:00:00 0 NO_SERVER
4 0 PS 990201 8:21:00 8:21:10 10 0:00:00 0:00:00 0 HANG 0:00:00 0:00:00 0 NO_SERVER
5 0 NW 990201 8:22:00 8:22:10 10 8:22:10 8:22:20 10 PHANTOM 8:22:20 8:22:30 10 NO_SERVER
6 2 PS 990201 23:59:50 23:59:58 8 23:59:58 0:00:30 32 AGENT 0:00:30 0:01:30 60 NO_SERVER
7 0 PS 990201 8:15:00 8:15:10 10 0:00:00 0:00:00 0 AGENT 0:00:00 0:00:00 0 A02
8 1 PS 990202 8:30:00 8:30:10 10 8:30:10 8:30:15 5 HANG 8:30:15 8:31:00 45 NO_SERVER
"""
LOG = "\t".join(COLUMNS) + "\n" + "\n".join("L1\t" + row.replace(" ", "\t") for row in ROWS.strip().splitlines()) + "\n"
RECORDS = [
    {"tier": "vip", "queued_at": 1_770_000_000.0, "wait_s": 3.0, "talk_s": 60.0, "outcome": "answered", "segment": 1, "agent": "1001"},
    {"tier": "vip", "queued_at": 1_770_000_050.0, "wait_s": 3.0, "talk_s": 9.0, "outcome": "answered", "segment": 2, "agent": "1002"},
    {"tier": "ordinary", "queued_at": 1_770_000_100.0, "wait_s": 40.0, "talk_s": 0.0, "outcome": "abandoned", "segment": 1, "agent": ""},
    {"tier": "", "queued_at": None, "wait_s": 0.0, "talk_s": 0.0, "outcome": "menu", "segment": 1, "agent": ""},
]  # fmt: skip


def read(folder: Path, content: str | bytes, name: str = "history") -> Past:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_history(file, ZONE)


def test_a_log_with_its_defects(tmp_path: Path) -> None:
    """Of eight lines five asked for a person; what was left out, mended or sorted is told line kind by line kind."""
    past = read(tmp_path, LOG)
    assert [call.number for call in past.log] == [1, 2, 7, 3, 6, 8]
    assert [call.talk_s for call in past.log] == [120, 60, 0, None, 60, None]
    assert [call.wait_s for call in past.log] == [0, 30, 0, 60, 32, 5]
    told = "\n".join(past.notes)
    for words in (
        "1 phantom calls", "1 callers who hung up in the menu", "1 calls out of order", "1 calls over midnight",
        "1 callers who hung up and have a talk time", "1 answered calls without a talk time", "2 calls whose class was not recorded",
    ):  # fmt: skip
        assert words in told
    counts = past.counts[""]
    assert sum(counts.days[DAY]) == 5 and counts.days[DAY][8 * 12 + 4] == 1


def test_the_same_log_packed(tmp_path: Path) -> None:
    """A file packed by gzip is read as it is."""
    assert len(read(tmp_path, gzip.compress(LOG.encode()), "log.gz").log) == 6


def test_counts(tmp_path: Path) -> None:
    """Lines of time and count; a day with half its slots is left out and told."""
    lines = [
        f"2026-03-0{day} {hour:02d}:{minute:02d},{hour}"
        for day in (2, 3, 4)
        for hour in range(8, 18)
        for minute in (0, 15, 30, 45)
    ]
    past = read(tmp_path, "DateTime,Calls\n" + "\n".join(lines[:-20]) + "\n")
    assert list(past.counts[""].days) == [date(2026, 3, 2), date(2026, 3, 3)]
    assert past.counts[""].slot_s == 900 and past.counts[""].days[date(2026, 3, 2)][36] == 9
    assert "2026-03-04 has 20 of 40 slots: left out" in past.notes[0]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_call_records(tmp_path: Path, form: str) -> None:
    """Records of a live or simulated site: by tier; menus and further segments do not count."""
    if form == "json":
        past = read(tmp_path, json.dumps(RECORDS))
    else:
        keys = list(RECORDS[0])
        past = read(
            tmp_path,
            "\n".join(
                [
                    ",".join(keys),
                    *(",".join("" if row[key] is None else str(row[key]) for key in keys) for row in RECORDS),
                ]
            ),
        )
    assert set(past.counts) == {"vip", "ordinary"}
    assert [(call.tier, call.talk_s, call.agent) for call in past.calls] == [
        ("vip", 60, "1001"),
        ("ordinary", None, ""),
    ]
    assert sorted(past.notes)[0].endswith("1 calls that ended as menu, left out")


def test_a_database_of_records(tmp_path: Path) -> None:
    """The database that a site or the simulator writes: after-call work and ringing are known, test calls of ours do not count."""
    made = records_from(
        tmp_path / "records.db",
        [(0.0, 60.0, 5.0, 12.0, False), (100.0, 80.0, 4.0, None, False), (200.0, 9.0, 1.0, 1.0, True)],
    )
    past = read_history(made, ZONE)
    assert [(call.talk_s, call.ring_s, call.wrap_up_s) for call in past.calls] == [(60.0, 5.0, 12.0), (80.0, 4.0, None)]
    assert past.notes[0].endswith("1 test calls of ours, left out")
    known = handling_of(past.calls)["ordinary"]
    assert (known.talk_s, known.ring_s, known.wrap_up_s) == (70.0, 4.5, 12.0)


def test_a_day_that_is_not_over(tmp_path: Path) -> None:
    """At noon half of today's calls are there: they are left out and told, and the day to plan is tomorrow; with today only there is nothing to learn from."""
    made = records_from(
        tmp_path / "records.db", [(86_400.0 * day + 40_000, 60.0, 5.0, 12.0, False) for day in range(100, 103)]
    )
    whole, today = read_history(made, ZONE), date(1970, 4, 13)
    past = without_today(whole, today, ZONE)
    assert len(past.calls) == 2 and past.next_day == date(1970, 4, 14)
    assert past.notes[-1] == "1970-04-13 is not over: its 1 calls are left out"
    with pytest.raises(HistoryError, match="before today"):
        without_today(whole, date(1970, 4, 11), ZONE)


def test_a_folder_that_is_no_site(tmp_path: Path) -> None:
    """A folder without a site in it: the answer says how to name one."""
    with pytest.raises(NoRunningSite):
        read_history(tmp_path, ZONE)


def records_from(file: Path, calls: list[tuple[float, float, float, float | None, bool]]) -> Path:
    """A database of answered calls: (entered, talk, ring, after-call work, test call)."""
    with records_to(file) as write:
        assert write is not None
        for number, (at, talk_s, ring_s, wrap_up_s, is_probe) in enumerate(calls):
            write(
                CallRecord(
                    at + 99, f"c{number}", "", "calls", "ordinary", "", "", "1001", "1001", at, at, at + 9, at + 99, 9.0, talk_s,
                    Outcome.ANSWERED, "caller", True, 1, ring_s=ring_s, wrap_up_s=wrap_up_s, is_probe=is_probe,
                )
            )  # fmt: skip
    return file


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "is none of counts"),
        ("hello", "is none of counts"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
        (b"\x1f\x8b\x08broken", "history: "),
        ("[]", "holds no call that asked for a person"),
        ("[1]", "must be a list of call records"),
        ("[{", "no JSON"),
        ('[{"outcome": "answered"}]', "history:1: no call record: 'wait_s'"),
        ("DateTime,Calls\n", "holds no counts of two times"),
        ("DateTime,Calls\n2026-03-02 08:00,5\n2026-03-02 08:00,5\n", "history:3: 2026-03-02 08:00 is there twice"),
        ("DateTime,Calls\n2026-03-02 08:00,-5\n2026-03-02 08:05,nan\n", "history:2: -5 calls: a count is 0 or more"),
        ("DateTime,Calls\nsoon,5\n2026-03-02 08:00,5\n", "history:2: Invalid isoformat string"),
        ("DateTime,Calls\n2026-03-02 08:00,5\n2026-03-02 08:07,5\n2026-03-02 08:21,5\n", "is not on a grid"),
        ("line\tcall_id\n", "missing columns: priority"),
        (LOG.replace("AGENT", "LATER"), "history:2: outcome 'LATER'"),
        ("\t".join(COLUMNS) + "\n", "holds no call that asked for a person"),
    ],
)
def test_files_that_tell_nothing(tmp_path: Path, content: str | bytes, text: str) -> None:
    """Another format, nonsense, an empty history: refused with place and reason."""
    with pytest.raises(HistoryFileError) as refused:
        read(tmp_path, content)
    assert text in str(refused.value)


def test_a_supervisor_forecasts_and_tests_it(tmp_path: Path) -> None:
    """Four weeks of counts: tomorrow's calls as a table, as counts for the next tool and as a picture; the back-test prints its measures."""
    lines = [
        f"2026-0{3 + number // 31}-{number % 31 + 1:02d} {hour:02d}:{minute:02d},{40 + hour + number % 7}"
        for number in range(44) for hour in range(8, 18) for minute in (0, 30)
    ]  # fmt: skip
    history, out, picture = tmp_path / "counts.csv", tmp_path / "out.csv", tmp_path / "day.svg"
    history.write_text("DateTime,Calls\n" + "\n".join(lines), encoding="utf-8")
    asked = ["forecast", "--history", str(history), "--holidays", ""]
    said = CliRunner().invoke(cli.app, [*asked, "--days", "2", "--out", str(out), "--plot", str(picture)])
    assert said.exit_code == 0 and "2026-04-14" in said.stdout
    assert sum(read_history(out, ZONE).counts[""].days[date(2026, 4, 14)]) == pytest.approx(1100, rel=0.05)
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    tested = CliRunner().invoke(cli.app, [*asked, "--backtest", "--json"])
    assert tested.exit_code == 0 and json.loads(tested.stdout)["1"]["days"] == 16


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--history", "absent.csv"], "absent.csv: no such file"),
        (["--holidays", "XX"], "--holidays is 'XX'"),
        (["--day", "soon"], "--day is 'soon'"),
        (["--days", "0"], "--days is 0"),
        (["--backtest", "--since", "2030-01-01"], "no day can be tested"),
    ],
)
def test_a_supervisor_asks_for_what_is_not(tmp_path: Path, arguments: list[str], text: str) -> None:
    """One line that names it, exit code 2."""
    history = tmp_path / "counts.csv"
    lines = [f"2026-03-{day:02d} {hour:02d}:00,9" for day in range(1, 9) for hour in range(24)]
    history.write_text("DateTime,Calls\n" + "\n".join(lines), encoding="utf-8")
    said = CliRunner().invoke(cli.app, ["forecast", "--history", str(history), *arguments])
    assert said.exit_code == 2
    assert text in said.stderr and len(said.stderr.strip().splitlines()) == 1

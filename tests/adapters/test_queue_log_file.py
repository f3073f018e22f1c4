"""The queue_log in table and file: every line once, whatever dies, moves or is damaged meanwhile."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from jietong.database import migrate, open_engine, sqlite_url, writing
from jietong.masking import mask_number
from metrics.adapters import queue_log_file
from metrics.adapters.queue_log_file import QueueLogFile
from metrics.adapters.work_tables import queue_log, queue_log_open
from routing.adapters.journal import id_of
from routing.adapters.journal_reader import JournalEntry
from routing.adapters.records import RecordsWriter
from routing.events import Tick
from routing.facts import Fact, Outcome
from tests.adapters.test_report_command import SITE, folds_of
from tests.builders_facts import agent_changed, answered, offered, record

T = 1764000000.0


def write(engine: Engine, first: int, *facts: Fact) -> None:
    """A batch of journal entries from number `first` on, by a records process that has just started."""
    entries = [JournalEntry(id_of((first + n, 0)), Tick(fact.at), (fact,), 1.0) for n, fact in enumerate(facts)]
    RecordsWriter(writing(engine), others=folds_of(SITE)).write(entries)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database."""
    migrate(database_url)
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Engine]:
    """A SQLite database with three calls that gave up."""
    url = sqlite_url(tmp_path / "small.db")
    migrate(url)
    engine = open_engine(url)
    for number in range(3):
        call = f"c{number}"
        left = record(T + number + 0.5, Outcome.ABANDONED, call, "waiting", 0.5, queued_at=T + number)
        write(engine, 1000 + 2 * number, offered(T + number, call), left)
    yield engine
    engine.dispose()


def test_lines_are_in_the_table_once_and_open_calls_live_on(engine: Engine) -> None:
    """A records process that dies in a call writes the rest of its lines when it is back; entries read again write none."""
    talk = replace(record(T + 65, Outcome.ANSWERED, wait_s=5.0, queued_at=T), talk_s=60.0)
    write(engine, 1000, agent_changed(T - 9), offered(T))
    write(engine, 1001, offered(T), answered(T + 5))
    write(engine, 1002, answered(T + 5), talk)
    with engine.connect() as connection:
        rows = connection.execute(select(queue_log).order_by(queue_log.c.id)).all()
        assert connection.execute(select(queue_log_open)).all() == []
    assert [(row.id, row.event, row.data1, row.data2, row.data3) for row in rows] == [
        (1, "ADDMEMBER", "", "", ""),
        (2, "ENTERQUEUE", "", "13912345678", "1"),
        (3, "CONNECT", "5", "", "0"),
        (4, "COMPLETECALLER", "5", "60", "1"),
    ]
    assert rows[1].time == "2025-11-24 16:00:00.000000"


def written(engine: Engine, path: Path, **choices: object) -> list[str]:
    """What the file holds after one more look at the table."""
    QueueLogFile(engine, path, mask_number, **choices).write_some()  # type: ignore[arg-type]
    return path.read_text(encoding="utf-8").splitlines()


def test_the_file_follows_the_table(small: Engine, tmp_path: Path) -> None:
    """Callers are masked; a second look adds nothing, a new call adds its lines."""
    path = tmp_path / "queue_log"
    lines = written(small, path)
    assert lines[:2] == [
        "1764000000|c0|hotline|NONE|ENTERQUEUE||139****5678|1",
        "1764000000|c0|hotline|NONE|ABANDON|1|1|0",
    ]
    assert len(lines) == 6 and written(small, path) == lines
    write(small, 2000, offered(T + 9, "d"))
    assert written(small, path) == [*lines, "1764000009|d|hotline|NONE|ENTERQUEUE||139****5678|1"]


def test_what_a_death_left_behind_is_written_again(small: Engine, tmp_path: Path) -> None:
    """Killed after half of the new lines and before its mark: they are cut off, and each is there once."""
    path = tmp_path / "queue_log"
    lines = written(small, path)
    write(small, 2000, offered(T + 9, "d"))
    with path.open("a", encoding="utf-8") as file:
        file.write("1764000009|d|hot")
    assert written(small, path) == [*lines, "1764000009|d|hotline|NONE|ENTERQUEUE||139****5678|1"]


def test_a_file_that_was_moved_away_is_begun_anew(small: Engine, tmp_path: Path) -> None:
    """An operator's own rotation: the old file keeps its lines, the new one has what comes after."""
    path = tmp_path / "queue_log"
    written(small, path)
    path.rename(tmp_path / "queue_log.yesterday")
    write(small, 2000, offered(T + 9, "d"))
    assert len(written(small, path)) == 1


def test_a_full_file_turns_over(small: Engine, tmp_path: Path) -> None:
    """It never grows beyond its bound by more than one batch, and three older ones stay."""
    path = tmp_path / "queue_log"
    for number in range(6):
        written(small, path, turn_over_bytes=10)
        write(small, 2000 + number, offered(T + 9 + number, f"d{number}"))
    names = sorted(p.name for p in tmp_path.glob("queue_log*"))
    assert names == ["queue_log", "queue_log.1", "queue_log.2", "queue_log.3", "queue_log.mark"]
    assert path.read_text(encoding="utf-8").startswith("1764000013|d4|")


def test_a_damaged_mark_loses_no_line(small: Engine, tmp_path: Path) -> None:
    """The file is written anew from the table."""
    path = tmp_path / "queue_log"
    lines = written(small, path)
    (tmp_path / "queue_log.mark").write_text("{", encoding="ascii")
    assert written(small, path) == lines


def test_it_goes_on_by_itself_until_told_to_stop(
    small: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the records process: a thread that writes more than one batch, and ends at once."""
    monkeypatch.setattr(queue_log_file, "LINES", 2)
    path, stop = tmp_path / "queue_log", threading.Event()
    seen = threading.Event()

    def mask(number: str) -> str:
        if path.exists() and path.stat().st_size > 100:
            seen.set()
        return number

    thread = threading.Thread(target=QueueLogFile(small, path, mask).follow, args=(stop,))
    thread.start()
    assert seen.wait(20)
    stop.set()
    thread.join(20)
    assert not thread.is_alive() and path.read_text(encoding="utf-8").count("13912345678") >= 2

"""What is too old goes, and nothing else: records, their histories, messages with their audio."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, select

from jietong.database import migrate, open_engine, sqlite_url, writing
from routing.adapters import pruning
from routing.adapters.pruning import DAY_S, Kept, prune
from routing.adapters.records import RecordsWriter
from routing.adapters.tables import call_history, call_records, messages
from routing.facts import CallEntered, MessageTaken
from tests.adapters.test_records import RecordsProcess, a_record, a_site, an_entry, until
from tests.adapters.valkey_server import a_valkey

NOW = time.time()
AGES = (0, 10, 100, 400, 5000)


def call_of(days: int) -> str:
    """The id of a call that many days ago."""
    return f"{int(NOW - days * DAY_S)}.{days}"


@pytest.fixture
def engine(tmp_path: Path, database_url: str) -> Iterator[Engine]:
    """Five calls of several ages, each with a history and a message."""
    migrate(database_url)
    engine = writing(open_engine(database_url))
    (tmp_path / "messages").mkdir()
    for number, days in enumerate(reversed(AGES)):
        at, call = NOW - days * DAY_S, call_of(days)
        facts = (
            CallEntered(at, call, "139"),
            MessageTaken(at, call, "139", "hotline", "vip", f"{call}.wav", 2.0),
            a_record(call, ended_at=at),
        )
        RecordsWriter(engine).write([an_entry(number, *facts)])
        audio = tmp_path / "messages" / f"{call}.wav"
        audio.touch()
        os.utime(audio, (at, at))
    yield engine
    engine.dispose()


def pruned(engine: Engine, tmp_path: Path, kept: Kept) -> int:
    """Rows that went."""
    return sum(prune(engine, tmp_path / "messages", kept, Event()))


def left(engine: Engine, tmp_path: Path) -> dict[str, list[int]]:
    """Ages of what is there."""
    with engine.connect() as connection:
        found = {
            table.name: {call.partition(".")[2] for call in connection.scalars(select(table.c.call))}
            for table in (call_records, call_history, messages)
        }
    found["audio"] = {path.stem.partition(".")[2] for path in (tmp_path / "messages").iterdir()}
    return {name: sorted(map(int, ages)) for name, ages in found.items()}


@pytest.mark.parametrize(
    ("kept", "records", "histories", "voices"),
    [
        (Kept(None, 90, 180), [*AGES], [0, 10], [0, 10, 100]),
        (Kept(365, 90, 180), [0, 10, 100], [0, 10], [0, 10, 100]),
        (Kept(1, 90, 180), [0], [0], [0, 10, 100]),
        (Kept(None, 36_500, 36_500), [*AGES], [*AGES], [*AGES]),
        (Kept(None, 36_500, 1), [*AGES], [*AGES], [0]),
    ],
)
def test_each_kind_is_kept_for_its_time(
    engine: Engine, tmp_path: Path, kept: Kept, records: list[int], histories: list[int], voices: list[int]
) -> None:
    """Nothing younger goes, nothing older stays; doing it again changes nothing."""
    gone = pruned(engine, tmp_path, kept)
    assert left(engine, tmp_path) == {
        "call_records": records,
        "call_history": histories,
        "messages": voices,
        "audio": voices,
    }
    assert gone == (5 - len(records)) + 3 * (5 - len(histories)) + (5 - len(voices))
    assert pruned(engine, tmp_path, kept) == 0


def test_many_rows_go_in_small_transactions(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer of records gets its turn in between."""
    monkeypatch.setattr(pruning, "ROWS", 2)
    monkeypatch.setattr(pruning, "PAUSE_S", 0)
    assert list(prune(engine, tmp_path / "messages", Kept(None, 90, 1), Event())) == [2, 2, 2, 2, 1, 2, 2, 0]


def test_a_clock_that_runs_ahead_deletes_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's clock is set to the wrong year at night: in the morning everything is there."""
    monkeypatch.setattr(time, "time", lambda: NOW + 20 * 365 * DAY_S)
    pruned(engine, tmp_path, Kept(6000, 6000, 6000))
    assert set(map(tuple, left(engine, tmp_path).values())) == {AGES}


def test_a_site_without_calls_is_left_alone(tmp_path: Path) -> None:
    """The first hour of a new site."""
    url = sqlite_url(tmp_path / "empty.db")
    migrate(url)
    engine = open_engine(url)
    assert pruned(engine, tmp_path, Kept(1, 1, 1)) == 0
    engine.dispose()


def test_a_database_that_is_away_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting is never a reason to end the process that writes records."""
    engine = open_engine(sqlite_url(tmp_path / "unmigrated.db"))
    stop, tries = Event(), []
    monkeypatch.setattr(stop, "wait", lambda _: tries.append(1) or len(tries) == 2)
    pruning.prune_on(engine, tmp_path, Kept(1, 1, 1), stop)
    assert len(tries) == 2
    engine.dispose()


def test_the_process_of_the_records_prunes_by_the_site_file(engine: Engine, tmp_path: Path, database_url: str) -> None:
    """Nobody has to think of it: what the site file leaves out is kept as its page says."""
    with a_valkey() as server:
        a_site(tmp_path, server.url, database_url)
        with RecordsProcess(tmp_path) as process:
            until(lambda: left(engine, tmp_path)["messages"] == [0, 10, 100])
            code, log, _ = process.end(signal.SIGTERM)
    assert code == 0
    assert "deleted what was older" in log
    assert left(engine, tmp_path)["call_records"] == [*AGES]
    assert left(engine, tmp_path)["call_history"] == [0, 10]

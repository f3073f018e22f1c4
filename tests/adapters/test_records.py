"""Call records and histories: each call once, whatever dies in between, and never a position without its rows."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text

from jietong.database import POSTGRESQL, migrate, open_engine, sqlite_url, writing
from jietong.running import Ports, RunningSite
from jietong.site import Site
from routing.adapters.journal import JournalWriter, id_of
from routing.adapters.journal_reader import JournalEntry
from routing.adapters.records import DatabaseAway, RecordsWriter, history_of, recent_calls, record_of_call
from routing.adapters.records_fold import fold_journal
from routing.adapters.tables import call_history, call_records
from routing.events import CallEnded, Tick
from routing.facts import (
    AgentChanged,
    AgentState,
    CallEntered,
    CallOffered,
    CallRecord,
    Decision,
    Fact,
    Outcome,
    PassedOver,
    WrappedUp,
)
from tests.adapters.valkey_server import PREFIX, ValkeyServer, a_valkey


def a_record(call: str, ended_at: float = 30.0, caller: str = "13900000001", offers: int = 1) -> CallRecord:
    """A call that was answered."""
    return CallRecord(
        ended_at, call, caller, "hotline", "vip", "", "zh-CN", "1901", "1901", 1.0, 2.0, 5.0, ended_at, 3.0, 25.0,
        Outcome.ANSWERED, "caller", True, offers,
    )  # fmt: skip


def an_entry(n: int, *facts: Fact) -> JournalEntry:
    """The journal's `n`th entry."""
    return JournalEntry(id_of((1000 + n, 0)), Tick(float(n)), facts, 5.0)


def a_call(n: int) -> list[JournalEntry]:
    """Two entries of one finished call."""
    call = f"1.{n}"
    return [
        an_entry(
            2 * n, CallEntered(1.0, call, "139"), AgentChanged(1.0, "1901", "1901", AgentState.READY, "", True, ())
        ),
        an_entry(2 * n + 1, a_record(call, ended_at=100.0 + n)),
    ]


@pytest.fixture
def url(database_url: str) -> str:
    """A migrated database."""
    migrate(database_url)
    return database_url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An open database."""
    engine = open_engine(url)
    yield writing(engine)
    engine.dispose()


def counts(engine: Engine) -> tuple[int, int]:
    """Rows of records and histories."""
    with engine.connect() as connection:
        records = connection.scalar(select(func.count()).select_from(call_records))
        lines = connection.scalar(select(func.count()).select_from(call_history))
    return records or 0, lines or 0


def until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    """Waits for `condition`."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def test_a_call_is_kept_with_all_that_was_decided_about_it(engine: Engine) -> None:
    """Who asks why a caller waited finds each fact about the call, in order, and its record."""
    decision = Decision(3.0, "1.1", "1901", "1901", "dedicated", 1.0, 9.0, (PassedOver("ordinary", "not needed"),))
    record = a_record("1.1")
    facts: list[Fact] = [
        CallEntered(1.0, "1.1", "13900000001"),
        CallOffered(2.0, "1.1", "13900000001", "hotline", "vip", "", "zh-CN", 2.0),
        decision,
    ]
    writer = RecordsWriter(engine)
    assert writer.position() == "0-0"
    assert writer.write([an_entry(1, *facts), an_entry(2, record), an_entry(3)]) == 3
    assert writer.position() == "1003-0"
    assert record_of_call(engine, "1.1") == record
    assert record_of_call(engine, "1.2") is None
    lines = history_of(engine, "1.1")
    assert [(line.seq, line.kind) for line in lines] == [
        (1, "CallEntered"),
        (2, "CallOffered"),
        (3, "Decision"),
        (4, "CallRecord"),
    ]
    assert lines[2].detail["passed_over"] == [
        {"who": "ordinary", "why": "not needed", "count": 0, "call": "", "left_s": None}
    ]
    assert history_of(engine, "1.2") == []


def test_after_call_work_joins_its_record(engine: Engine) -> None:
    """The agent is done after the row is written, once; a segment of another call keeps its own."""
    writer = RecordsWriter(engine)
    writer.write([an_entry(1, a_record("1.1")), an_entry(2, a_record("1.2"))])
    writer.write([an_entry(3, WrappedUp(40.0, "1.1", 1, "1901", 10.0), WrappedUp(41.0, "1.9", 1, "1901", 3.0))])
    writer.write([an_entry(4, WrappedUp(90.0, "1.1", 1, "1901", 60.0))])
    found = {record.call: record.wrap_up_s for record in recent_calls(engine, 9)}
    assert found == {"1.1": 10.0, "1.2": None}


def test_the_last_calls_come_oldest_first(engine: Engine) -> None:
    """`jietong calls` ends with the call that ended last."""
    RecordsWriter(engine).write([entry for n in range(5) for entry in a_call(n)])
    assert [record.call for record in recent_calls(engine, 3)] == ["1.2", "1.3", "1.4"]
    assert recent_calls(engine, 0) == []


@pytest.mark.parametrize("again", [slice(0, 4), slice(2, 4), slice(0, 8), slice(3, 8)])
def test_a_batch_read_again_changes_nothing(engine: Engine, again: slice) -> None:
    """A reader that starts before its position records each call once all the same."""
    entries = [entry for n in range(4) for entry in a_call(n)]
    RecordsWriter(engine).write(entries[:4])
    RecordsWriter(engine).write(entries[again])
    RecordsWriter(engine).write(entries)
    assert counts(engine) == (4, 8)
    assert [line.seq for line in history_of(engine, "1.2")] == [1, 2]
    assert RecordsWriter(engine).position() == entries[-1].id


def test_a_history_goes_on_over_batches(engine: Engine) -> None:
    """Facts of one call that come hours apart are numbered on."""
    writer = RecordsWriter(engine)
    for n in range(3):
        writer.write([an_entry(n, CallEntered(float(n), "1.1", "139"), CallEntered(float(n), "1.2", "139"))])
    assert [line.seq for line in history_of(engine, "1.1")] == [1, 2, 3]


def test_a_crash_before_the_commit_leaves_nothing(engine: Engine) -> None:
    """When the machine stops at the last moment neither rows nor position are there, and the next try writes both."""

    def crash(_: Any) -> None:
        raise KeyboardInterrupt

    event.listen(engine, "commit", crash)
    with pytest.raises(KeyboardInterrupt):
        RecordsWriter(engine).write(a_call(1))
    event.remove(engine, "commit", crash)
    assert counts(engine) == (0, 0)
    assert RecordsWriter(engine).position() == "0-0"
    assert RecordsWriter(engine).write(a_call(1)) == 2
    assert counts(engine) == (1, 2)


def test_a_second_record_of_a_call_is_left_out(engine: Engine) -> None:
    """A call has exactly one outcome: the first stands, in one batch or in two, and nothing gets stuck."""
    writer = RecordsWriter(engine)
    writer.write([an_entry(1, a_record("1.1", 10.0)), an_entry(2, a_record("1.1", 20.0))])
    writer.write([an_entry(3, a_record("1.1", 30.0)), an_entry(4, a_record("1.2", 40.0))])
    assert [record.ended_at for record in recent_calls(engine, 9)] == [10.0, 40.0]
    assert writer.position() == "1004-0"


def test_an_entry_that_no_database_takes_does_not_stop_the_rest(engine: Engine) -> None:
    """One impossible entry is left out and said; all others are recorded."""
    entries = [*a_call(1), an_entry(5, a_record("bad", offers=2**70)), *a_call(3)]
    assert RecordsWriter(engine).write(entries) == 5
    assert [record.call for record in recent_calls(engine, 9)] == ["1.1", "1.3"]


@pytest.mark.parametrize("caller", ["", "'; DROP TABLE call_records; --", "接" * 4096, "a\nb\r\t\x00\x07", "${EXTEN}"])
def test_any_caller_id_is_kept(engine: Engine, caller: str) -> None:
    """A hostile caller id is recorded as text and does nothing else."""
    RecordsWriter(engine).write([an_entry(1, a_record("1.1", caller=caller))])
    assert [record.caller for record in recent_calls(engine, 9)] == [caller.replace("\x00", "\ufffd")]


def test_a_locked_database_is_away_not_broken(engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program holds the database nothing is lost: the same entries are written later."""
    monkeypatch.setattr("jietong.database.BUSY_S", 0.05)
    monkeypatch.setitem(POSTGRESQL, "options", "-c lock_timeout=50")
    impatient = open_engine(url)
    RecordsWriter(writing(impatient)).position()
    with writing(engine).begin() as holder:
        holder.execute(text("INSERT INTO journal_position VALUES ('records', '0-0')"))
        with pytest.raises(DatabaseAway, match=r"locked|lock timeout"):
            RecordsWriter(writing(impatient)).write(a_call(1))
    assert RecordsWriter(writing(impatient)).write(a_call(1)) == 2
    impatient.dispose()


def test_a_database_without_tables_is_away(database_url: str) -> None:
    """Records that start before the migration wait for it."""
    empty = open_engine(database_url)
    with pytest.raises(DatabaseAway, match=r"no such table|does not exist"):
        RecordsWriter(empty).position()
    with pytest.raises(DatabaseAway):
        recent_calls(empty, 5)
    empty.dispose()


def journal_calls(server: ValkeyServer, first: int, count: int) -> None:
    """Puts finished calls into the journal as the router does."""

    async def write() -> None:
        journal = JournalWriter(server.url, PREFIX)
        await journal.start()
        for n in range(first, first + count):
            journal.append(None, [CallEntered(1.0, f"1.{n}", "139")], 1.0)
            journal.append(CallEnded(2.0, f"1.{n}", 16), [a_record(f"1.{n}", 100.0 + n)], 1.0)
        assert await journal.flush(10)
        await journal.close()

    asyncio.run(write())


def test_a_journal_is_folded_while_it_grows(engine: Engine) -> None:
    """Calls appear in the records soon after they end, for as long as the process runs."""
    stop = threading.Event()
    with a_valkey() as server:
        folding = threading.Thread(target=fold_journal, args=(server.url, PREFIX, RecordsWriter(engine), stop))
        folding.start()
        try:
            for round_ in range(3):
                journal_calls(server, round_ * 20, 20)
                until(lambda: counts(engine)[0] == (round_ + 1) * 20)
        finally:
            stop.set()
            folding.join(5)
        assert not folding.is_alive()
        assert counts(engine) == (60, 120)


def a_site(var: Path, store_url: str, database_url: str) -> None:
    """Writes DIR/run/running.json as `jietong up` would."""
    n = 25000
    RunningSite(
        var=var,
        site=Site.model_validate(
            {"hotline": {"number": "10010"}, "trunks": [{"name": "carrier", "match": ["127.0.0.1"]}]}
        ),
        ports=Ports(sip=n + 60, agi=n + 73, ami=n + 38, http=n + 80, rtp_start=n + 1000, rtp_end=n + 8999),
        store_url=store_url,
        database_url=database_url,
        ami_user="u",
        ami_secret="s",
        seat_passwords={},
        agent_pins={},
        asterisk_argv=("asterisk",),
        socket_dir=var,
    ).save()


class RecordsProcess:
    """`jietong records` as a child."""

    def __init__(self, var: Path) -> None:
        code = (
            "import sys, pathlib; from jietong.processes.records import main; sys.exit(main(pathlib.Path(sys.argv[1])))"
        )
        self.child = subprocess.Popen(
            [sys.executable, "-c", code, str(var)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == "ready\n"

    def __enter__(self) -> "RecordsProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.child.kill()
            self.child.communicate()

    def end(self, number: int) -> tuple[int, str, float]:
        """Sends the signal; exit code, log, seconds until it ended."""
        began = time.monotonic()
        self.child.send_signal(number)
        _, log = self.child.communicate(timeout=20)
        return self.child.returncode, log, time.monotonic() - began


def test_each_call_is_recorded_once_although_the_process_is_killed_again_and_again(
    tmp_path: Path, url: str, engine: Engine
) -> None:
    """kill -9 in the middle of its work, five times: afterwards every call has one record and one history."""
    with a_valkey() as server:
        a_site(tmp_path, server.url, url)
        for round_ in range(5):
            journal_calls(server, round_ * 1500, 1500)
            with RecordsProcess(tmp_path) as process:
                until(lambda: counts(engine)[0] > round_ * 1000)
                process.end(signal.SIGKILL)
        with RecordsProcess(tmp_path) as last:
            until(lambda: counts(engine)[0] == 7500)
            assert last.end(signal.SIGTERM)[0] == 0
        assert counts(engine) == (7500, 15000)
        assert [line.seq for line in history_of(engine, "1.1999")] == [1, 2]


def test_the_process_waits_for_store_and_database(tmp_path: Path, database_url: str) -> None:
    """Records that start before Valkey and before the migration are ready, and do their work when both are there."""
    url = database_url
    with a_valkey(started=False) as server:
        a_site(tmp_path, server.url, url)
        with RecordsProcess(tmp_path) as process:
            server.start()
            journal_calls(server, 0, 10)
            migrate(url)
            engine = open_engine(url)
            until(lambda: counts(engine)[0] == 10)
            engine.dispose()
            code, log, _ = process.end(signal.SIGTERM)
    assert code == 0
    assert log.count("database away, records wait") == 1  # however often it was tried
    assert "139" not in log


@pytest.mark.parametrize("trouble", ["store gone", "store frozen", "database gone"])
def test_the_process_ends_within_five_seconds_whatever_is_away(tmp_path: Path, url: str, trouble: str) -> None:
    """SIGTERM ends the records process in time in the middle of an outage."""
    with a_valkey() as server:
        a_site(tmp_path, server.url, sqlite_url(tmp_path / "none.db") if trouble == "database gone" else url)
        with RecordsProcess(tmp_path) as process:
            if trouble == "store gone":
                server.kill()
            elif trouble == "store frozen":
                server.freeze()
            time.sleep(0.3)  # into the outage; nothing to wait on from outside
            code, _, took_s = process.end(signal.SIGTERM)
    assert code == 0
    assert took_s < 5

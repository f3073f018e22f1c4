"""`jietong backup` and `jietong restore`: nothing lost, nothing doubled, and nothing touched when something is wrong.

Longer than 400 lines because every story needs the same site with a journal that its database lacks.
"""

import io
import json
import os
import re
import resource
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, inspect, select

from ivr.adapters.customers_table import customers
from jietong.accounts import accounts_of
from jietong.archive import HEADER, MANIFEST
from jietong.backup import backup
from jietong.database import open_engine, sqlite_url, writing
from jietong.flow_files import SHIPPED as SHIPPED_FLOWS
from jietong.prepare import check_restored, prepare_database, unfinished_restore
from jietong.recordings import SHIPPED as SHIPPED_PROMPTS
from jietong.restore import restore
from jietong.running import Layout, Ports, RunningSite
from jietong.site_file import load_site
from jietong.site_lock import SiteLock
from jietong.table_dump import dump, one_moment, tables_of
from routing.adapters import codec
from routing.adapters.journal_reader import JournalEntry, read_to_end
from routing.adapters.records import RecordsWriter, history_of, recent_calls
from routing.adapters.tables import agents
from tests.adapters.postgres_server import PostgresServer
from tests.adapters.test_records import a_record, an_entry
from tests.adapters.valkey_server import PREFIX, ValkeyServer, a_valkey
from tests.builders_site import A_SITE_FILE

RECORDED, JOURNALLED, LATER = range(3), range(3, 6), range(6, 9)


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A store."""
    with a_valkey() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, valkey: ValkeyServer) -> RunningSite:
    """A site that ran, on the database that it makes itself."""
    return a_site(tmp_path, valkey, None)


@pytest.fixture
def any_site(tmp_path: Path, valkey: ValkeyServer, database_url: str) -> RunningSite:
    """The same on the database that its file names."""
    return a_site(tmp_path, valkey, database_url)


def site_file(path: Path, database_url: str | None) -> Path:
    """A site file with that database, its calendar, flows and recordings beside it."""
    folder = path.parent
    (folder / "menus" / "stories").mkdir(parents=True)
    (folder / "menus" / "consultation.toml").write_bytes((SHIPPED_FLOWS / "consultation.toml").read_bytes())
    (folder / "menus" / "stories" / "ours.txt").write_text("story a caller asks for a person\n", encoding="utf-8")
    (folder / "voice" / "en").mkdir(parents=True)
    (folder / "voice" / "en" / ".hidden").touch()
    (folder / "voice" / "en" / "goodbye.wav").write_bytes((SHIPPED_PROMPTS / "en" / "goodbye.wav").read_bytes())
    named = f'[database]\nurl = "{database_url}"\n' if database_url else ""
    with_flows = A_SITE_FILE.replace("[hotline]\n", '[hotline]\nflows = "menus"\n')
    path.write_text(
        f'{with_flows}{named}[calendar]\nfile = "节假日.toml"\n[prompts]\nfolder = "voice"\n', encoding="utf-8"
    )
    (path.parent / "节假日.toml").write_text('[holidays]\n2027-02-06 = "春节"\n', encoding="utf-8")
    return path


def a_site(tmp_path: Path, valkey: ValkeyServer, database_url: str | None) -> RunningSite:
    """A customer, a message, calls on record, and calls that are in the journal only."""
    config = site_file(tmp_path / "etc" / "our site.toml", database_url)
    layout = Layout(tmp_path / "var")
    (layout.data / "messages").mkdir(parents=True)
    (layout.data / "messages" / "1.5.wav").write_bytes(b"RIFF" * 100)
    loaded = load_site(config)
    accounts = accounts_of(loaded, layout.data)
    running = RunningSite(
        var=layout.var,
        config=config,
        site=loaded,
        ports=Ports.of(loaded.network, 24000),
        store_url=valkey.url,
        database_url=database_url or sqlite_url(layout.data / "jietong.db"),
        ami_user="jietong",
        ami_secret="x",
        seat_passwords=accounts.seat_passwords,
        agent_pins=accounts.agent_pins,
        asterisk_argv=("asterisk",),
        socket_dir=tmp_path,
    )
    prepare_database(running)
    running.save()
    engine = open_engine(running.database_url)
    with engine.begin() as connection:
        row = {"phone": "13900000001", "name": "张伟", "tier": "vip", "class": "", "representative": "", "language": ""}
        connection.execute(insert(customers).values(**row))
    journal(valkey, RECORDED)
    journal(valkey, JOURNALLED)
    RecordsWriter(writing(engine)).write([entry(n) for n in RECORDED])
    engine.dispose()
    return running


def entry(n: int) -> JournalEntry:
    """The end of the `n`th call."""
    return an_entry(n, a_record(f"1.{n}", ended_at=100.0 + n))


def journal(valkey: ValkeyServer, calls: range) -> None:
    """Those calls end, and the router says so."""
    for found in map(entry, calls):
        raw = codec.entry_bytes(found.event, found.facts, found.decision_us)
        valkey.ask("XADD", f"{PREFIX}journal", found.id, "e", raw)


def calls_in(url: str) -> list[str]:
    """Call records of a database, oldest first."""
    engine = open_engine(url)
    try:
        assert all(len(history_of(engine, record.call)) == 1 for record in recent_calls(engine, 100))
        return [record.call for record in recent_calls(engine, 100)]
    finally:
        engine.dispose()


def catch_up(valkey: ValkeyServer, url: str) -> None:
    """What the records process does when the site runs again."""
    engine = open_engine(url)
    writer = RecordsWriter(writing(engine))
    writer.write(list(read_to_end(valkey.url, PREFIX, writer.position())))
    engine.dispose()


def ids(*ranges: range) -> list[str]:
    """Those calls."""
    return [f"1.{n}" for numbers in ranges for n in numbers]


@pytest.fixture
def archive(site: RunningSite, tmp_path: Path) -> Path:
    """A backup of the site."""
    path = tmp_path / "backup.tar.gz"
    assert backup(site.var, path, with_recordings=False) == 0
    return path


def test_another_machine_has_everything(
    site: RunningSite, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store stays behind with the old machine: calls that were in it only are on record on the new one, once."""
    new = Layout(tmp_path / "new")
    assert restore(new.var, archive, None, replace=False) == 0
    url = sqlite_url(new.data / "jietong.db")
    assert calls_in(url) == ids(RECORDED, JOURNALLED)
    assert (new.data / "accounts.json").read_bytes() == (site.layout.data / "accounts.json").read_bytes()
    assert (new.data / "pin.key").read_bytes() == (site.layout.data / "pin.key").read_bytes()
    moved = load_site(new.var / "config" / "site.toml")
    etc, config = tmp_path / "etc", new.var / "config"
    assert moved.model_dump_json() == site.site.model_dump_json().replace(str(etc), str(config))
    for below in ("menus/consultation.toml", "menus/stories/ours.txt", "voice/en/goodbye.wav"):
        assert (config / below).read_bytes() == (etc / below).read_bytes()
    assert not (config / "voice" / "en" / ".hidden").exists()
    assert moved.calendar.file == str(new.var / "config" / "节假日.toml")
    told = capsys.readouterr().out
    assert f"start it: jietong up --config {new.var}/config/site.toml --var {new.var}" in told
    assert "1 recordings were listed only" in told
    engine = open_engine(url)
    with engine.connect() as connection:
        assert [tuple(row)[:2] for row in connection.execute(select(customers))] == [("13900000001", "张伟")]
    engine.dispose()
    prepare_database(site.model_copy(update={"var": new.var, "database_url": url}))


def test_on_the_same_machine_records_go_on_where_the_store_is(
    any_site: RunningSite, tmp_path: Path, valkey: ValkeyServer
) -> None:
    """Calls after the backup are read again from the store: each is on record once; what was there is kept beside."""
    site, archive = any_site, tmp_path / "backup.tar.gz"
    assert backup(site.var, archive, with_recordings=False) == 0
    journal(valkey, LATER)
    catch_up(valkey, site.database_url)
    assert restore(site.var, archive, None, replace=False) == 1
    assert restore(site.var, archive, None, replace=True) == 0
    assert calls_in(site.database_url) == ids(RECORDED, JOURNALLED)
    catch_up(valkey, site.database_url)
    assert calls_in(site.database_url) == ids(RECORDED, JOURNALLED, LATER)
    assert calls_in(kept_beside(site.database_url)) == ids(RECORDED, JOURNALLED, LATER)
    assert len(list(site.layout.data.glob("accounts.json.before_restore_*"))) == 1
    check_restored(site.layout)


def kept_beside(url: str) -> str:
    """The database as it was before the restore."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        (before,) = path.parent.glob(f"{path.name}.before_restore_*[0-9]")
        return sqlite_url(before)
    engine = open_engine(url)
    (schema,) = [name for name in inspect(engine).get_schema_names() if name.startswith("before_restore_")]
    engine.dispose()
    return f"{url}?options=-csearch_path%3D{schema}"


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_either_database_goes_into_either(
    any_site: RunningSite, tmp_path: Path, postgres: PostgresServer, target: str
) -> None:
    """A site grows out of SQLite, or goes back to it: calls, customers and position are the same."""
    new, archive = tmp_path / "new", tmp_path / "backup.tar.gz"
    url = sqlite_url(tmp_path / "elsewhere.db") if target == "sqlite" else postgres.new_database()
    assert backup(any_site.var, archive, with_recordings=False) == 0
    assert restore(new, archive, site_file(tmp_path / "other" / "site.toml", url), replace=False) == 0
    assert calls_in(url) == ids(RECORDED, JOURNALLED)
    before, after = open_engine(any_site.database_url), open_engine(url)
    with before.connect() as one, after.connect() as other:
        for table in (customers, agents):
            assert sorted(one.execute(select(table))) == sorted(other.execute(select(table)))
    assert RecordsWriter(after).position() == entry(JOURNALLED[-1]).id
    before.dispose()
    after.dispose()


def test_a_backup_is_of_one_moment(any_site: RunningSite, tmp_path: Path) -> None:
    """Records are written on while it is read: what it has is whole, and ends where its position says."""
    engine = open_engine(any_site.database_url)
    with one_moment(any_site.database_url, tmp_path) as connection:
        tables = {table.name: table for table in tables_of(connection)}
        RecordsWriter(writing(engine)).write([entry(n) for n in JOURNALLED])
        assert dump(connection, tables["call_records"], tmp_path / "records") == len(RECORDED)
        assert dump(connection, tables["journal_position"], tmp_path / "position") == 1
    assert entry(RECORDED[-1]).id in (tmp_path / "position").read_text()
    assert RecordsWriter(engine).position() == entry(JOURNALLED[-1]).id
    engine.dispose()


def test_postgresql_is_changed_as_a_whole_or_not_at_all(
    tmp_path: Path, valkey: ValkeyServer, postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not while a site elsewhere uses it, and not by a backup that turns out to be bad halfway."""
    url = postgres.new_database()
    site, archive = a_site(tmp_path, valkey, url), tmp_path / "backup.tar.gz"
    assert backup(site.var, archive, with_recordings=False) == 0
    engine = open_engine(url)
    with engine.connect() as other:
        other.exec_driver_sql("SELECT 1")
        assert restore(site.var, archive, None, replace=True) == 1
    engine.dispose()
    assert "1 other connections use the database: stop the site that runs on it" in capsys.readouterr().err
    rows = json.loads(members_of(archive)[MANIFEST])["tables"]
    rows["messages"]["rows"] = 7
    with_json(MANIFEST, tables=rows)(archive)
    assert restore(site.var, archive, None, replace=True) == 1
    assert "the backup's table messages has 0 rows" in capsys.readouterr().err
    assert calls_in(url) == ids(RECORDED)
    check_restored(site.layout)


def test_secrets_are_for_the_owner_only(site: RunningSite, archive: Path, tmp_path: Path) -> None:
    """Nobody else on the machine can read the archive or what comes out of it, and nothing else is left behind."""
    new = tmp_path / "new"
    assert restore(new, archive, None, replace=False) == 0
    found = [archive, *(path for path in new.rglob("*") if path.is_file())]
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in found if path.stat().st_mode & 0o077} == {}
    assert (new / "data").stat().st_mode & 0o077 == 0
    assert [path.name for path in (*new.rglob(".*"), *tmp_path.glob(".*"))] == []


def test_recordings_come_along_when_asked_for(site: RunningSite, tmp_path: Path) -> None:
    """Messages can be heard on the new machine; those of the old one that are there already stay as they are."""
    path, new = tmp_path / "b.tar.gz", Layout(tmp_path / "new")
    assert backup(site.var, path, with_recordings=True) == 0
    assert restore(new.var, path, None, replace=False) == 0
    assert (new.data / "messages" / "1.5.wav").read_bytes() == b"RIFF" * 100
    assert restore(site.var, path, None, replace=True) == 0


def test_a_store_that_is_away_is_said_and_the_rest_is_backed_up(
    site: RunningSite, tmp_path: Path, valkey: ValkeyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The nightly backup does not fail for it: the database is what counts."""
    valkey.kill()
    assert backup(site.var, tmp_path / "b.tar.gz", with_recordings=False) == 0
    assert "not in the database yet are not in the backup" in capsys.readouterr().err
    assert restore(tmp_path / "new", tmp_path / "b.tar.gz", None, replace=False) == 0
    assert calls_in(sqlite_url(tmp_path / "new" / "data" / "jietong.db")) == ids(RECORDED)


def test_a_site_file_that_was_edited_since_is_said(
    site: RunningSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is in the archive may not be what the site runs with."""
    assert site.config is not None
    site.config.write_text(A_SITE_FILE.replace("ring_s = 8", "ring_s = 9"), encoding="utf-8")
    assert backup(site.var, tmp_path / "b.tar.gz", with_recordings=False) == 0
    assert "is not what the site runs with" in capsys.readouterr().err


def test_a_running_site_is_not_overwritten(
    site: RunningSite, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator reads which process runs it."""
    lock = SiteLock(site.layout.run)
    lock.acquire()
    assert restore(site.var, archive, None, replace=True) == 1
    lock.release()
    assert f"already run by process {os.getpid()}" in capsys.readouterr().err
    assert calls_in(site.database_url) == ids(RECORDED)


def test_a_restore_that_was_cut_short_lets_no_site_start(
    site: RunningSite, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the old and half of the new never runs; the same command again makes it whole."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("jietong.restore._exchange", crash)
        with pytest.raises(KeyboardInterrupt):
            restore(site.var, archive, None, replace=True)
    with pytest.raises(Exception, match="was cut short: run `jietong restore FILE --replace"):
        check_restored(site.layout)
    assert restore(site.var, archive, None, replace=True) == 0
    assert not unfinished_restore(site.layout).exists()
    assert calls_in(site.database_url) == ids(RECORDED, JOURNALLED)


def members_of(path: Path) -> dict[str, bytes]:
    """Every member with its content, in order."""
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def rewritten(path: Path, change: Callable[[dict[str, bytes]], Any]) -> None:
    """Somebody changed the archive."""
    members = members_of(path)
    change(members)
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def with_json(name: str, **values: Any) -> Callable[[Path], None]:
    """A header or manifest that says something else."""

    def change(path: Path) -> None:
        def set_values(members: dict[str, bytes]) -> None:
            members[name] = json.dumps(json.loads(members[name]) | values).encode()

        rewritten(path, set_values)

    return change


def with_link(path: Path) -> None:
    """An archive with a link in it that leads outside."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in ((HEADER, b'{"kind": "jietong-backup", "format": 1}'),):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("config/site.toml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)


def foreign(path: Path) -> None:
    """Some other program's archive."""
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("somebody.txt"))


def put(name: str, content: bytes = b"x") -> Callable[[Path], None]:
    """A member more, or another content."""

    def change(members: dict[str, bytes]) -> None:
        manifest = members.pop(MANIFEST)
        members[name] = content
        members[MANIFEST] = manifest

    return lambda path: rewritten(path, change)


def flipped(path: Path) -> None:
    """A bad disk."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "is damaged or no"),
        (lambda path: path.write_bytes(b""), "damaged or no backup"),
        (lambda path: path.write_bytes(b"PK\3\4 a zip"), "damaged or no backup"),
        (lambda path: path.unlink(), "backup.tar.gz: No such file"),
        (flipped, "damaged"),
        (foreign, "is no backup of Jietong: name a file that `jietong backup` wrote"),
        (with_link, "holds 'config/site.toml', which no backup does"),
        (put("../evil"), r"holds '\.\./evil', which no backup does"),
        (put("/etc/evil"), "holds '/etc/evil', which no backup does"),
        (put("config/.."), r"holds 'config/\.\.', which no backup does"),
        (put("config/../y"), "holds 'config/../y', which no backup does"),
        (put("secrets/pin.key"), "damaged: secrets/pin.key is not what was backed up"),
        (put("recordings/1.wav"), "damaged: recordings/1.wav is not what was backed up"),
        (lambda path: rewritten(path, lambda members: members.pop("database/agents.jsonl")), "database/agents.jsonl"),
        (with_json(HEADER, format=2, product="9.1"), r"made by a newer Jietong \(9.1\): restore it with that version"),
        (
            with_json(HEADER, revision="9999", product="9.1"),
            r"newer Jietong \(9.1, tables 9999\): install that version",
        ),
        (with_json(HEADER, made_at=time.time() + 7200), "minutes in the future: set this machine's clock"),
        (with_json(MANIFEST, tables={}), "the backup has no table"),
        (with_json(HEADER, made_at="soon"), "is no backup of this version"),
    ],
)
def test_a_bad_archive_changes_nothing(
    site: RunningSite, archive: Path, damage: Callable[[Path], object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what is wrong with it; the site is as it was and starts."""
    damage(archive)
    before = sorted(path.name for path in site.var.rglob("*"))
    assert restore(site.var, archive, None, replace=True) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert re.search(said, told), told
    assert sorted(path.name for path in site.var.rglob("*")) == before
    assert calls_in(site.database_url) == ids(RECORDED)
    check_restored(site.layout)


def test_a_backup_never_overwrites_another(
    site: RunningSite, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Yesterday's is as it was."""
    before = archive.read_bytes()
    assert backup(site.var, archive, with_recordings=False) == 1
    assert "is there already: name another file" in capsys.readouterr().err
    assert archive.read_bytes() == before


@pytest.mark.parametrize("at_most", [0, 4096, 60_000])
def test_a_disk_that_fills_up_leaves_no_half_archive(site: RunningSite, tmp_path: Path, at_most: int) -> None:
    """One line says so, and the folder is as it was. The limit on a file's size stands for the full disk."""
    target = tmp_path / "full" / "b.tar.gz"
    target.parent.mkdir()
    (site.layout.data / "messages" / "1.6.wav").write_bytes(os.urandom(100_000))
    done = subprocess.run(
        [sys.executable, "-m", "jietong", "backup", str(target), "--recordings", "--var", str(site.var)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (at_most, at_most)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("jietong: no backup was made: ")
    assert list(target.parent.iterdir()) == []


def test_a_damaged_database_is_not_backed_up_as_if_it_were_whole(
    site: RunningSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator learns it at the next backup, not at the next restore."""
    path = Path(site.database_url.removeprefix("sqlite:///"))
    raw = bytearray(path.read_bytes())
    raw[8192 : len(raw)] = b"\xff" * (len(raw) - 8192)
    path.write_bytes(raw)
    assert backup(site.var, tmp_path / "b.tar.gz", with_recordings=False) == 1
    assert "no backup was made" in capsys.readouterr().err
    assert not (tmp_path / "b.tar.gz").exists()

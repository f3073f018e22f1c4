"""`jietong restore`: a site's folder and database as a backup has them, ready for `jietong up`.

Owns the checks before anything changes, and the change itself. Must not start the site.
Rules: docs/runbook.md. Everything is made ready to the side and then renamed into place; what was there stays beside it
under another name. A restore that was cut short leaves a mark, and no site starts on it.
"""

import json
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from jietong import exit_codes
from jietong.archive import ArchiveRefused, unpack
from jietong.backup import SECRETS
from jietong.database import DatabaseError, knows_revision, migrate_on, open_engine, sqlite_url, writing
from jietong.named_files import ALL, SITE_FILE
from jietong.prepare import demo_file, unfinished_restore
from jietong.processes.records import folds_of
from jietong.running import Layout
from jietong.site import Site
from jietong.site_file import SiteFileError, load_site, site_of
from jietong.site_lock import AlreadyRunningError, SiteLock
from jietong.table_dump import DumpRefused, emptied, is_sqlite, load, tables_of
from routing.adapters import codec
from routing.adapters.journal_reader import JournalEntry
from routing.adapters.records import RecordsWriter

CLOCK_S = 300.0  # by which two machines' clocks may differ
SCRATCH = ".restore-"
TAIL = 500  # journal entries a transaction


class NotRestored(Exception):
    """Nothing was changed; the text says why and what to do."""


@dataclass(frozen=True)
class _Plan:
    """What is restored, and where to. `aside` ends the names of what was there before."""

    layout: Layout
    unpacked: Path
    header: dict[str, Any]
    manifest: dict[str, Any]
    database_url: str
    aside: str

    @property
    def config(self) -> Path:
        return self.layout.var / "config"


def restore(var: Path, file: Path, config: Path | None, replace: bool) -> int:
    """Restores the archive `file` into folder `var`; returns the exit code.

    config    site file that says which database to restore into; None: that of the backup
    replace   what is there already is kept beside, under another name
    """
    lock = SiteLock(Layout(var).run)
    try:
        lock.acquire()
        told = _restore(Layout(var), file.expanduser().absolute(), config, replace)
    except (NotRestored, ArchiveRefused, DumpRefused, AlreadyRunningError, DatabaseError, SiteFileError) as error:
        return _fail(str(error))
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error  # without SQL and parameters: they hold phone numbers
        return _fail(f"the database refused ({str(cause).strip().splitlines()[0]})")
    except (KeyError, TypeError, ValueError) as error:  # whole, but not as we write it
        return _fail(f"{file} is no backup of this version ({type(error).__name__}: {error}): take another one")
    except OSError as error:
        return _fail(f"{error.filename or var}: {error.strerror or error}")
    finally:
        lock.release()
    sys.stdout.write(told + "\n")
    return exit_codes.DONE


def _restore(layout: Layout, file: Path, config: Path | None, replace: bool) -> str:
    for left in [*layout.var.glob(f"{SCRATCH}*"), *layout.data.glob(f"{SCRATCH}*")]:  # of one that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=layout.var, prefix=SCRATCH) as scratch:
        unpacked = Path(scratch) / "unpacked"
        unpacked.mkdir(mode=0o700)
        header, manifest = unpack(file, unpacked)
        _check_versions(file, header)
        _make_named_folders(unpacked / "config")
        url = _database_url(layout, unpacked, header, config)
        plan = _Plan(layout, unpacked, header, manifest, url, f"before_restore_{time.strftime('%Y%m%d_%H%M%S')}")
        if not replace and (there := _already_there(plan)):
            raise NotRestored(f"{', '.join(there)} is there already: --replace keeps it under another name beside")
        layout.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        calls = _put_in_place(plan)
        lacking = _recordings(plan)
    return _told(plan, calls, lacking, config)


def _check_versions(file: Path, header: dict[str, Any]) -> None:
    if not knows_revision(str(header["revision"])):
        raise NotRestored(
            f"{file} was made by a newer Jietong ({str(header['product'])[:20]}, tables {str(header['revision'])[:20]}): "
            "install that version first"
        )
    ahead_s = float(header["made_at"]) - time.time()
    if ahead_s > CLOCK_S:  # records are read on from a time: those of the hours between would be passed over
        raise NotRestored(f"{file} was made {ahead_s / 60:.0f} minutes in the future: set this machine's clock")


def _make_named_folders(config: Path) -> None:
    """An archive has files only: a folder that was empty is made, since a site does not start without it."""
    site_file = config / SITE_FILE
    for named in ALL if site_file.exists() else ():
        if named.inside and (name := named.beside(site_file.read_bytes())):
            (config / name).mkdir(exist_ok=True)


def _database_url(layout: Layout, unpacked: Path, header: dict[str, Any], config: Path | None) -> str:
    own = sqlite_url(layout.data / "jietong.db")
    if config is not None:
        return load_site(config).database.url or own
    if header["is_demo"]:
        return own
    return site_of((unpacked / "config" / SITE_FILE).read_bytes(), f"the backup's {SITE_FILE}").database.url or own


def _already_there(plan: _Plan) -> list[str]:
    there = [str(target) for _, target in _files(plan) if target.exists()]
    if is_sqlite(plan.database_url):
        return [str(path) for path in [_sqlite_path(plan)] if path.exists()] + there
    engine = open_engine(plan.database_url)
    try:
        tables = inspect(engine).get_table_names()
    finally:
        engine.dispose()
    shown = make_url(plan.database_url).render_as_string(hide_password=True)
    return [*there, *([f"database {shown} with {len(tables)} tables"] if tables else [])]


def _files(plan: _Plan) -> Iterator[tuple[Path, Path]]:
    """What is renamed into place: from, to."""
    for name in SECRETS:
        if (source := plan.unpacked / "secrets" / name).exists():
            yield source, plan.layout.data / name
    if (source := plan.unpacked / "config").exists():
        yield source, plan.config


def _put_in_place(plan: _Plan) -> int:
    """Changes database and files, marked while it is not whole; returns how many calls the database has.

    SQLite is made to the side first, PostgreSQL in one transaction: until that is done nothing has changed.
    """
    mark = unfinished_restore(plan.layout)
    if is_sqlite(plan.database_url):
        path = _sqlite_path(plan)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=SCRATCH) as scratch:
            fresh = Path(scratch) / "fresh.db"
            calls = _fill(plan, sqlite_url(fresh), lambda: None)
            _write_journal(plan, sqlite_url(fresh))
            mark.touch()
            for end in ("-wal", "-shm"):  # belong to the old file, and would spoil the new one
                if (part := path.with_name(path.name + end)).exists():
                    part.replace(path.with_name(f"{path.name}.{plan.aside}{end}"))
            _exchange(fresh, path, plan.aside)
    else:
        calls = _fill(plan, plan.database_url, mark.touch)
        _write_journal(plan, plan.database_url)
    for source, target in _files(plan):
        _exchange(source, target, plan.aside)
    mark.unlink()
    return calls


def _fill(plan: _Plan, url: str, before_commit: Callable[[], None]) -> int:
    engine = open_engine(url)
    said = plan.manifest["tables"]
    try:
        with emptied(engine, plan.aside) as connection:
            migrate_on(connection, plan.header["revision"])
            for table in tables_of(connection):
                if table.name not in said:
                    raise DumpRefused(f"the backup has no table {table.name}: take another one")
                source = plan.unpacked / "database" / f"{table.name}.jsonl"
                rows = load(connection, table, said[table.name]["columns"], source)
                if rows != said[table.name]["rows"]:
                    raise DumpRefused(f"the backup's table {table.name} has {rows} rows: take another one")
            migrate_on(connection)
            before_commit()
        return int(said["call_records"]["rows"])
    finally:
        engine.dispose()


def _write_journal(plan: _Plan, url: str) -> None:
    """Records of calls that were in the journal only; the position moves with them, so none is written twice."""
    source = plan.unpacked / "journal.jsonl"
    if not source.exists():
        return
    engine = open_engine(url)
    try:
        writer, batch = RecordsWriter(writing(engine), others=folds_of(_site(plan))), []
        with source.open(encoding="utf-8") as lines:
            for line in lines:
                entry_id, raw = json.loads(line)
                entry = codec.entry_from(raw.encode())
                batch.append(JournalEntry(entry_id, entry.event, entry.facts, entry.decision_us))
                if len(batch) == TAIL:
                    writer.write(batch)
                    batch = []
        writer.write(batch)
    finally:
        engine.dispose()


def _site(plan: _Plan) -> Site:
    if plan.header["is_demo"]:
        return load_site(demo_file("demo.toml"))
    return site_of((plan.unpacked / "config" / SITE_FILE).read_bytes(), f"the backup's {SITE_FILE}")


def _recordings(plan: _Plan) -> int:
    """Puts recordings in place that are not there, and returns how many of the backup's list are nowhere."""
    folder, lacking = plan.layout.data / "messages", 0
    folder.mkdir(exist_ok=True)
    for row in plan.manifest["recordings"]:
        name = Path(str(row["file"])).name
        source, target = plan.unpacked / "recordings" / name, folder / name
        if source.exists() and not target.exists():
            source.replace(target)
        lacking += not target.exists()
    return lacking


def _exchange(fresh: Path, target: Path, aside: str) -> None:
    if target.exists():
        target.replace(target.with_name(f"{target.name}.{aside}"))
    fresh.replace(target)


def _sqlite_path(plan: _Plan) -> Path:
    return Path(make_url(plan.database_url).database or "")


def _told(plan: _Plan, calls: int, lacking: int, config: Path | None) -> str:
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(plan.header["made_at"]))
    lines = [f"restored hotline {plan.header['hotline']} as of {made}: {calls} call records"]
    site_file = plan.config / SITE_FILE
    if lacking:
        lines.append(f"{lacking} recordings were listed only: copy them to {plan.layout.data / 'messages'}")
    for named in ALL if site_file.exists() else ():
        kept = plan.config / named.called
        if kept.exists() and named.beside(site_file.read_bytes()) is None:
            lines.append(f"{kept} lay in another folder: put it where [{named.table}] {named.key} says")
    start = f" --config {config or site_file}" if config or site_file.exists() else ""
    lines.append(f"start it: jietong up{start} --var {plan.layout.var}")
    return "\n".join(lines)


def _fail(text: str) -> int:
    sys.stderr.write(f"jietong: not restored: {text}\n")
    return exit_codes.FAILED

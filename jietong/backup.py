"""`jietong backup`: one archive with everything that a running site would need on another machine.

Owns what goes into it and in which order. Must not stop or slow the site.
Rules: docs/runbook.md. Database first, then the journal after the position that this copy of the database has: so each
call is in the backup once, on one side or the other.
"""

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from jietong import exit_codes
from jietong.archive import ArchiveRefused, ArchiveWriter, sha256_of
from jietong.named_files import ALL, SITE_FILE
from jietong.running import RunningSite
from jietong.site_file import SiteFileError, load_site
from jietong.table_dump import DumpRefused, dump, is_sqlite, one_moment, revision_of, tables_of
from routing.adapters import codec
from routing.adapters.journal_reader import BEGINNING, read_to_end
from routing.adapters.records import READER
from routing.adapters.redis_clients import StoreAway, prefix_of
from routing.adapters.tables import journal_position

SECRETS = ("accounts.json", "pin.key")


def backup(var: Path, file: Path, with_recordings: bool) -> int:
    """Writes the running site of folder `var` to the archive `file`; returns the exit code."""
    site = RunningSite.load(var)
    try:
        told = _back_up(site, file.expanduser().absolute(), with_recordings)
    except (ArchiveRefused, DumpRefused) as error:
        return _fail(str(error))
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error  # without SQL and parameters: they hold phone numbers
        return _fail(f"the database does not answer ({str(cause).strip().splitlines()[0]}): see [database] url")
    except OSError as error:
        return _fail(f"{file} cannot be written ({error.strerror or error}): make room there, or name another folder")
    sys.stdout.write(told + "\n")
    return exit_codes.DONE


def _back_up(site: RunningSite, file: Path, with_recordings: bool) -> str:
    with (
        tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as scratch,
        one_moment(site.database_url, Path(scratch)) as connection,
        ArchiveWriter(file, _header(site, connection)) as archive,
    ):
        folder = Path(scratch)
        tables = _add_tables(connection, archive, folder)
        journal = _add_journal(site, connection, archive, folder)
        for name, content in _configuration(site):
            archive.add_bytes(name, content)
        recordings = _add_recordings(site, archive, with_recordings)
        archive.finish({"tables": tables, "journal": journal, "recordings": recordings})
    calls, size_kb = tables["call_records"]["rows"], file.stat().st_size // 1000
    included = "with audio" if with_recordings else "listed, without audio"
    return f"{file}: {calls} call records, {len(recordings)} recordings ({included}), {size_kb} kB"


def _header(site: RunningSite, connection: Connection) -> dict[str, Any]:
    return {
        "product": metadata.version("jietong"),
        "revision": revision_of(connection),
        "engine": "sqlite" if is_sqlite(site.database_url) else "postgresql",
        "hotline": site.site.hotline.number,
        "is_demo": site.config is None,
        "made_at": time.time(),
    }


def _add_tables(connection: Connection, archive: ArchiveWriter, folder: Path) -> dict[str, Any]:
    tables = {}
    for table in tables_of(connection):
        lines = folder / f"{table.name}.jsonl"
        rows = dump(connection, table, lines)
        archive.add_file(f"database/{lines.name}", lines)
        lines.unlink()
        tables[table.name] = {"rows": rows, "columns": list(table.columns.keys())}
    return tables


def _add_journal(
    site: RunningSite, connection: Connection, archive: ArchiveWriter, folder: Path
) -> dict[str, Any] | None:
    """Entries that the records in the backup lack; None when the store does not answer."""
    reader = select(journal_position.c.entry_id).where(journal_position.c.reader == READER)
    after = connection.scalar(reader) or BEGINNING
    lines, count = folder / "journal.jsonl", 0
    try:
        with lines.open("w", encoding="utf-8") as file:
            for entry in read_to_end(site.store_url, prefix_of(site.site.hotline.number), after):
                raw = codec.entry_bytes(entry.event, entry.facts, entry.decision_us).decode()
                file.write(json.dumps([entry.id, raw]) + "\n")
                count += 1
    except StoreAway as error:
        sys.stderr.write(f"jietong: warning: {error}: calls that are not in the database yet are not in the backup\n")
        return None
    archive.add_file(lines.name, lines)
    return {"after": after, "entries": count}


def _configuration(site: RunningSite) -> Iterator[tuple[str, bytes]]:
    """Site file, what it names, generated accounts and the key of the PINs' marks: name in the archive, content."""
    for name in SECRETS:
        if (path := site.layout.data / name).is_file():
            yield f"secrets/{name}", path.read_bytes()
    if site.config is None:
        return
    try:
        content = site.config.read_bytes()
        is_as_used = load_site(site.config) == site.site
    except SiteFileError:
        is_as_used = False
    if not is_as_used:
        sys.stderr.write(
            f"jietong: warning: {site.config} is not what the site runs with: `jietong reload` would tell or load it\n"
        )
    yield f"config/{SITE_FILE}", content
    for named in ALL:
        for below, path in named.files(site.site):
            yield f"config/{named.in_backup(content)}{below}", path.read_bytes()


def _add_recordings(site: RunningSite, archive: ArchiveWriter, with_audio: bool) -> list[dict[str, Any]]:
    recordings = []
    for path in sorted((site.layout.data / "messages").glob("[!.]*.wav")):
        try:
            if with_audio:
                archive.add_file(f"recordings/{path.name}", path)
            recordings.append({"file": path.name, "size": path.stat().st_size, "sha256": sha256_of(path)})
        except FileNotFoundError:  # deleted meanwhile
            continue
    return recordings


def _fail(text: str) -> int:
    sys.stderr.write(f"jietong: no backup was made: {text}\n")
    return exit_codes.FAILED

"""The backup archive: a tar.gz whose first member says what it is and whose last one lists the checksums of all others.

Owns names and checks of members, and that a file is there whole or not at all. Must not know what a table is.
Rules: docs/runbook.md. Nothing in an archive is trusted: a member is a regular file with a name of ours, or all of it
is refused.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import IO, Any, Self

KIND = "jietong-backup"
FORMAT = 1
HEADER, MANIFEST = "header.json", "manifest.json"
MEMBER = re.compile(
    r"database/[a-z_]{1,60}\.jsonl|journal\.jsonl|secrets/(accounts\.json|pin\.key)"
    r"|recordings/[^./\0][^/\0]{0,200}|config(/[^./\0][^/\0]{0,200}){1,3}"
)
MOST_JSON = 200_000_000  # header and manifest are read into memory; a million recordings take 150 MB
CHUNK = 1 << 20
BROKEN = (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile, ValueError, KeyError, TypeError)


class ArchiveRefused(Exception):
    """The archive cannot be used or written: the text says what is wrong with which member, and the way out."""


class ArchiveWriter:
    """Writes an archive beside its final place; `finish` puts it there. Left without it nothing stays behind.

    raises   ArchiveRefused when `path` is there already; OSError when the disk is full or the folder is missing
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self._path = path
        self._header = {"kind": KIND, "format": FORMAT, **header}
        self._sums: dict[str, dict[str, Any]] = {}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        if self._path.exists():
            raise ArchiveRefused(f"{self._path} is there already: name another file")
        with contextlib.ExitStack() as stack:
            number, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")  # mode 0600
            self._unfinished = Path(name)
            stack.callback(self._unfinished.unlink, missing_ok=True)
            self._file = stack.enter_context(os.fdopen(number, "wb"))
            self._zip = stack.enter_context(gzip.GzipFile(fileobj=self._file, mode="wb", compresslevel=6))
            self._tar = tarfile.open(fileobj=self._zip, mode="w")
            self._add_json(HEADER, self._header)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add_bytes(self, name: str, content: bytes) -> None:
        """Adds a small member."""
        self._add(name, io.BytesIO(content), len(content))

    def add_file(self, name: str, path: Path) -> None:
        """Adds the file as long as it is now; what is appended meanwhile is left out."""
        with path.open("rb") as file:
            self._add(name, file, os.fstat(file.fileno()).st_size)

    def finish(self, manifest: dict[str, Any]) -> None:
        """Writes the manifest and puts the archive in its place, on the disk for sure."""
        self._add_json(MANIFEST, {**manifest, "files": self._sums})
        self._tar.close()
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._unfinished.replace(self._path)
        _sync_folder(self._path.parent)

    def _add_json(self, name: str, content: dict[str, Any]) -> None:
        raw = json.dumps(content, indent=1).encode()
        self._tar.addfile(_member(name, len(raw)), io.BytesIO(raw))

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        if not MEMBER.fullmatch(name):
            raise ArchiveRefused(f"{name!r} cannot be in a backup: rename the file")
        summed = _Summed(file)
        self._tar.addfile(_member(name, size), summed)
        self._sums[name] = {"size": size, "sha256": summed.hexdigest()}


def unpack(path: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Puts the members of `path` into `folder`, each checked, and returns header and manifest.

    raises   ArchiveRefused: no backup, of a later format, damaged, or with a member that is none of a backup's;
             OSError when it cannot be read or the disk is full
    """
    try:
        with tarfile.open(path, "r:gz") as tar:
            header = _header(path, tar)
            return header, _members(path, tar, folder)
    except BROKEN as error:
        raise ArchiveRefused(
            f"{path} is damaged or no backup of Jietong ({type(error).__name__}): take another one"
        ) from None


def sha256_of(path: Path) -> str:
    """Checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _header(path: Path, tar: tarfile.TarFile) -> dict[str, Any]:
    first = tar.next()
    header = _json_of(tar, first) if first is not None and first.name == HEADER else None
    if not isinstance(header, dict) or header.get("kind") != KIND:
        raise ArchiveRefused(f"{path} is no backup of Jietong: name a file that `jietong backup` wrote")
    if header["format"] != FORMAT:
        raise ArchiveRefused(
            f"{path} was made by a newer Jietong ({str(header.get('product'))[:20]}): restore it with that version"
        )
    return header


def _members(path: Path, tar: tarfile.TarFile, folder: Path) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    while (member := tar.next()) is not None:
        if member.name == MANIFEST:
            manifest = _json_of(tar, member)
            if tar.next() is not None:
                raise ArchiveRefused(f"{path} goes on after its manifest: it was tampered with, take another one")
            _compare(path, manifest["files"], found)
            return dict(manifest)
        if not member.isreg() or not MEMBER.fullmatch(member.name) or member.name in found:
            raise ArchiveRefused(f"{path} holds {member.name[:80]!r}, which no backup does: take another one")
        found[member.name] = _extracted(tar, member, folder / member.name)
    raise ArchiveRefused(f"{path} is damaged or not complete, it ends before its manifest: take another one")


def _compare(path: Path, said: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    wrong = sorted(name for name in said.keys() | found.keys() if said.get(name) != found.get(name))
    if wrong:
        raise ArchiveRefused(f"{path} is damaged: {', '.join(wrong)[:200]} is not what was backed up; take another one")


def _extracted(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> dict[str, Any]:
    source = tar.extractfile(member)
    if source is None:
        raise ValueError(member.name)
    target.parent.mkdir(exist_ok=True, mode=0o700, parents=True)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return {"size": size, "sha256": digest.hexdigest()}


def _json_of(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Any:
    source = tar.extractfile(member) if member.isreg() and member.size <= MOST_JSON else None
    if source is None:
        raise ValueError(member.name)
    return json.loads(source.read())


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class _Summed:
    """A file that reckons the checksum of what was read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._digest.update(chunk)
        return chunk

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

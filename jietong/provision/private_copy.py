"""Makes a private copy of Debian packages in the user's cache: no root, no change to the system.

Owns unpacking, trying and publishing such a copy, whole or not at all. Must not know what the programs are for.
Rules: asterisk.md (`dpkg -x` of the whole closure, build beside and rename, keyed by version and machine).
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jietong.provision.apt import Apt, AptFailed
from jietong.provision.sources import Source

COMPLETE = ".complete"


@dataclass(frozen=True)
class Copy:
    """What a private copy is to hold: its name, the packages (the first one's version names the folder), how to try it.

    works     tells of an unpacked folder whether its programs run here: one that fails is never published
    prepare   what is done to an unpacked folder first; it moves afterwards, so paths in it must be relative
    """

    name: str
    packages: tuple[str, ...]
    works: Callable[[Path], bool]
    prepare: Callable[[Path], None] = lambda _: None


class ProvisionError(Exception):
    """A program is missing and could not be fetched: install it, or run once with a network."""


def cache_folder() -> Path:
    """The user's cache folder of the product (XDG_CACHE_HOME when it is an absolute path, else ~/.cache)."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "jietong"


def published(name: str) -> Path | None:
    """The newest finished copy called `name` for this kind of machine; None when there is none."""
    found = sorted(
        cache_folder().glob(f"{name}_*_{os.uname().machine}/{COMPLETE}"), key=lambda mark: mark.stat().st_mtime
    )
    return found[-1].parent if found else None


def make_private_copy(copy: Copy, places: Sequence[Sequence[Source]], console: Console) -> Path:
    """Downloads the packages with all they depend on from the first place that has them, unpacks, tries, publishes.

    Returns the folder: the one that was there, if it works. Two processes at once: one builds, the other waits and takes
    the result. Interrupted: the next run starts over.
    raises   ProvisionError: why it is not to be had
    """
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(cache / f".{copy.name}.lock"):
            done = published(copy.name)
            if done is not None and copy.works(done):
                return done
            for leftover in cache.glob(f".{copy.name}.building.*"):
                shutil.rmtree(leftover, ignore_errors=True)
            work = Path(tempfile.mkdtemp(dir=cache, prefix=f".{copy.name}.building."))
            try:
                return _build(copy, places, work, console)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise ProvisionError(
            f"cannot write {error.filename or cache}: {error.strerror} (XDG_CACHE_HOME names another folder)"
        ) from error


def _build(copy: Copy, places: Sequence[Sequence[Source]], work: Path, console: Console) -> Path:
    if not places or shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise ProvisionError("this machine has no package source of Debian or Ubuntu (apt-get and /etc/apt)")
    name = copy.name
    console.print(f"{name}: fetching {', '.join(copy.packages)} into {cache_folder()}", soft_wrap=True)
    with _progress(console) as progress:
        step = progress.add_task(f"{name}: reading the package list", total=None)
        archives = _download(
            copy.packages,
            places,
            work,
            lambda have, want: progress.update(step, description=f"{name}: downloading", completed=have, total=want),
        )
        root = work / "root"
        root.mkdir()
        progress.update(step, description=f"{name}: unpacking", completed=0, total=len(archives))
        for archive in archives:
            _unpack(archive, root)
            progress.advance(step)
        progress.update(step, description=f"{name}: trying it")
        copy.prepare(root)
        version = _version_of(copy.packages[0], archives)
        if not copy.works(root):
            raise ProvisionError(f"package {copy.packages[0]} {version} does not run here, or is too old")
    return _publish(copy, version, root)


def _download(
    packages: Sequence[str], places: Sequence[Sequence[Source]], work: Path, progress: Callable[[int, int], None]
) -> list[Path]:
    failure = AptFailed("no place to look")
    for number, sources in enumerate(places):
        try:
            apt = Apt(work / str(number), sources)
            apt.update()
            return apt.download(packages, progress)
        except AptFailed as error:
            failure = error
            if error.is_offline:
                break
    raise ProvisionError(f"the download failed: {failure}") from failure


def _unpack(archive: Path, root: Path) -> None:
    done = subprocess.run(
        ["dpkg", "-x", str(archive), str(root)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"dpkg ended with {done.returncode}"])[-1]
        raise ProvisionError(f"cannot unpack {archive.name} into {cache_folder()}: {reason}")


def _publish(copy: Copy, version: str, root: Path) -> Path:
    """Renames the finished folder to where it is looked for; a worse one of the same version goes first."""
    (root / COMPLETE).write_text(f"{copy.packages[0]} {version}\n", encoding="utf-8")
    final = cache_folder() / f"{copy.name}_{version}_{os.uname().machine}"
    if final.exists():
        final.rename(root.parent / "replaced")
    return root.rename(final)


def _version_of(package: str, archives: Sequence[Path]) -> str:
    """The package's version as in its archive's name; a colon there is written %3a, in a folder's name it becomes a dash."""
    return next((a.name.split("_")[1].replace("%3a", "-") for a in archives if a.name.startswith(f"{package}_")), "0")


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


@contextlib.contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

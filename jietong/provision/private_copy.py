"""Makes a private copy of Debian packages in the user's cache: no root, no change to the system.

Owns download, unpacking and publishing of such a copy, whole or not at all. Must not know what the programs are for.
Rules: asterisk.md (own apt state with an empty status file, `dpkg -x`, build beside and rename).
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jietong.provision.sources import DEBIAN_KEYRING, debian_archive, read_sources

SUITES = ("forky", "sid")  # Debian testing carries Asterisk 22; unstable when testing has just lost it
APT_TIMEOUT_S = 600


class ProvisionError(Exception):
    """A program is missing and could not be fetched: install it, or run once with a network."""


def cache_folder() -> Path:
    """The user's cache folder of the product (XDG_CACHE_HOME, else ~/.cache)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "jietong"


def published(name: str) -> Path | None:
    """The newest finished copy called `name`; None when there is none. A copy is finished when it carries its own name."""
    found = sorted(cache_folder().glob(f"{name}_*/.complete"), key=lambda mark: mark.stat().st_mtime)
    return found[-1].parent if found else None


def make_private_copy(name: str, packages: tuple[str, ...], console: Console) -> Path:
    """Downloads `packages` with all they depend on, unpacks them and publishes the folder; returns it.

    Two processes at once: one works, the other waits and takes the result. Interrupted: the next run starts over.
    raises   ProvisionError with one message that says what to do
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(cache / f".{name}.lock"):
        done = published(name)
        if done is not None:
            return done
        for leftover in cache.glob(f".{name}.building.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        work = Path(tempfile.mkdtemp(dir=cache, prefix=f".{name}.building."))
        try:
            return _build(name, packages, cache, work, console)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _build(name: str, packages: tuple[str, ...], cache: Path, work: Path, console: Console) -> Path:
    uri = debian_archive(read_sources())
    if uri is None or shutil.which("apt-get") is None or not DEBIAN_KEYRING.exists():
        raise ProvisionError(
            _how_to(name, "this machine has no Debian package source (apt-get, its sources and keyring)")
        )
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        step = progress.add_task(f"{name}: reading Debian's package list", total=None)
        failure = ""
        for suite in SUITES:
            apt = _Apt(work / suite, uri, suite)
            failure = apt.run("update") or apt.download(
                packages,
                lambda have, want: progress.update(
                    step, description=f"{name}: downloading", completed=have, total=want
                ),
            )
            if not failure:
                break
        if failure:
            raise ProvisionError(_how_to(name, f"the download failed: {failure}"))
        archives = sorted((work / suite / "archives").glob("*.deb"))
        root = work / "root"
        root.mkdir()
        progress.update(step, description=f"{name}: unpacking", completed=0, total=len(archives))
        for archive in archives:
            subprocess.run(["dpkg", "-x", str(archive), str(root)], check=True, stdin=subprocess.DEVNULL)
            progress.advance(step)
    version = next((a.name.split("_")[1] for a in archives if a.name.startswith(f"{packages[0]}_")), "0")
    (root / ".complete").write_text(f"{packages[0]} {version}\n", encoding="utf-8")
    final = cache / f"{name}_{version.replace('%3a', '-')}_{os.uname().machine}"
    shutil.rmtree(final, ignore_errors=True)
    root.rename(final)
    return final


class _Apt:
    """apt-get with a state of its own, as if nothing were installed."""

    def __init__(self, state: Path, uri: str, suite: str) -> None:
        for folder in ("lists/partial", "archives/partial"):
            (state / folder).mkdir(parents=True)
        (state / "status").touch()
        (state / "sources.list").write_text(f"deb [signed-by={DEBIAN_KEYRING}] {uri} {suite} main\n", encoding="utf-8")
        self._archives = state / "archives"
        options = {
            "Dir::State": state,
            "Dir::State::status": state / "status",
            "Dir::State::Lists": state / "lists",
            "Dir::Cache": state,
            "Dir::Cache::archives": self._archives,
            "Dir::Etc::sourcelist": state / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Debug::NoLocking": "1",
            "Acquire::Check-Valid-Until": "false",
            "Acquire::Retries": "2",
            "Acquire::http::Timeout": "30",
            "APT::Install-Recommends": "false",
        }
        if os.geteuid() == 0:
            options["APT::Sandbox::User"] = "root"
        self._argv = ["apt-get", "-qq", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]

    def run(self, *words: str) -> str:
        """Runs apt-get; returns an empty string, or its last complaint."""
        try:
            done = subprocess.run(
                [*self._argv, *words],
                capture_output=True,
                text=True,
                timeout=APT_TIMEOUT_S,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"apt-get {words[0]} took longer than {APT_TIMEOUT_S} s"
        complaints = [line for line in done.stderr.splitlines() if line.startswith(("E:", "W: Failed"))]
        failed = done.returncode != 0 or (words[0] == "update" and bool(complaints))
        return (complaints[-1] if complaints else f"apt-get {words[0]} gave {done.returncode}") if failed else ""

    def download(self, packages: tuple[str, ...], progress: "object") -> str:
        """Downloads the packages and everything they need; `progress(have, want)` is told while it goes."""
        plan = subprocess.run(
            [*self._argv, "--print-uris", "install", "-y", *packages], capture_output=True, text=True, check=False
        )
        if plan.returncode != 0:
            return (plan.stderr.strip().splitlines() or ["no such package"])[-1]
        want = sum(line.startswith("'") for line in plan.stdout.splitlines())
        child = subprocess.Popen(
            [*self._argv, "install", "-y", "--download-only", *packages],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    _, errors = child.communicate(timeout=0.3)
                    break
                progress(len(list(self._archives.glob("*.deb"))), want)  # type: ignore[operator]
        except BaseException:
            child.kill()
            child.wait()
            raise
        return "" if child.returncode == 0 else (errors.strip().splitlines() or ["apt-get failed"])[-1]


@contextlib.contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _how_to(name: str, why: str) -> str:
    return (
        f"{name} is missing and could not be fetched: {why}\n"
        f"Way out: install it (as root: apt-get install {'asterisk' if name == 'asterisk' else 'sip-tester prometheus'}; "
        "Asterisk 20 or newer), or run once with a network on Debian, or use the image under docker/."
    )

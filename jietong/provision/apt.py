"""apt-get with a state of its own: sees no package as installed, so that it fetches a program with all it needs.

Owns apt's options and what its complaints mean. Must not unpack or keep anything.
Rules: asterisk.md (own state folder, empty status file, works as root and as anybody).
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from jietong.provision.sources import Source

UPDATE_TIMEOUT_S = 300
_SET_BACK = 30  # seconds without a byte until apt gives a connection up
_NO_NETWORK = re.compile(
    r"resolv|Could not connect|Cannot initiate the connection|Connection (failed|timed out|refused)|unreachable|Unable to connect"
)

Progress = Callable[[int, int], None]


class AptFailed(Exception):
    """apt-get could not do it; the text is its last complaint. `is_offline`: no archive answered, another suite is no better."""

    def __init__(self, complaint: str) -> None:
        super().__init__(complaint)
        self.is_offline = _NO_NETWORK.search(complaint) is not None


class Apt:
    """apt-get over the lines of `sources`, with all its files in the new folder `state`."""

    def __init__(self, state: Path, sources: Sequence[Source]) -> None:
        for folder in ("lists/partial", "archives/partial"):
            (state / folder).mkdir(parents=True)
        (state / "status").touch()
        (state / "sources.list").write_text("".join(f"{source.line()}\n" for source in sources), encoding="utf-8")
        self.archives = state / "archives"
        options = {
            "Dir::State": state,
            "Dir::State::status": state / "status",
            "Dir::State::Lists": state / "lists",
            "Dir::Cache": state,
            "Dir::Cache::archives": self.archives,
            "Dir::Etc::sourcelist": state / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Debug::NoLocking": "1",
            "Acquire::Check-Valid-Until": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "Acquire::http::Timeout": _SET_BACK,
            "Acquire::https::Timeout": _SET_BACK,
            "APT::Install-Recommends": "false",
            "APT::Default-Release": "",
        }
        if os.geteuid() == 0:
            options["APT::Sandbox::User"] = "root"
        self._argv = ["apt-get", "-qq", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]

    def update(self) -> None:
        """Reads the package lists; raises AptFailed."""
        done = self._run("update", timeout_s=UPDATE_TIMEOUT_S)
        complaints = _complaints(done.stderr)
        if done.returncode != 0 or complaints:
            raise AptFailed(complaints[-1] if complaints else f"apt-get update ended with {done.returncode}")

    def download(self, packages: Sequence[str], progress: Progress) -> list[Path]:
        """Downloads the packages and everything they need; `progress` is told (have, want). Raises AptFailed."""
        plan = self._run("--print-uris", "install", "-y", *packages, timeout_s=UPDATE_TIMEOUT_S)
        if plan.returncode != 0:
            raise AptFailed((_complaints(plan.stderr) or [f"no package {' '.join(packages)}"])[-1])
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
                progress(self._count(), want)
        except BaseException:
            child.kill()
            child.wait()
            raise
        if child.returncode != 0:
            raise AptFailed((_complaints(errors) or [f"apt-get install ended with {child.returncode}"])[-1])
        return sorted(self.archives.glob("*.deb"))

    def _count(self) -> int:
        return len(list(self.archives.glob("*.deb")))

    def _run(self, *words: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [*self._argv, *words],
                capture_output=True,
                text=True,
                timeout=timeout_s,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise AptFailed(f"Connection timed out: no end after {timeout_s:.0f} s") from error


def _complaints(stderr: str) -> list[str]:
    """The lines that mean failure; an update that got nothing only warns, and ends with 0."""
    errors = [line for line in stderr.splitlines() if line.startswith(("E:", "W: Failed"))]
    generic = ("E: Some index files", "W: Some index files", "E: Unable to fetch some archives")
    return [line for line in errors if not line.startswith(generic)] or errors

"""Builds the image, runs the compose file with podman and places a call through it.

Run: make docker-try, as root on Debian, with podman, buildah, runc, netavark, aardvark-dns, iptables, catatonit and mmdebstrap
installed. Ports 5060, 4573, 5038, 8080, 6379, 5432 and 9090 of 127.0.0.1 must be free. Exit code 0 when everything held.

No image registry is asked: the base image is made of Debian's packages, and the public images of store, database and
Prometheus have stand-ins under the same names (docker/stand_in). Grafana has none: its files are checked by unit tests.
"""

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.robots.people import Agent, Caller

TOP = Path(__file__).parents[2]
DOCKER = TOP / "docker"
BASE = "docker.io/library/python:3.11-slim-bookworm"
SUITE, PACKAGES = "bookworm", "python3,python3-venv,python3-pip,ca-certificates,tzdata"
STAND_INS = {
    "store": "docker.io/valkey/valkey:8",
    "database": "docker.io/library/postgres:16",
    "prometheus": "docker.io/prom/prometheus:v3.5.0",
}
SERVICES = ("store", "database", "hotline", "prometheus")
NEEDED = ("podman", "buildah", "runc", "netavark", "catatonit", "mmdebstrap")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
SIP, HTTP, PROMETHEUS = "127.0.0.1:5060", "http://127.0.0.1:8080", "http://127.0.0.1:9090"
SETTINGS = {
    "containers.conf": """[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "{runc}"
cgroup_manager = "cgroupfs"
[network]
network_backend = "netavark"
""",
    "storage.conf": """[storage]
driver = "overlay"
graphroot = "{folder}/graph"
runroot = "{folder}/run"
""",
}


class Trial:
    """Podman with settings, images and volumes of its own in `folder`; what was checked so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checked: list[str] = []
        self.environment = {
            **os.environ,
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "JIETONG_DATABASE_PASSWORD": secrets.token_urlsafe(12),
        }
        for name, text in SETTINGS.items():
            filled = text.format(folder=folder, runc=shutil.which("runc"))
            (folder / name).write_text(filled, encoding="utf-8")

    def run(self, *command: str | Path, quiet: bool = True) -> str:
        """Runs one command; its output. Raises SystemExit with its last words when it fails."""
        done = subprocess.run(
            [str(word) for word in command], env=self.environment, capture_output=quiet, text=True, check=False, cwd=TOP
        )
        if done.returncode:
            raise SystemExit(
                f"{' '.join(str(word) for word in command[:4])} failed:\n{(done.stdout or '')[-2000:]}{(done.stderr or '')[-3000:]}"
            )
        return done.stdout or ""

    def story(self) -> str:
        """What every container is and said last, for who has to find out why something did not hold."""
        lines = [self.run("podman", "ps", "-a")]
        for service in SERVICES:
            said = subprocess.run(
                ["podman", "logs", "--tail", "40", f"jietong-try_{service}_1"],
                env=self.environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            lines.append(f"--- {service}\n{said.stdout}{said.stderr}")
        return "\n".join(lines)

    def build(self) -> None:
        """Base image, the product's image, stand-ins."""
        archive = self.folder / "base.tar"
        as_image = "ln -s python3 $1/usr/bin/python; rm -f $1/usr/lib/python3*/EXTERNALLY-MANAGED"
        self.run(
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            f"--include={PACKAGES}",
            f"--customize-hook={as_image}",
            SUITE,
            archive,
        )
        self.run("podman", "import", "--quiet", archive, BASE)
        archive.unlink()
        build = ["podman", "build", "--quiet", "--pull=never", "--format", "docker", "--network=host"]
        if CERTIFICATES.exists():  # a machine behind a proxy of its own
            build += ["-v", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
        self.run(*build, "-t", "localhost/jietong", "-f", DOCKER / "Dockerfile", TOP)
        for target, name in STAND_INS.items():
            self.run(*build, "-t", name, "--target", target, DOCKER / "stand_in")
        self.holds(
            True,
            "images built",
            self.run("podman", "images", "--format", "{{.Repository}} {{.Size}}", "jietong").strip(),
        )

    def compose(self, *words: str) -> str:
        """podman-compose on the compose file as it is."""
        return self.run(
            self.folder / "venv/bin/podman-compose", "-p", "jietong-try", "-f", DOCKER / "compose.yaml", *words
        )

    def inside(self, *command: str) -> str:
        """Runs a command in the hotline's container."""
        return self.run("podman", "exec", "jietong-try_hotline_1", *command)

    def holds(self, is_true: bool, what: str, seen: Any = "") -> None:
        """Notes what was checked; raises SystemExit when it does not hold."""
        self.checked.append(what)
        print(f"{'ok ' if is_true else 'NOT'}  {what}{f': {seen}' if seen != '' else ''}", flush=True)
        if not is_true:
            raise SystemExit(1)

    def until(self, is_true: Callable[[], bool], what: str, within_s: float = 90.0) -> None:
        """Waits for a condition; raises SystemExit at the deadline."""
        began = time.monotonic()
        while time.monotonic() < began + within_s:
            try:
                if is_true():
                    return self.holds(True, what, f"after {time.monotonic() - began:.1f} s")
            except (urllib.error.URLError, OSError, SystemExit, ValueError, LookupError):
                pass  # not there yet
            time.sleep(0.3)
        return self.holds(False, what)


def fetched(url: str) -> str:
    """The text at that address."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


async def call_through(trial: Trial) -> None:
    """An agent registers, a caller is connected, the router dies in the middle, the talk goes on and is on record."""
    accounts = json.loads(trial.inside("jietong", "accounts", "--json"))
    async with Agent(SIP, "1001", accounts["seats"]["1001"]) as agent, Caller(SIP, "13512345678") as caller:
        await caller.is_answered(20)
        caller.press("0")
        await agent.talks(30)
        trial.holds(True, "a caller and an agent talk")
        trial.inside("python", "-c", KILL_ROUTER)
        trial.until(
            lambda: bool(fetched(f"{HTTP}/healthz")),
            "health is good again after the leading router was killed",
            20,
        )
        trial.holds(not caller.phone.seen("disconnected"), "they still talk")
        caller.hang_up()
        await caller.is_over()
        trial.until(lambda: calls(trial) == ["answered"], "the call is on record", 20)
    in_database = trial.run(
        *(
            "podman",
            "exec",
            "--env",
            f"PGPASSWORD={trial.environment['JIETONG_DATABASE_PASSWORD']}",
            "jietong-try_database_1",
        ),
        *("psql", "-h", "127.0.0.1", "-U", "jietong", "-tAc", "select outcome from call_records"),
    )
    trial.holds(in_database.strip() == "answered", "the record is in PostgreSQL")
    answered = "sum(jietong_calls_answered_total)"
    trial.until(lambda: prometheus(answered) == 1, "Prometheus has scraped it", 60)


# the router that leads holds the leader's file; killed by its process id, as root of nothing: they are the same user's
KILL_ROUTER = """
import os, pathlib, signal
routers = [int(p.name) for p in pathlib.Path('/proc').glob('[0-9]*') if b'jietong\\0router' in (p / 'cmdline').read_bytes()]
assert len(routers) == 2, routers
os.kill(min(routers), signal.SIGKILL)
"""


def calls(trial: Trial) -> list[str]:
    """Outcomes of all calls, by the command inside."""
    return [call["outcome"] for call in json.loads(trial.inside("jietong", "calls", "--json"))]


def prometheus(query: str) -> float:
    """The value of a query."""
    told = json.loads(fetched(f"{PROMETHEUS}/api/v1/query?query={query}"))
    return float(told["data"]["result"][0]["value"][1])


def main() -> int:
    """Runs from the command line."""
    missing = [
        program
        for program in NEEDED
        if shutil.which(program) is None and not Path(f"/usr/lib/podman/{program}").exists()
    ]
    if missing:
        sys.stderr.write(
            f"docker-try: {', '.join(missing)} missing. As root: apt-get install --no-install-recommends "
            "podman buildah runc netavark aardvark-dns iptables catatonit mmdebstrap\n"
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="docker-try-", ignore_cleanup_errors=True) as name:
        trial = Trial(Path(name))
        trial.run(sys.executable, "-m", "venv", trial.folder / "venv")
        trial.run(
            trial.folder / "venv/bin/pip", "install", "-q", "--require-hashes", "-r", DOCKER / "requirements-try.txt"
        )
        trial.build()
        try:
            trial.compose("up", "-d", *SERVICES)
            trial.until(lambda: bool(fetched(f"{HTTP}/healthz")), "healthy")
            users = {
                trial.run("podman", "top", f"jietong-try_{service}_1", "huser").split()[-1] for service in SERVICES
            }
            trial.holds("root" not in users and "0" not in users, "nobody is root", ", ".join(sorted(users)))
            for service in SERVICES:
                trial.until(
                    lambda service=service: (
                        trial.run("podman", "healthcheck", "run", f"jietong-try_{service}_1") is not None
                    ),
                    f"health check of {service}",
                    60,
                )
            asyncio.run(call_through(trial))
            before = calls(trial)
            trial.compose("down")
            trial.compose("up", "-d", *SERVICES)
            trial.until(lambda: bool(fetched(f"{HTTP}/healthz")), "healthy again after down and up")
            trial.holds(calls(trial) == before, "records outlive the containers")
        finally:
            told = trial.story() if sys.exc_info()[0] else ""
            trial.compose("down", "-v")
            print(told, end="")
        trial.holds(not trial.run("podman", "ps", "-aq").strip(), "nothing is left running")
        subprocess.run(
            ["podman", "system", "reset", "--force"], env=trial.environment, capture_output=True, check=False
        )
    print(f"{len(trial.checked)} checks held")
    return 0


if __name__ == "__main__":
    sys.exit(main())

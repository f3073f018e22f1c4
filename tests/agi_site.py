"""A site without Asterisk: folder, database and settings, so that real FastAGI workers can run.

Owns those files and the workers' lives; must not know what is called.
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ivr.adapters.customers import Customer, Customers
from jietong.database import migrate, open_engine, sqlite_url
from jietong.running import Ports, RunningSite
from jietong.site import Site

READY_S = 30.0
STOP_S = 10.0


def a_running_site(folder: Path, **changes: Any) -> RunningSite:
    """A saved site with two tiers and one seat; 13900000001 is a VIP. The FastAGI port is free, `changes` are tables of the site file."""
    config = Site.model_validate(
        {
            "hotline": {"number": "10010"},
            "trunks": [{"name": "carrier", "match": ["127.0.0.1"]}],
            "tiers": {"vip": {"answer_within_s": 10, "goal": 0.95}, "ordinary": {"answer_within_s": 20, "goal": 0.9}},
            "seats": [{"number": "1901"}],
            **changes,
        }
    )
    url = sqlite_url(folder / "site.db")
    migrate(url)
    engine = open_engine(url)
    Customers(engine).store([Customer("13900000001", "张伟", "vip", "personal_business", "1901", 1962, "zh-CN")])
    engine.dispose()
    site = RunningSite(
        var=folder,
        site=config,
        ports=Ports.of(config.network, 24000).model_copy(update={"agi": free_port()}),
        store_url=f"unix://{folder}/no.sock",
        database_url=url,
        ami_user="router",
        ami_secret="secret",
        seat_passwords={},
        agent_pins={},
        asterisk_argv=("asterisk",),
        socket_dir=folder,
    )
    site.save()
    return site


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Worker:
    """One `jietong agi` process; its log goes to a file."""

    def __init__(self, site: RunningSite, name: str) -> None:
        self.log_file = site.var / f"{name}.log"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "jietong", "agi", "--var", str(site.var)],
                stdout=subprocess.PIPE,
                stderr=log,
                env=None,
            )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()

    def log(self) -> list[dict[str, Any]]:
        """Its lines so far; a line that is not JSON fails the test."""
        return [json.loads(line) for line in self.log_file.read_text(encoding="utf-8").splitlines()]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends the signal and returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_S)


@contextlib.contextmanager
def workers(site: RunningSite, count: int) -> Iterator[list[Worker]]:
    """That many workers of the site, all ready; ended afterwards."""
    made: list[Worker] = []
    try:
        made = [Worker(site, f"agi-{n}") for n in range(1, count + 1)]
        for worker in made:
            assert worker.said == b"ready\n", worker.log_file.read_text(encoding="utf-8")
        yield made
    finally:
        for worker in made:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()
            if worker.process.stdout is not None:
                worker.process.stdout.close()

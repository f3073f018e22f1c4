"""`jietong metrics` as a child of a test, on a real Valkey, with the journal that the test writes."""

import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from jietong.running import Ports, RunningSite
from jietong.site import Seat, Site
from routing.adapters import codec
from routing.events import Tick
from routing.facts import Fact
from tests.adapters.valkey_server import PREFIX, ValkeyServer, a_valkey

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class MetricsSite:
    """A site of which only the store and the metrics process run. Seats 1001 and 1901 (VIP) with agents of the same numbers."""

    def __init__(self, var: Path, valkey: ValkeyServer, port_base: int, database_url: str = "sqlite://") -> None:
        self.var, self.valkey, self.base = var, valkey, port_base
        site = Site.model_validate({
            "hotline": {"number": "10010"},
            "trunks": [{"name": "carrier", "match": ["127.0.0.1"]}],
            "seats": [
                Seat(number="1001", auto_login=True),
                Seat(number="1901", auto_login=True, dedicated_to=["vip"]),
            ],
        })  # fmt: skip
        RunningSite(
            var=var,
            site=site,
            ports=Ports.of(site.network, port_base),
            store_url=valkey.url,
            database_url=database_url,
            ami_user="u",
            ami_secret="s",
            seat_passwords={},
            agent_pins={},
            asterisk_argv=("asterisk",),
            socket_dir=var,
        ).save()
        self.child: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts the process and waits for its `ready`."""
        code = "import sys; from pathlib import Path; from jietong.processes.metrics import main; sys.exit(main(Path(sys.argv[1])))"
        with (self.var / "metrics.log").open("a") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-c", code, str(self.var)], stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == "ready\n", self.log()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal and returns the exit code; a process that does not end fails the test."""
        assert self.child is not None
        self.child.send_signal(number)
        code = self.child.wait(5.0)
        assert self.child.stdout is not None
        self.child.stdout.close()
        self.child = None
        return code

    def log(self) -> str:
        """What it logged."""
        return (self.var / "metrics.log").read_text()

    def write(self, *facts: Fact, decision_us: float = 5.0) -> None:
        """Puts one journal entry with these facts into the store."""
        raw = codec.entry_bytes(Tick(facts[-1].at if facts else 1.0), facts, decision_us)
        self.valkey.ask("XADD", PREFIX + "journal", "*", "e", raw)

    def get(self, path: str, method: str = "GET") -> tuple[int, bytes]:
        """One request."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.base + 80}{path}", method=method)
        try:
            with DIRECT.open(request, timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def status(self) -> dict[str, Any]:
        """The status page."""
        told: dict[str, Any] = json.loads(self.get("/status")[1])
        return told

    def samples(self) -> dict[tuple[str, ...], float]:
        """The metrics page: (name, label values in the order of label names) -> value; nothing while it is refused."""
        code, page = self.get("/metrics")
        text = page.decode() if code == 200 else ""
        return {
            (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def until(self, is_true: Callable[[], bool], within_s: float = 30.0) -> None:
        """Waits for a condition; mostly a moment, on a busy machine longer."""
        deadline = time.monotonic() + within_s
        while not is_true():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)

    def until_sample(self, value: float, *name: str) -> None:
        """Waits until the sample has this value."""
        self.until(lambda: self.samples().get(name) == value)


@contextmanager
def a_metrics_site(
    port_base: int, *, valkey_runs: bool = True, database_url: str = "sqlite://"
) -> Iterator[MetricsSite]:
    """The site with its store, the metrics process not started yet; all gone afterwards."""
    with a_valkey(started=valkey_runs) as valkey, tempfile.TemporaryDirectory(prefix="jt-") as folder:
        site = MetricsSite(Path(folder), valkey, port_base, database_url)
        try:
            yield site
        finally:
            if site.child is not None:
                site.end(signal.SIGKILL)

"""What a scrape of /metrics costs with many agents and waiting calls, beside a scrape of an empty page over the same server.

Run: python -m bench.scrape [--agents 1000] [--waiting 1000] [--queues 20]. Both sides take turns in each round, so that a noisy machine hits both alike.
Bound: p99 of the hotline's page under 50 ms; exit code 1 beyond it.
"""

import argparse
import http.client
import statistics
import sys
import threading
import time
from datetime import UTC, datetime

from bench.turns import or_no_figure
from metrics.adapters.exporter import HotlineCollector
from metrics.adapters.gauges import Now
from metrics.adapters.http_server import Page, PageServer
from metrics.adapters.page_text import page_text
from metrics.adapters.site_watch import LastProbe, Seen
from metrics.tally import Tally
from metrics.view import LiveView
from routing.facts import AgentChanged, AgentState, CallAnswered, CallOffered
from routing.rules import Tier

LIMIT_MS = 50.0
PAGES = 50
TIERS = (Tier("vip", 10.0, 0.95), Tier("ordinary", 20.0, 0.90))


def a_busy_hotline(agents: int, waiting: int, queues: int) -> HotlineCollector:
    """Half a year of calls in the counts of `queues` queues with two tiers each; `agents` agents, half of them in one queue each, and `waiting` callers in the view."""
    now = time.time()
    names = [f"queue-{number}" for number in range(queues)]
    tally = Tally(
        lambda at: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H"),
        [(queue, tier.name) for queue in names for tier in TIERS],
    )
    view = LiveView(str(number) for number in range(agents))
    for number in range(agents):
        serves = (names[number % queues],) if number % 2 else ()
        view.add(AgentChanged(now, str(number), str(number), AgentState.TALKING, "", True, (), serves))
    for number in range(24 * 183):
        at = now - number * 3600
        for queue in names:
            for tier in TIERS:
                tally.add(CallAnswered(at, f"{queue}-{tier.name}-{number}", "1", "1", queue, tier.name, 5.0, True))
    for number in range(waiting):
        tier, queue = ("vip" if number % 10 == 0 else "ordinary"), names[number % queues]
        fact = CallOffered(now, f"c{number}", "13900000001", queue, tier, "person", "zh-CN", now - number)
        tally.add(fact)
        view.add(fact)
    probes = {kind: LastProbe(True, now) for kind in ("random", "transfer", "other")}
    seen = Seen(has_store=True, has_database=True, records_lag_s=0.0, is_fallback=False, probes=probes)
    opened = dict.fromkeys(names, True)
    return HotlineCollector(
        tally, lambda: view, lambda: Now(time.time(), True, 0.0, tiers=TIERS, open_queues=opened, seen=seen)
    )


def scrape_ms(connection_to: tuple[str, int], path: str) -> float:
    """One scrape over a connection of its own, as Prometheus may do."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection(*connection_to, timeout=10)
    connection.request("GET", path)
    connection.getresponse().read()
    connection.close()
    return (time.perf_counter() - began) * 1000


def main() -> int:
    """Prints both sides and their ratio; the exit code says whether the bound holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--waiting", type=int, default=1000)
    parser.add_argument("--queues", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    hotline = a_busy_hotline(options.agents, options.waiting, options.queues)
    pages = {
        "/empty": lambda: Page(200, "text/plain", page_text(())),
        "/metrics": lambda: Page(200, "text/plain", page_text(hotline.collect())),
    }
    server = PageServer("127.0.0.1", 0, pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = ("127.0.0.1", server.server_port)
    times: dict[str, list[float]] = {path: [] for path in pages}
    for _ in range(options.rounds):
        for path in pages:
            times[path].append(scrape_ms(address, path))
    server.shutdown()
    server.server_close()
    p50 = {path: statistics.median(values) for path, values in times.items()}
    p99 = {path: statistics.quantiles(values, n=100)[98] for path, values in times.items()}
    print(
        f"scrape, {options.agents} agents, {options.queues} queues, {options.waiting} waiting, {options.rounds} rounds"
    )
    print(f"  empty page      p50 {p50['/empty']:6.2f} ms   p99 {p99['/empty']:6.2f} ms")
    print(
        f"  hotline         p50 {p50['/metrics']:6.2f} ms   p99 {p99['/metrics']:6.2f} ms   ratio of p50 {p50['/metrics'] / p50['/empty']:.1f}"
    )
    pages["/metrics"]()
    began = time.thread_time()
    for _ in range(PAGES):
        pages["/metrics"]()
    print(f"  making the page costs {(time.thread_time() - began) * 1000 / PAGES:.1f} ms of CPU")
    is_within = p99["/metrics"] <= LIMIT_MS
    print(f"  bound p99 <= {LIMIT_MS:.0f} ms: {'holds' if is_within else 'BROKEN'}")
    return 0 if is_within else 1


if __name__ == "__main__":
    sys.exit(or_no_figure(main))

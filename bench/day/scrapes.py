"""What a Prometheus would have scraped on the demo day: the shipped metrics page at every scrape, as OpenMetrics with times.

Owns the page's moments and the text. Must not count: tally, view and collector are the metrics process's own.
"""

from collections.abc import Callable
from typing import IO
from zoneinfo import ZoneInfo

from jietong.opening_hours import OpeningHours
from jietong.processes.metrics import clock_hour
from jietong.rules_of_site import rules_of
from jietong.site import Site
from metrics.adapters.exporter import HotlineCollector
from metrics.adapters.gauges import Now
from metrics.adapters.page_text import page_text
from metrics.adapters.site_watch import LastProbe, Seen
from metrics.tally import Tally
from metrics.view import LiveView
from routing.facts import Fact

LABELS = 'job="jietong",instance="demo-day"'


class Scrapes:
    """Counts facts as the metrics process does, and writes its page every `every_s` from `start_at` on to `out`.

    probes   the newest test call of each kind so far
    """

    def __init__(
        self, site: Site, out: IO[str], start_at: float, every_s: float, probes: Callable[[], dict[str, LastProbe]]
    ) -> None:
        self._rules, self._zone = rules_of(site), ZoneInfo(site.hotline.timezone)
        self._hours = OpeningHours(site)
        classes = [(queue, tier.name) for queue in self._rules.queue_names() for tier in self._rules.tiers]
        self.tally = Tally(lambda at: clock_hour(at, self._zone), classes)
        self.view = LiveView(self._rules.agents)
        self._out, self._next_at, self._every_s, self._probes = out, start_at, every_s, probes
        self._now_at = start_at
        self._collector = HotlineCollector(self.tally, lambda: self.view, self._moment)
        self.pages = self.samples = 0

    def take(self, at: float, facts: list[Fact], step_us: float) -> None:
        """One step of the router; the pages of all moments before it are written first."""
        self.until(at)
        self.tally.add_decision(step_us)
        for fact in facts:
            self.tally.add(fact)
            self.view.add(fact)

    def until(self, at: float) -> None:
        """Writes the pages of all moments before `at`."""
        while self._next_at < at:
            self._now_at = self._next_at
            self._write(page_text(self._collector.collect()).decode())
            self._next_at += self._every_s

    def close(self) -> None:
        """Writes the end mark."""
        self._out.write("# EOF\n")

    def _moment(self) -> Now:
        queues = {queue: self._hours.opening(queue, self._now_at).is_open for queue in self._rules.queue_names()}
        seen = Seen(has_store=True, has_database=True, records_lag_s=0.0, is_fallback=False, probes=self._probes())
        return Now(self._now_at, True, 0.0, False, self._rules.tiers, queues, seen)

    def _write(self, page: str) -> None:
        stamp = f" {self._now_at:.3f}\n"
        lines = [f"up{{{LABELS}}} 1{stamp}", f"scrape_duration_seconds{{{LABELS}}} 0.005{stamp}"]
        for line in page.splitlines():
            if line.startswith("#"):
                continue
            name, _, value = line.rpartition(" ")
            name, brace, labels = name.partition("{")
            lines.append(f"{name}{{{LABELS}{',' + labels if brace else '}'} {value}{stamp}")
        self._out.writelines(lines)
        self.pages, self.samples = self.pages + 1, self.samples + len(lines)

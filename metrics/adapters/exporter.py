"""The metrics page: tally and live view in Prometheus' words.

Owns the counters' and histograms' names, help texts and labels; gauges.py has the rest. Must not count.
Contract: design.md section 5; labels are queue, tier and closed words, never a call, an agent or a number.
"""

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from metrics.adapters.gauges import LABELS, Now, agent_gauge, rate_gauges, site_gauges, waiting_gauges
from metrics.adapters.page_text import HistogramPage
from metrics.class_tally import ClassTally
from metrics.histogram import Histogram
from metrics.tally import Tally
from metrics.view import LiveView


class HotlineCollector(Collector):
    """Yields every metric of the hotline at the moment of the scrape."""

    def __init__(self, tally: Tally, view: Callable[[], LiveView], now: Callable[[], Now]) -> None:
        self._tally = tally
        self._view = view
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Every metric family of the contract."""
        now, view, keys = self._now(), self._view(), list(self._tally.classes)
        yield from self._counters()
        yield from self._histograms()
        yield from waiting_gauges(view, keys, now)
        yield agent_gauge(view, sorted({queue for queue, _ in keys}))
        yield from rate_gauges(self._tally.present(now.at))
        yield from site_gauges(now)
        ignored = CounterMetricFamily(
            "jietong_events_ignored",
            "Events that changed nothing: late, twice, of nobody known, unreadable",
            labels=["reason"],
        )
        for reason, count in self._tally.ignored.items():
            ignored.add_metric((reason,), count)
        yield ignored

    def _counters(self) -> Iterator[Metric]:
        plain: tuple[tuple[str, str, Callable[[ClassTally], int]], ...] = (
            ("jietong_calls_offered", "Calls whose caller asked for a person", lambda t: t.offered),
            ("jietong_calls_answered", "Offered calls that an agent answered", lambda t: t.answered),
            (
                "jietong_calls_answered_in_target",
                "Offered calls answered within the tier's target",
                lambda t: t.in_target,
            ),
            (
                "jietong_calls_unaccounted",
                "Offered calls whose end was never journalled, counted a day later",
                lambda t: t.unaccounted,
            ),
            ("jietong_calls_lost", "Offered calls that ended because Asterisk or the way to it died", lambda t: t.lost),
        )
        for name, text, value in plain:
            family = CounterMetricFamily(name, text, labels=LABELS)
            for key, tally in self._tally.classes.items():
                family.add_metric(key, value(tally))
            yield family
        abandoned = CounterMetricFamily(
            "jietong_calls_abandoned", "Offered calls whose caller hung up before an answer", labels=(*LABELS, "reason")
        )
        offers = CounterMetricFamily(
            "jietong_offers", "Offers of a call to a seat, by how they ended", labels=(*LABELS, "result")
        )
        for key, tally in self._tally.classes.items():
            for reason, count in tally.abandoned.items():
                abandoned.add_metric((*key, reason), count)
            for result, count in tally.offers.items():
                offers.add_metric((*key, result), count)
        yield abandoned
        left = CounterMetricFamily(
            "jietong_calls_left", "Offered calls that left the line in another way", labels=(*LABELS, "way")
        )
        callbacks = CounterMetricFamily(
            "jietong_callbacks", "Callbacks that are over, by what became of them", labels=(*LABELS, "result")
        )
        for key, tally in self._tally.classes.items():
            for way, count in tally.left.items():
                left.add_metric((*key, way), count)
            for result, count in tally.callbacks.items():
                callbacks.add_metric((*key, result), count)
        yield left
        yield callbacks
        yield offers
        menu = CounterMetricFamily("jietong_ivr_calls", "Calls that ended in the menu, without asking for a person")
        menu.add_metric((), self._tally.menu_calls)
        yield menu
        refused = CounterMetricFamily(
            "jietong_calls_refused", "Calls that were sent away at the door: the hotline was full", labels=["reason"]
        )
        for reason, count in self._tally.refused.items():
            refused.add_metric((reason,), count)
        yield refused

    def _histograms(self) -> Iterator[Metric]:
        by_class: tuple[tuple[str, str, Callable[[ClassTally], Histogram]], ...] = (
            ("jietong_answer_wait_seconds", "From entering the queue to the agent's answer", lambda t: t.answer_wait),
            (
                "jietong_abandon_wait_seconds",
                "From entering the queue to the caller's hanging up",
                lambda t: t.abandon_wait,
            ),
            (
                "jietong_idle_to_ring_seconds",
                "From an agent being free while a call waits until its seat is rung",
                lambda t: t.idle_to_ring,
            ),
            ("jietong_talk_seconds", "From the answer to the end of the talk, once it is over", lambda t: t.talk),
        )
        for name, text, of in by_class:
            yield HistogramPage(name, text, LABELS, {key: of(tally) for key, tally in self._tally.classes.items()})
        decisions: dict[tuple[str, ...], Histogram] = {(): self._tally.decisions}
        yield HistogramPage("jietong_decision_seconds", "Time of one step of the router's engine", (), decisions)

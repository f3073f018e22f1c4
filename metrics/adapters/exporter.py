"""The metrics page: tally and live view in Prometheus' words.

Owns metric names, help texts and labels. Must not count.
Contract: design.md section 5; labels are queue, tier and closed words, never a call, an agent or a number.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from metrics.class_tally import ClassTally
from metrics.histogram import Histogram
from metrics.tally import Tally
from metrics.view import LiveView

LABELS = ("queue", "tier")
ALL = "all"  # in place of a tier: the hotline as a whole, for figures that cannot be added up


@dataclass(frozen=True)
class Now:
    """What a scrape needs beside the counts: the time, whether a router is active, how far the reader is behind, and whether a calendar is missing."""

    at: float
    is_router_active: bool
    lag_s: float
    is_calendar_missing: bool = False


class HotlineCollector(Collector):
    """Yields every metric of the hotline at the moment of the scrape."""

    def __init__(self, tally: Tally, view: Callable[[], LiveView], now: Callable[[], Now]) -> None:
        self._tally = tally
        self._view = view
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Every metric family of the contract."""
        now = self._now()
        yield from self._counters()
        yield from self._histograms()
        yield from self._waiting(now)
        yield self._agents()
        yield self._answer_rate(now)
        active = GaugeMetricFamily("jietong_router_active", "1 while a router holds the lease")
        active.add_metric((), float(now.is_router_active))
        yield active
        missing = GaugeMetricFamily(
            "jietong_holiday_calendar_missing",
            "1 while this or the coming year's public holidays should be known and are not",
        )
        missing.add_metric((), float(now.is_calendar_missing))
        yield missing
        ignored = CounterMetricFamily(
            "jietong_events_ignored",
            "Events that changed nothing: late, twice, of nobody known, unreadable",
            labels=["reason"],
        )
        for reason, count in self._tally.ignored.items():
            ignored.add_metric((reason,), count)
        yield ignored
        lag = GaugeMetricFamily(
            "jietong_journal_lag_seconds",
            "How long there have been journal entries that are not counted; 0 while it keeps up",
        )
        lag.add_metric((), now.lag_s)
        yield lag

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
        )
        for name, text, of in by_class:
            family = HistogramMetricFamily(name, text, labels=LABELS)
            for key, tally in self._tally.classes.items():
                family.add_metric(key, of(tally).cumulative(), of(tally).total)
            yield family
        decision = HistogramMetricFamily("jietong_decision_seconds", "Time of one step of the router's engine")
        decision.add_metric((), self._tally.decisions.cumulative(), self._tally.decisions.total)
        yield decision

    def _waiting(self, now: Now) -> Iterator[Metric]:
        waiting = GaugeMetricFamily(
            "jietong_calls_waiting", "Calls in a queue, those being offered included", labels=LABELS
        )
        oldest = GaugeMetricFamily(
            "jietong_oldest_wait_seconds",
            "How long the longest waiting call has waited; 0 when none waits",
            labels=LABELS,
        )
        counts: dict[tuple[str, str], int] = dict.fromkeys(self._tally.classes, 0)
        waits: dict[tuple[str, str], float] = dict.fromkeys(self._tally.classes, 0.0)
        for call in self._view().waiting():
            if call.is_probe:
                continue
            key = (call.queue, call.tier)
            counts[key] = counts.get(key, 0) + 1
            waits[key] = max(waits.get(key, 0.0), now.at - (call.queued_at or call.since))
        for key, count in counts.items():
            waiting.add_metric(key, count)
            oldest.add_metric(key, max(0.0, waits.get(key, 0.0)))
        yield waiting
        yield oldest
        open_callbacks = GaugeMetricFamily("jietong_callbacks_open", "Customers who will be called back", labels=LABELS)
        promised = dict.fromkeys(self._tally.classes, 0)
        for call in self._view().callbacks():
            key = (call.queue, call.tier)
            promised[key] = promised.get(key, 0) + 1
        for key, count in promised.items():
            open_callbacks.add_metric(key, count)
        yield open_callbacks

    def _agents(self) -> Metric:
        family = GaugeMetricFamily(
            "jietong_agents", "Agents by state; an agent counts in each queue that it serves", labels=("queue", "state")
        )
        queues = {queue for queue, _ in self._tally.classes}
        for queue in sorted(queues):
            for state, count in self._view().state_counts(queue).items():
                family.add_metric((queue, state), count)
        return family

    def _answer_rate(self, now: Now) -> Metric:
        family = GaugeMetricFamily(
            "jietong_answer_rate",
            "Answered / offered calls whose outcome is known; no sample when no call counts",
            labels=(*LABELS, "window"),
        )
        rates = {key: self._tally.rates_of(key, now.at) for key in self._tally.classes}
        for queue in {queue for queue, _ in self._tally.classes}:
            rates.setdefault((queue, ALL), self._tally.rates(now.at, queue))
        for key, by_window in rates.items():
            for window, rate in by_window.items():
                if rate is not None:
                    family.add_metric((*key, window), rate)
        return family

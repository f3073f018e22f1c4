"""The text of the metrics page: what Prometheus' own writer would have written, with labels that stay few."""

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from metrics.adapters.exporter import HotlineCollector
from metrics.adapters.gauges import Now
from metrics.adapters.page_text import HistogramPage, page_text
from metrics.adapters.site_watch import LastProbe, Seen
from metrics.class_tally import OTHER
from metrics.histogram import WAIT_BOUNDS_S, Histogram
from metrics.tally import MOST_CLASSES, Tally
from metrics.view import LiveView
from routing.rules import Tier
from tests.builders_facts import offered
from tests.unit.test_metrics_tally import NOON, a_tally, hour_of

TIERS = (Tier("vip", 10.0, 0.95), Tier("ordinary", 20.0, 0.9))


class Families(Collector):
    """Hands out what it was given."""

    def __init__(self, families: list[Metric]) -> None:
        self.families = families

    def collect(self) -> list[Metric]:
        """All of them."""
        return self.families


def written_by_the_library(families: list[Metric]) -> bytes:
    """The same families by prometheus_client."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Families(families))
    return generate_latest(registry)


_text = st.text('ab"\\\n 接', max_size=6)
_number = (st.floats(allow_nan=False) | st.integers(-9, 10**7)).map(lambda number: number + 0.0)  # no minus zero


@given(help_text=_text, labels=st.lists(_text, max_size=4, unique=True), number=_number)
def test_the_text_is_the_library_s(help_text: str, labels: list[str], number: float) -> None:
    """Whatever stands in names, help texts and values, Prometheus reads the same."""
    counter = CounterMetricFamily("a", help_text, labels=["queue"])
    gauge = GaugeMetricFamily("b", help_text, labels=["tier", "queue"])
    histogram = HistogramMetricFamily("c", help_text, labels=["queue"])
    for label in labels:
        counter.add_metric((label,), abs(number))
        gauge.add_metric((label, "x"), number)
        histogram.add_metric((label,), [("1.0", 1.0), ("+Inf", 2.0)], number)
    families: list[Metric] = [counter, gauge, histogram]
    assert page_text(families) == written_by_the_library(families)


@given(st.lists(st.floats(0, 1000), max_size=20), st.text('ab"\\\n 接', max_size=6), st.integers(0, 10**9))
def test_histograms_are_written_as_the_library_does(values: list[float], queue: str, many: int) -> None:
    """Written straight from their counts, and the same to the last character, millions of calls included."""
    histogram = Histogram(WAIT_BOUNDS_S)
    histogram.add_many(3, many, float(many))
    for value in values:
        histogram.add(value)
    page = HistogramPage("a", "help", ("queue", "tier"), {(queue, "vip"): histogram, (queue, "ordinary"): histogram})
    assert page_text([page]) == written_by_the_library([page.as_samples()])


def test_a_value_that_is_no_number_is_written_as_prometheus_does() -> None:
    """An operator who divides by nothing sees NaN, not an error."""
    family = GaugeMetricFamily("a", "", labels=["x"])
    for value in (math.nan, math.inf, -math.inf):
        family.add_metric((repr(value),), value)
    assert page_text([family]) == written_by_the_library([family])


def samples_of(tally: Tally, now: Now) -> dict[tuple[str, ...], float]:
    """(name, label values in the order of label names) -> value, as Prometheus reads the page."""
    page = page_text(HotlineCollector(tally, LiveView, lambda: now).collect()).decode()
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_a_figure_that_is_not_known_has_no_sample() -> None:
    """A store or database that nobody asked yet is neither up nor down; an operator sees a gap, not a lie."""
    samples = samples_of(a_tally(), Now(NOON, True, 0.0, tiers=TIERS))
    unknown = ("fallback_active", "store_up", "database_up", "records_lag_seconds")
    assert [name for name in unknown if (f"jietong_{name}",) in samples] == []
    assert samples["jietong_router_active",] == 1


def test_what_was_seen_is_shown() -> None:
    """Records behind, the fallback, the last probes, hours and targets are all on the page."""
    seen = Seen(True, False, 12.5, True, {"random": LastProbe(False, NOON)})
    samples = samples_of(a_tally(), Now(NOON, False, 3.0, True, TIERS, {"hotline": False}, seen))
    assert samples["jietong_store_up",] == 1
    assert samples["jietong_database_up",] == 0
    assert samples["jietong_records_lag_seconds",] == 12.5
    assert samples["jietong_fallback_active",] == 1
    assert samples["jietong_probe_last_result", "random"] == 0
    assert samples["jietong_probe_last_at_seconds", "random"] == NOON
    assert samples["jietong_queue_open", "hotline"] == 0
    assert samples["jietong_tier_target_seconds", "vip"] == 10
    assert samples["jietong_tier_goal", "ordinary"] == 0.9
    assert (samples["jietong_tier_priority", "vip"], samples["jietong_tier_priority", "ordinary"]) == (1, 2)
    assert samples["jietong_answer_rate_goal", "peak_hour"] == 0.85


def test_labels_stay_few_whatever_callers_and_queues_come() -> None:
    """A thousand made-up queues fill one label, not Prometheus' disk."""
    tally = a_tally(*(offered(NOON, f"c{number}", queue=f"q{number}") for number in range(10 * MOST_CLASSES)))
    samples = samples_of(tally, Now(NOON, True, 0.0))
    queues = {key[1] for key in samples if key[0] == "jietong_calls_offered_total"}
    assert len(queues) <= MOST_CLASSES + 1 and OTHER in queues
    assert sum(value for key, value in samples.items() if key[0] == "jietong_calls_offered_total") == 10 * MOST_CLASSES


def test_who_waits_beyond_the_target_is_counted() -> None:
    """A supervisor sees how many are late, not only the longest wait."""
    view = LiveView()
    for number, waited_s in enumerate((5.0, 15.0, 25.0)):
        view.add(offered(NOON - waited_s, f"v{number}", "vip"))
    collector = HotlineCollector(Tally(hour_of), lambda: view, lambda: Now(NOON, True, 0.0, tiers=TIERS))
    late = next(family for family in collector.collect() if family.name == "jietong_calls_beyond_target")
    assert [(sample.labels["tier"], sample.value) for sample in late.samples] == [("vip", 2)]

"""Metric families as the text that Prometheus reads.

Owns the writing only; the form is prometheus_client's (text format 0.0.4), whose own writer takes three times as long for a page of
thousands of samples: it looks at every label of every sample anew. A test holds both against each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from metrics.histogram import Histogram

MOST_LABEL_SETS = 20_000  # more than the bounded label sets of a site make


class HistogramPage(Metric):
    """Histograms of one name, by label values: written straight from their counts, for they are two thirds of a page."""

    def __init__(
        self, name: str, text: str, labels: Sequence[str], histograms: Mapping[tuple[str, ...], Histogram]
    ) -> None:
        super().__init__(name, text, "histogram")
        self._labels, self._histograms = tuple(labels), histograms

    def as_samples(self) -> HistogramMetricFamily:
        """The same in prometheus_client's own form."""
        family = HistogramMetricFamily(self.name, self.documentation, labels=self._labels)
        for key, histogram in self._histograms.items():
            family.add_metric(key, histogram.cumulative(), histogram.total)
        return family

    def lines(self) -> list[str]:
        """Every sample as its line."""
        found = []
        for key, histogram in self._histograms.items():
            buckets, count, total = _line_heads(self.name, tuple(zip(self._labels, key, strict=True)), histogram.bounds)
            running = 0
            for head, number in zip(buckets, histogram.counts, strict=True):
                running += number
                found.append(f"{head}{running}.0\n" if running < SHORT else f"{head}{_value(running)}\n")
            found.append(f"{count}{_value(running)}\n")
            found.append(f"{total}{_value(histogram.total)}\n")
        return found


def page_text(families: Iterable[Metric]) -> bytes:
    """The page of all families: counters, gauges and histograms, in their order."""
    lines: list[str] = []
    for family in families:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        lines.append(f"# HELP {name} {_one_line(family.documentation)}\n# TYPE {name} {family.type}\n")
        if isinstance(family, HistogramPage):
            lines += family.lines()
            continue
        lines += [
            f"{sample.name}{_labels(tuple(sample.labels.items()))} {_value(sample.value)}\n"
            for sample in family.samples
        ]
    return "".join(lines).encode()


SHORT = 1_000_000  # from here on a number is written with an exponent
_value = lru_cache(MOST_LABEL_SETS)(floatToGoString)


@lru_cache(MOST_LABEL_SETS)
def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels)) + "}"


@lru_cache(MOST_LABEL_SETS)
def _line_heads(
    name: str, labels: tuple[tuple[str, str], ...], bounds: tuple[float, ...]
) -> tuple[list[str], str, str]:
    """Everything before the number: of each bucket, of the count, of the sum."""
    ends = [_value(bound) for bound in (*bounds, float("inf"))]
    buckets = [f"{name}_bucket{_labels((*labels, ('le', end)))} " for end in ends]
    return buckets, f"{name}_count{_labels(labels)} ", f"{name}_sum{_labels(labels)} "


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _one_line(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")

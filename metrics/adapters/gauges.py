"""The gauges of the metrics page: what is so at the moment of the scrape.

Owns their names, help texts and labels. Must not count, nor ask anybody: everything is handed in.
Contract: design.md section 5; labels are queue, tier and closed words, never a call, an agent or a number. A figure that is not known has no sample.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from metrics.adapters.site_watch import NOTHING_SEEN, Seen
from metrics.kpi import GOALS
from metrics.present import Key, Present
from metrics.view import LiveView
from routing.rules import Tier

LABELS = ("queue", "tier")


@dataclass(frozen=True, slots=True)
class Now:
    """What a scrape needs beside the counts.

    lag_s           how far the reader of the journal is behind
    tiers           in order of priority
    open_queues     queue -> whether it is in its opening hours
    """

    at: float
    is_router_active: bool
    lag_s: float
    is_calendar_missing: bool = False
    tiers: Sequence[Tier] = ()
    open_queues: Mapping[str, bool] = field(default_factory=dict)
    seen: Seen = NOTHING_SEEN


def gauge(
    name: str, text: str, labels: Sequence[str], samples: Mapping[tuple[str, ...], float | None]
) -> GaugeMetricFamily:
    """A family with a sample for each key whose value is known."""
    family = GaugeMetricFamily(name, text, labels=list(labels))
    for key, value in samples.items():
        if value is not None:
            family.add_metric(key, float(value))
    return family


def waiting_gauges(view: LiveView, keys: Sequence[Key], now: Now) -> Iterator[Metric]:
    """Who waits, for how long, how many beyond their target, and who will be called back; every class of `keys` is there."""
    targets = {tier.name: tier.answer_within_s for tier in now.tiers}
    counts: dict[tuple[str, ...], float | None] = dict.fromkeys(keys, 0)
    waits: dict[tuple[str, ...], float | None] = dict.fromkeys(keys, 0.0)
    late: dict[tuple[str, ...], float | None] = dict.fromkeys(keys, 0)
    promised: dict[tuple[str, ...], float | None] = dict.fromkeys(keys, 0)
    for call in view.waiting():
        if call.is_probe:
            continue
        key, wait_s = (call.queue, call.tier), max(0.0, now.at - (call.queued_at or call.since))
        counts[key] = (counts.get(key) or 0) + 1
        waits[key] = max(waits.get(key) or 0.0, wait_s)
        late[key] = (late.get(key) or 0) + (wait_s > targets.get(call.tier, float("inf")))
    for call in view.callbacks():
        if not call.is_probe:
            promised[call.queue, call.tier] = (promised.get((call.queue, call.tier)) or 0) + 1
    yield gauge("jietong_calls_waiting", "Calls in a queue, those being offered included", LABELS, counts)
    yield gauge(
        "jietong_oldest_wait_seconds", "How long the longest waiting call has waited; 0 when none waits", LABELS, waits
    )
    yield gauge("jietong_calls_beyond_target", "Calls that wait longer than their tier's target", LABELS, late)
    yield gauge("jietong_callbacks_open", "Customers who will be called back", LABELS, promised)


def agent_gauge(view: LiveView, queues: Sequence[str]) -> Metric:
    """Agents by queue and state."""
    states = view.states_by_queue(queues)
    return gauge(
        "jietong_agents",
        "Agents by state; an agent counts in each queue that it serves",
        ("queue", "state"),
        {(queue, state): count for queue, own in states.items() for state, count in own.items()},
    )


def rate_gauges(present: Present) -> Iterator[Metric]:
    """Answer rates, their goals, and how the day stands."""
    yield gauge(
        "jietong_answer_rate",
        "Answered / offered calls whose outcome is known; no sample when no call counts",
        (*LABELS, "window"),
        {(*key, window): rate for key, rates in present.rates().items() for window, rate in rates.items()},
    )
    yield gauge(
        "jietong_answer_rate_goal",
        "Least answer rate by window",
        ("window",),
        {(window,): goal for window, goal in GOALS.items()},
    )
    outlooks = present.outlooks()
    yield gauge(
        "jietong_day_calls",
        "Calls that entered the queue today: all, whose outcome is known, and of these those that were answered",
        ("queue", "state"),
        {
            (queue, state): getattr(outlook.count, state)
            for queue, outlook in outlooks.items()
            for state in ("offered", "concluded", "answered")
        },
    )
    yield gauge(
        "jietong_day_answer_rate_reachable",
        "The best answer rate that the day can still end with: nobody is missed any more",
        ("queue",),
        {(queue,): outlook.reachable for queue, outlook in outlooks.items()},
    )
    yield gauge(
        "jietong_day_calls_to_goal",
        "Calls in a row that must be answered until the day's answer rate is at its goal; 0 when it is",
        ("queue",),
        {(queue,): outlook.calls_to_goal for queue, outlook in outlooks.items()},
    )


def site_gauges(now: Now) -> Iterator[Metric]:
    """What was configured, and whether the parts of the site are there."""
    tiers = {(tier.name,): tier for tier in now.tiers}
    by_tier = ("tier",)
    yield gauge(
        "jietong_tier_target_seconds",
        "Within how long callers of a tier shall be answered",
        by_tier,
        {key: tier.answer_within_s for key, tier in tiers.items()},
    )
    yield gauge(
        "jietong_tier_goal",
        "Share of calls of a tier that shall be answered within its target",
        by_tier,
        {key: tier.goal for key, tier in tiers.items()},
    )
    yield gauge(
        "jietong_tier_priority",
        "Place of a tier in the order of service; 1 is served first",
        by_tier,
        {key: place for place, key in enumerate(tiers, 1)},
    )
    yield gauge(
        "jietong_queue_open",
        "1 while the queue is in its opening hours",
        ("queue",),
        {(queue,): is_open for queue, is_open in now.open_queues.items()},
    )
    seen = now.seen
    plain: tuple[tuple[str, str, float | None], ...] = (
        ("jietong_router_active", "1 while a router holds the lease", now.is_router_active),
        (
            "jietong_fallback_active",
            "1 while Asterisk's own queue serves callers, because no router is there",
            seen.is_fallback,
        ),
        ("jietong_store_up", "1 while Redis or Valkey answers", seen.has_store),
        ("jietong_database_up", "1 while the database answers", seen.has_database),
        (
            "jietong_records_lag_seconds",
            "How long the oldest journal entry that is not in the database has been there; 0 when all are",
            seen.records_lag_s,
        ),
        (
            "jietong_journal_lag_seconds",
            "How long there have been journal entries that are not counted; 0 while it keeps up",
            now.lag_s,
        ),
        (
            "jietong_holiday_calendar_missing",
            "1 while this or the coming year's public holidays should be known and are not",
            now.is_calendar_missing,
        ),
    )
    for name, text, value in plain:
        yield gauge(name, text, (), {(): value})
    yield gauge(
        "jietong_probe_last_result",
        "1 when the latest test call of a kind was as it should be, 0 when it failed",
        ("kind",),
        {(kind,): probe.is_ok for kind, probe in seen.probes.items()},
    )
    yield gauge(
        "jietong_probe_last_at_seconds",
        "When the latest test call of a kind was made",
        ("kind",),
        {(kind,): probe.at for kind, probe in seen.probes.items()},
    )

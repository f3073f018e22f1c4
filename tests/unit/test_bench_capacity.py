"""When a rate of calls holds, when a try is given up, and how the highest rate is found."""

import pytest

from bench.capacity import CLOSE, MOST_RATE, Probe, Search, lost_to, verdict
from tests.robots.sipp.run import SippCounts


@pytest.mark.parametrize(
    ("counts", "p99_ms", "why"),
    [
        ((100, 100, 0, 0), 80.0, ""),
        ((100, 99, 1, 0), 80.0, "1 failed, 0 unfinished"),
        ((100, 90, 0, 0), 80.0, "0 failed, 10 unfinished"),
        ((1000, 1000, 0, 11), 80.0, "11 retransmissions"),
        ((100, 100, 0, 0), 150.0, "menu step p99 150 ms"),
        ((100, 100, 0, 0), float("nan"), "menu step p99 nan ms"),
    ],
)
def test_a_rate_holds_only_when_nothing_was_wrong(counts: tuple[int, int, int, int], p99_ms: float, why: str) -> None:
    """A failed call, an unfinished one, lost messages, a slow menu or no measured step at all: the rate did not hold."""
    calls, successful, failed, retransmissions = counts
    found = SippCounts(successful=successful, failed=failed, retransmissions=retransmissions)
    assert verdict(calls, found, p99_ms) == why


@pytest.mark.parametrize(
    ("failed", "retransmissions", "late", "why"),
    [
        (0, 0, 0, ""),
        (1, 0, 0, "1 failed"),
        (0, 10, 0, ""),
        (0, 11, 0, "11 retransmissions"),
        (0, 0, 10, ""),
        (0, 0, 11, "11 menu steps over 150 ms"),
    ],
)
def test_a_try_is_given_up_only_when_nothing_can_save_it(
    failed: int, retransmissions: int, late: int, why: str
) -> None:
    """Of 1,000 calls one failed, eleven messages were sent again or eleven steps were late: the rest of three minutes cannot mend that."""
    so_far = SippCounts(created=200, successful=200 - failed, failed=failed, retransmissions=retransmissions)
    assert lost_to(1000, so_far, [20.0] * (200 - late) + [150.1] * late) == why


@pytest.mark.parametrize("limit", [3.0, 17.0, 62.0, 1000.0])
def test_the_search_ends_close_to_the_limit(limit: float) -> None:
    """The capacity is found from below, whatever it is, and never beyond what held."""
    search, tries = Search("ours", 10.0), 0
    while not search.is_over:
        rate = search.rate
        search.take(Probe("ours", rate, 10, 100, 0, 0, 50.0, 0.1, "" if rate <= limit else "too much"))
        tries += 1
        assert tries < 40
    assert search.held <= min(limit, MOST_RATE)
    assert search.held >= min(limit, MOST_RATE) / CLOSE

"""Service level as five schools reckon it, on the same calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.service_level import (
    BUCKETS_S,
    LevelCount,
    Variant,
    abandonment_rate,
    answered_by_bucket,
    count_against,
    levels,
    service_level,
)

WORKED_EXAMPLE = LevelCount(
    answered=1000, abandoned=60, answered_in_target=860, abandoned_in_target=20, short_abandoned=10
)
PUBLISHED = {"F1": 83.0, "F2": 86.0, "F3": 81.1, "F4": 82.7, "F5": 81.9}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_worked_example(name: str) -> None:
    """A day of 1,060 calls, as two trade pages print it (field.md 5.1): each formula gives its published percentage."""
    level = service_level(WORKED_EXAMPLE, Variant(name))
    assert level is not None
    assert round(100 * level, 1) == PUBLISHED[name]


WAITS = [(0.0, True), (19.9, True), (20.0, True), (20.001, True), (3.0, False), (5.0, False), (25.0, False)]


def test_calls_are_counted_on_the_right_side_of_the_target() -> None:
    """Exactly 20 s is in time, a millisecond more is not; who hangs up after 3 s is a short abandon, after 5 s not."""
    assert count_against(WAITS, 20) == LevelCount(4, 3, 3, 2, 1)


def test_buckets_of_seconds() -> None:
    """The n-second counts of a carrier's own reports."""
    buckets = answered_by_bucket(WAITS)
    assert tuple(buckets) == BUCKETS_S
    assert (buckets[3], buckets[20], buckets[60]) == ((1, 1), (3, 2), (4, 3))


@pytest.mark.parametrize("variant", Variant)
def test_an_empty_hour_has_no_level(variant: Variant) -> None:
    """Nobody called: none, not 0 %."""
    assert service_level(LevelCount(), variant) is None
    assert abandonment_rate(LevelCount(), without_short=True) is None


def test_abandonment_with_and_without_short_ones() -> None:
    """60 of 1,060 gave up; without the ten who did at once, 50 of 1,050."""
    assert abandonment_rate(WORKED_EXAMPLE, without_short=False) == pytest.approx(60 / 1060)
    assert abandonment_rate(WORKED_EXAMPLE, without_short=True) == pytest.approx(50 / 1050)


calls = st.lists(st.tuples(st.floats(0, 600), st.booleans()), max_size=60)


@given(calls, st.floats(5, 120))
def test_every_level_is_a_share_and_they_keep_their_order(waits: list[tuple[float, bool]], target_s: float) -> None:
    """No formula leaves 0..1; leaving calls out of the base never lowers a level; of the offered is the strictest."""
    found = {variant.value: level for variant, level in levels(count_against(waits, target_s)).items()}
    known = {name: level for name, level in found.items() if level is not None}
    assert all(0 <= level <= 1 for level in known.values())
    strictest = known.get("F3")
    if strictest is not None:
        assert all(level >= strictest for level in known.values())


@given(calls, calls, st.floats(0, 120))
def test_counts_of_parts_add_up(
    morning: list[tuple[float, bool]], evening: list[tuple[float, bool]], target_s: float
) -> None:
    """Two halves of a day make the day, in whatever order the calls are counted."""
    whole = count_against([*evening, *morning], target_s)
    assert count_against(morning, target_s) + count_against(evening, target_s) == whole

"""What an operator may rely on when reading the counts: every call once, whatever the journal lacks."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.class_tally import KEEP_HOURS
from metrics.tally import FORGET_S, MOST_CLASSES, Tally, TallyRefusedError
from routing.facts import Fact, Outcome
from tests.builders_facts import QUEUE, answered, closed, entered, offered, rang, record

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0
ORDINARY = (QUEUE, "ordinary")


def hour_of(at: float) -> str:
    """UTC clock hours."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H")


def a_tally(*facts: Fact) -> Tally:
    """A tally of a two-tier hotline that has seen `facts`."""
    tally = Tally(hour_of, [(QUEUE, "vip"), ORDINARY])
    for fact in facts:
        tally.add(fact)
    return tally


def after_a_stay(tally: Tally) -> Tally:
    """The tally as it comes back from the store."""
    other = Tally(hour_of)
    other.load_plain(msgspec.json.decode(msgspec.json.encode(tally.to_plain())))
    return other


_call = st.sampled_from([f"call-{i}" for i in range(12)])
_tier = st.sampled_from(["vip", "ordinary", "unheard-of"])
_queue = st.sampled_from([QUEUE, "complaint"])
_wait_s = st.floats(0, 2 * FORGET_S) | st.floats(0, 60)
_at = st.floats(NOON, NOON + 3 * FORGET_S)
_ends = [(Outcome.ANSWERED, "caller"), (Outcome.ABANDONED, "waiting"), (Outcome.ABANDONED, "new word")]
_ends += [(Outcome.LOST, "asterisk"), (Outcome.MENU, "caller"), (Outcome.CALLBACK, "kept")]
_fact = st.one_of(
    st.builds(entered, _at, _call),
    st.builds(offered, _at, _call, _tier, _queue),
    st.builds(answered, _at, _call, _wait_s, _tier, st.booleans(), _queue),
    st.builds(
        lambda at, end, call, wait_s, tier, queue: record(at, end[0], call, end[1], wait_s, tier, queue=queue),
        _at, st.sampled_from(_ends), _call, _wait_s, _tier, _queue,
    ),
    st.builds(closed, _at, st.sampled_from(["answered", "busy", "new word"]), _call, st.just("1001"), _tier),
    st.builds(rang, _at, _call, st.just("1001"), _tier, st.floats(0, 10)),
)  # fmt: skip
_facts = st.lists(_fact, max_size=60)


def check_balance(tally: Tally) -> None:
    """offered = answered + abandoned + lost + left + unaccounted + in flight, in each class; histograms agree with counters."""
    for (queue, tier), counts in tally.classes.items():
        abandoned = sum(counts.abandoned.values())
        gone = counts.lost + sum(counts.left.values())
        in_flight = tally.in_flight(queue, tier)
        assert counts.offered == counts.answered + abandoned + gone + counts.unaccounted + in_flight
        assert sum(counts.answer_wait.counts) == counts.answered >= counts.in_target
        assert sum(counts.abandon_wait.counts) == abandoned
        year = sum(count.concluded for count in counts.years.values())
        assert year == counts.answered + abandoned + gone
        assert sum(count.offered for count in counts.years.values()) == counts.offered


@settings(max_examples=300)
@given(facts=_facts)
def test_every_offered_call_is_somewhere_exactly_once(facts: list[Fact]) -> None:
    """Whatever is missing, doubled or out of order in the journal, the counters add up after every fact."""
    tally = a_tally()
    for fact in facts:
        tally.add(fact)
        check_balance(tally)


@settings(max_examples=150)
@given(facts=_facts, cut=st.integers(0, 60))
def test_a_restart_changes_no_count(facts: list[Fact], cut: int) -> None:
    """A metrics process that was restarted anywhere shows the same figures as one that never was."""
    through = a_tally(*facts)
    restarted = after_a_stay(a_tally(*facts[:cut]))
    for fact in facts[cut:]:
        restarted.add(fact)
    assert msgspec.to_builtins(restarted.to_plain()) == msgspec.to_builtins(through.to_plain())


def test_an_answered_call_counts_once_though_two_facts_tell_of_it() -> None:
    """The answer and the record at the end are one answered call."""
    tally = a_tally(offered(NOON), answered(NOON + 5), record(NOON + 60, Outcome.ANSWERED, queued_at=NOON))
    counts = tally.classes[ORDINARY]
    assert (counts.offered, counts.answered, counts.in_target, sum(counts.answer_wait.counts)) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("outcome", "reason", "expected"),
    [
        (Outcome.ABANDONED, "waiting", {"abandoned": 1, "lost": 0, "menu": 0}),
        (Outcome.ABANDONED, "ringing", {"abandoned": 1, "lost": 0, "menu": 0}),
        (Outcome.LOST, "asterisk", {"abandoned": 0, "lost": 1, "menu": 0}),
        (Outcome.MENU, "caller", {"abandoned": 0, "lost": 0, "menu": 1}),
    ],
)
def test_each_end_is_counted_under_its_own_word(outcome: Outcome, reason: str, expected: dict[str, int]) -> None:
    """A caller who hangs up waiting, ringing, in the menu, or whose line died, is told apart."""
    tally = a_tally(record(NOON, outcome, reason=reason))
    counts = tally.classes[ORDINARY]
    assert counts.abandoned.get(reason, 0) == expected["abandoned"]
    assert (counts.lost, tally.menu_calls) == (expected["lost"], expected["menu"])
    assert counts.offered == (0 if outcome is Outcome.MENU else 1)


def test_a_caller_who_is_refused_counts_apart() -> None:
    """Sent away at the door: neither offered nor an IVR call; a restart forgets none of them."""
    tally = a_tally(record(NOON, Outcome.MENU, reason="full"))
    assert (tally.refused, tally.refused_at) == ({"full": 1, "rate": 0}, NOON)
    assert (tally.menu_calls, tally.classes[ORDINARY].offered) == (0, 0)
    again = a_tally()
    again.load_plain(msgspec.json.decode(msgspec.json.encode(tally.to_plain())))
    assert again.refused == {"full": 1, "rate": 0}


def test_a_call_first_heard_of_at_its_answer_was_offered_too() -> None:
    """A reader that starts in the middle of a call counts it whole, in the hour in which it was queued."""
    tally = a_tally(answered(NOON + 5, wait_s=10.0))
    assert tally.classes[ORDINARY].offered == 1
    assert tally.classes[ORDINARY].hours[hour_of(NOON - 5)].answered == 1


def test_a_call_that_a_router_rebuilt_after_its_end_is_not_counted_again() -> None:
    """Records take the first end of a call and so do metrics: both agree."""
    tally = a_tally(
        offered(NOON), record(NOON + 3, Outcome.ABANDONED), offered(NOON + 4), record(NOON + 9, Outcome.LOST)
    )
    counts = tally.classes[ORDINARY]
    assert (counts.offered, sum(counts.abandoned.values()), counts.lost) == (1, 1, 0)


def test_an_hour_without_calls_has_no_answer_rate() -> None:
    """No call is not an answer rate of 0 %."""
    assert a_tally().rates(NOON) == {"hour": None, "day": None, "peak_hour": None, "year": None}


def test_a_caller_who_still_waits_does_not_lower_the_answer_rate() -> None:
    """Only calls whose outcome is known count; a call that talks is answered."""
    tally = a_tally(offered(NOON, "a"), offered(NOON, "b"), answered(NOON + 5, "a"))
    assert tally.rates(NOON + 6)["hour"] == 1.0


def test_a_call_counts_in_the_hour_in_which_it_was_queued() -> None:
    """A caller queued at 11:59 who gives up at 12:01 was the eleven o'clock shift's."""
    tally = a_tally(offered(NOON - 60), record(NOON + 60, Outcome.ABANDONED, wait_s=120))
    rates = tally.rates(NOON + 61)
    assert (rates["hour"], rates["day"]) == (None, 0.0)
    assert tally.rates(NOON - 1)["hour"] == 0.0


def _hour_with(at: float, answers: int, abandons: int, tier: str = "ordinary") -> list[Fact]:
    facts: list[Fact] = [answered(at, f"{at}-{tier}-{i}", 0.0, tier) for i in range(answers)]
    return facts + [record(at, Outcome.ABANDONED, f"{at}-{tier}-x{i}", wait_s=0, tier=tier) for i in range(abandons)]


def test_windows_are_the_clock_hour_the_day_its_peak_hour_and_the_year() -> None:
    """Four figures for one moment: this hour, today, today's busiest hour, this year."""
    yesterday = _hour_with(NOON - 24 * HOUR, answers=0, abandons=100)
    last_year = _hour_with(NOON - 365 * 24 * HOUR, answers=0, abandons=7)
    busiest = _hour_with(NOON - 3 * HOUR, answers=6, abandons=4)
    now = _hour_with(NOON, answers=3, abandons=1)
    rates = a_tally(*yesterday, *last_year, *busiest, *now).rates(NOON + 1)
    assert rates == {"hour": 3 / 4, "day": 9 / 14, "peak_hour": 6 / 10, "year": 9 / 114}


def test_the_earlier_of_two_equally_busy_hours_is_the_peak() -> None:
    """A tie is broken the same way every time."""
    tally = a_tally(*_hour_with(NOON, 0, 2), *_hour_with(NOON - 2 * HOUR, 2, 0))
    assert tally.rates(NOON + 1)["peak_hour"] == 1.0


def test_the_peak_hour_of_a_tier_is_that_of_the_whole_hotline() -> None:
    """VIP figures of the peak hour are those of the hour in which the hotline was busiest, not VIP's own."""
    busy = _hour_with(NOON - HOUR, 10, 0) + _hour_with(NOON - HOUR, 0, 1, "vip")
    tally = a_tally(*busy, *_hour_with(NOON, 2, 0, "vip"))
    assert tally.present(NOON).rates()[QUEUE, "vip"]["peak_hour"] == 0.0


def test_old_hours_live_on_in_the_year() -> None:
    """The checkpoint stays small and the year's answer rate loses nothing."""
    tally = a_tally()
    for hour in range(KEEP_HOURS + 50):
        for fact in _hour_with(NOON - (KEEP_HOURS + 50 - hour) * HOUR, 1, 0):
            tally.add(fact)
    assert len(tally.classes[ORDINARY].hours) == KEEP_HOURS
    assert tally.classes[ORDINARY].years["2026"].answered == KEEP_HOURS + 50


def test_a_call_without_an_end_is_given_up_after_a_day() -> None:
    """A record that never came leaves no call in flight for ever, and a late one is not counted a second time."""
    tally = a_tally(offered(NOON), offered(NOON + FORGET_S + 3700, "b"))
    assert (tally.classes[ORDINARY].unaccounted, tally.in_flight(*ORDINARY)) == (1, 1)
    tally.add(record(NOON + FORGET_S + 3800, Outcome.ABANDONED, queued_at=NOON))
    assert sum(tally.classes[ORDINARY].abandoned.values()) == 0


def test_labels_stay_bounded_whatever_queues_are_named() -> None:
    """A thousand queue names make no thousand series."""
    tally = a_tally(*(offered(NOON, f"c{i}", queue=f"q{i}") for i in range(1000)))
    assert len(tally.classes) <= MOST_CLASSES + 1
    assert sum(counts.offered for counts in tally.classes.values()) == 1000


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"version": 1},
        {"version": 2},
        {"version": 2, "classes": 5},
        [],
        None,
        {"version": 2, "classes": [["q", "t", {}]]},
    ],
)
def test_a_damaged_checkpoint_is_refused_whole(plain: object) -> None:
    """A checkpoint of another version or with parts missing is not half taken over."""
    tally = a_tally(offered(NOON))
    before = msgspec.to_builtins(tally.to_plain())
    with pytest.raises(TallyRefusedError):
        tally.load_plain(plain)  # type: ignore[arg-type]
    assert msgspec.to_builtins(tally.to_plain()) == before

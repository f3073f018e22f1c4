"""How long a caller will wait: the formula by hand, and what must always hold."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.estimate import predicted_wait, wait_behind
from routing.pace import MEMORY_CALLS, PRIOR_HANDLING_S, PRIOR_PATIENCE_S, Pace
from routing.rules import Queue, Talent
from tests.builders import a_state
from tests.scenario.play import play

# ahead, agents, handling_s, patience_s -> mean: the sum of 1 / (n/handling + j/patience), j = 0..ahead, by hand
BY_HAND = {
    (0, 1, 180, 180): 180.0,
    (1, 1, 180, 180): 180 + 90,
    (2, 1, 180, 180): 180 + 90 + 60,
    (0, 10, 180, 180): 18.0,
    (3, 2, 60, 120): 30 + 24 + 20 + 120 / 7,
    (9, 10, 180, 1e12): 180.0,
}


@pytest.mark.parametrize("case", BY_HAND, ids=str)
def test_the_mean_by_hand(case: tuple[int, int, float, float]) -> None:
    """Callers in front leave by an agent or by giving up; the time for each is added."""
    ahead, agents, handling_s, patience_s = case
    found = wait_behind(ahead, agents, Pace(handling_s, waited_s=patience_s, hung_up=1))
    assert found.mean_s == pytest.approx(BY_HAND[case], rel=1e-6)


def test_the_interval_of_a_single_exponential_wait() -> None:
    """First in line with one agent: a tenth of such waits is below 0.105 of the mean, a tenth above 2.303 of it."""
    found = wait_behind(0, 1, Pace(100))
    assert found.low_s == pytest.approx(10.54, abs=1.0)
    assert found.high_s == pytest.approx(230.3, abs=3.0)


@pytest.mark.parametrize("ahead", [199, 200, 201, 1000, 20_000])
def test_long_lines_are_reckoned_as_exactly(ahead: int) -> None:
    """The short cut for long lines is within a thousandth of the whole sum."""
    pace = Pace(180, waited_s=300, hung_up=1)
    whole = math.fsum(1 / (50 / 180 + j / 300) for j in range(ahead + 1))
    assert wait_behind(ahead, 50, pace).mean_s == pytest.approx(whole, rel=1e-3)


@given(st.integers(0, 500), st.integers(1, 200), st.floats(1, 2000), st.floats(1, 5000))
def test_what_always_holds(ahead: int, agents: int, handling_s: float, patience_s: float) -> None:
    """More callers in front: longer; more agents: shorter; the mean lies in its interval."""
    pace = Pace(handling_s, waited_s=patience_s, hung_up=1)
    found = wait_behind(ahead, agents, pace)
    assert 0 <= found.low_s <= found.mean_s <= found.high_s
    assert wait_behind(ahead + 1, agents, pace).mean_s > found.mean_s
    assert wait_behind(ahead, agents + 1, pace).mean_s < found.mean_s


def test_the_pace_is_learned_and_remembers_about_two_hundred_calls() -> None:
    """After many calls of 60 s and one caller in four who gives up after 30 s, the prior is forgotten."""
    pace = Pace()
    assert (pace.handling_s, pace.patience_s) == (PRIOR_HANDLING_S, PRIOR_PATIENCE_S)
    for number in range(int(10 * MEMORY_CALLS)):
        pace.note_handled(60)
        pace.note_wait(30, hung_up=number % 4 == 0)
    assert pace.handling_s == pytest.approx(60, abs=1)
    assert pace.patience_s == pytest.approx(120, rel=0.05)


def test_only_agents_who_can_serve_the_call_are_counted_upon() -> None:
    """Two of three agents know billing; a VIP seat is not counted upon for others; somebody who paused is not."""
    state = a_state(
        shared=3,
        vip=1,
        queues=(Queue("billing", 1.0, (("billing", 1),)),),
        talents={n: Talent((("billing", 3),)) for n in ("1001", "1002", "1901")},
    )
    play(
        state,
        """
        0 | register 1001 | nothing
        1 | register 1002 | nothing
        2 | register 1003 | nothing
        3 | register 1901 | nothing
        4 | queue a ordinary | ring 1001 a
        5 | queue b ordinary | ring 1002 b
        6 | queue c ordinary | ring 1003 c
        7 | queue d ordinary in=billing | nothing
        8 | queue e ordinary | nothing
        9 | queue v vip in=billing | ring 1901 v
        10 | queue w vip in=billing | nothing
        """,
    )
    billing, other, vip = (predicted_wait(state, state.calls[call], 11.0) for call in "dew")
    assert billing is not None and other is not None and vip is not None
    # w is VIP: first. d waits behind w at the two billing agents (of w's three), e behind both at all three shared seats
    assert vip.ahead == 0 and vip.mean_s == pytest.approx(PRIOR_HANDLING_S / 3)
    assert billing.ahead == 1 and billing.mean_s == pytest.approx(90 + 60)
    play(state, "12 | pause 1002 lunch | nothing\n13 | fails b 1002 no_answer | nothing")
    fewer = predicted_wait(state, state.calls["d"], 14.0)
    assert fewer is not None and fewer.mean_s > billing.mean_s


def test_nothing_is_promised_when_nobody_is_at_work() -> None:
    """No agent: no estimate, rather than a guess."""
    state = a_state(shared=1)
    play(state, "0 | queue a ordinary | nothing")
    assert predicted_wait(state, state.calls["a"], 1.0) is None

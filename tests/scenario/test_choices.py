"""Stories of who gets whom: own agents, skills, queues, and callers who have waited for long."""

from typing import Any

import pytest

from routing.rules import Queue, Talent
from tests.builders import a_state
from tests.scenario.play import play

# `billing` requires level 2 of the skill; `repairs` weighs double
BILLING = (Queue("billing", 1.0, (("billing", 2),)), Queue("repairs", 2.0))

STORIES: dict[str, tuple[dict[str, Any], str]] = {
    "a caller with a named representative gets that agent, though others were idle for longer": (
        {"shared": 1, "vip": 2, "representative_s": 5},
        """
        0 | register 1001 | nothing
        1 | register 1901 | nothing
        2 | register 1902 | nothing
        3 | queue v vip 1902 | ring 1902 v
        """,
    ),
    "the representative talks: the caller waits for it a little, then anyone may answer": (
        {"shared": 1, "vip": 2, "representative_s": 4},
        """
        0 | register 1902 | nothing
        1 | queue a vip   | ring 1902 a
        2 | answers a 1902 | nothing
        3 | register 1001 | nothing
        4 | queue v vip 1902 | held v 1902; call v waiting
        7.9 | tick        | held v 1902
        8 | tick          | ring 1001 v
        """,
    ),
    "the representative becomes free in time": (
        {"shared": 1, "vip": 1, "representative_s": 5, "wrap_up_s": 0},
        """
        0 | register 1901 | nothing
        1 | queue a vip   | ring 1901 a
        2 | answers a 1901 | nothing
        3 | register 1001 | nothing
        4 | queue v vip 1901 | held v 1901
        5 | queue w vip   | ring 1001 w
        6 | leg_ends a 1901 | ring 1901 v
        """,
    ),
    "the representative logs out while a caller waits for it: the caller goes to the others at once": (
        {"shared": 1, "vip": 1, "representative_s": 5},
        """
        0 | register 1901 | nothing
        1 | queue a vip   | ring 1901 a
        2 | answers a 1901 | nothing
        3 | register 1001 | nothing
        4 | queue v vip 1901 | held v 1901
        4.5 | logout 1901 | held v 1901
        5 | leg_ends a 1901 | ring 1001 v; agent 1901 logged_out
        """,
    ),
    "the representative's phone goes away during a call: who waits for it goes to the others at once": (
        {"shared": 1, "vip": 1, "representative_s": 5},
        """
        0 | register 1901 | nothing
        1 | queue a vip   | ring 1901 a
        2 | answers a 1901 | nothing
        3 | register 1001 | nothing
        4 | queue v vip 1901 | held v 1901
        5 | unregister 1901 | ring 1001 v
        """,
    ),
    "the representative is not there: nobody waits for it": (
        {"shared": 1, "vip": 1, "representative_s": 5},
        """
        0 | register 1001 | nothing
        1 | queue v vip 1901 | ring 1001 v
        """,
    ),
    "the representative lets it ring: the next agent, and not the same one again": (
        {"shared": 1, "vip": 1, "representative_s": 5},
        """
        0  | register 1901 | nothing
        0  | register 1001 | nothing
        1  | queue v vip 1901 | ring 1901 v
        9  | fails v 1901 no_answer | nothing
        9  | queue v vip 1901 | ring 1001 v
        """,
    ),
    "who waits for the representative never waits longer than half of the target": (
        {"shared": 1, "vip": 1, "representative_s": 60},
        """
        0 | register 1901 | nothing
        1 | queue a vip   | ring 1901 a
        2 | answers a 1901 | nothing
        3 | register 1001 | nothing
        4 | queue v vip 1901 | held v 1901
        9 | tick          | ring 1001 v
        """,
    ),
    "the last agent is tried first when an ordinary caller calls again, also at a seat in reserve": (
        {"shared": 1, "vip": 1, "representative_s": 5},
        """
        0 | register 1001 | nothing
        0 | register 1901 | nothing
        1 | queue a ordinary 1901 | ring 1901 a
        """,
    ),
    "an ordinary caller who has waited for long comes before VIP callers with a later deadline": (
        {"shared": 1, "wrap_up_s": 0, "age_ratio": 3},
        """
        0  | queue a ordinary | nothing
        5  | queue b ordinary | nothing
        55 | queue v vip  | nothing
        61 | queue w vip  | nothing
        62 | register 1001 | ring 1001 a
        63 | answers a 1001 | nothing
        64 | leg_ends a 1001 | ring 1001 v
        65 | answers v 1001 | nothing
        66 | leg_ends v 1001 | ring 1001 b
        67 | answers b 1001 | nothing
        68 | leg_ends b 1001 | ring 1001 w
        """,
    ),
    "a call that needs a skill goes to the agent who has it, whoever was idle longer": (
        {"shared": 2, "queues": BILLING, "talents": {"1002": Talent((("billing", 3),))}},
        """
        0 | register 1001 | nothing
        1 | register 1002 | nothing
        2 | queue a ordinary in=billing | ring 1002 a
        3 | queue b ordinary in=billing | nothing
        4 | queue c ordinary | ring 1001 c
        """,
    ),
    "a level below what is required is not enough": (
        {"shared": 1, "queues": BILLING, "talents": {"1001": Talent((("billing", 1),))}},
        """
        0 | register 1001 | nothing
        1 | queue a ordinary in=billing | nothing
        2 | queue b ordinary | ring 1001 b
        """,
    ),
    "no head-of-line blocking: callers whom nobody idle may serve don't hold up those behind them": (
        {"shared": 2, "queues": BILLING, "wrap_up_s": 0, "talents": {"1002": Talent((("billing", 3),))}},
        """
        0 | register 1002 | nothing
        1 | queue a vip in=billing | ring 1002 a
        2 | answers a 1002 | nothing
        3 | queue b vip in=billing | nothing
        4 | queue c vip in=billing | nothing
        5 | queue d ordinary | nothing
        6 | register 1001 | ring 1001 d
        """,
    ),
    "an agent of one queue gets no calls of another": (
        {"shared": 1, "queues": BILLING, "talents": {"1001": Talent((), ("hotline",))}},
        """
        0 | register 1001 | nothing
        1 | queue a vip in=repairs | nothing
        2 | queue b ordinary | ring 1001 b
        """,
    ),
    "a queue of double weight has its deadline in half the time": (
        {"shared": 1, "queues": BILLING, "wrap_up_s": 0},
        """
        0 | queue a ordinary | nothing
        5 | queue b ordinary in=repairs | nothing
        6 | register 1001 | ring 1001 b
        7 | answers b 1001 | nothing
        8 | leg_ends b 1001 | ring 1001 a
        """,
    ),
    "a service may require a skill of its own": (
        {
            "shared": 2,
            "requires": {"complaint": (("complaints", 2),)},
            "talents": {"1002": Talent((("complaints", 5),))},
        },
        """
        0 | register 1001 | nothing
        1 | register 1002 | nothing
        2 | queue a ordinary for=complaint | ring 1002 a
        """,
    ),
    "who chose English waits for somebody who speaks it, others do not": (
        {"shared": 2, "requires": {"en": (("english", 3),)}, "talents": {"1002": Talent((("english", 4),))}},
        """
        0 | register 1001 | nothing
        1 | queue a ordinary speaks=en | nothing
        2 | queue b ordinary | ring 1001 b
        3 | register 1002 | ring 1002 a
        """,
    ),
    "a ministry gets who knows its contracts, at the highest level that anything asks for": (
        {
            "shared": 3,
            "requires": {"government": (("contracts", 2),), "complaint": (("contracts", 3),)},
            "talents": {"1002": Talent((("contracts", 2),)), "1003": Talent((("contracts", 3),))},
        },
        """
        0 | register 1001 | nothing
        1 | register 1002 | nothing
        2 | register 1003 | nothing
        3 | queue a ordinary class=government for=complaint | ring 1003 a
        4 | queue b ordinary class=government | ring 1002 b
        5 | queue c ordinary class=household | ring 1001 c
        """,
    ),
    "an unknown queue is the default one": (
        {"shared": 1},
        """
        0 | register 1001 | nothing
        1 | queue a ordinary in=nonsense | ring 1001 a
        """,
    ),
    "the reserve counts dedicated seats together, whatever their agents can do": (
        {"shared": 0, "vip": 2, "reserve": 1, "talents": {"1901": Talent((("billing", 3),))}},
        """
        0 | register 1901 | nothing
        1 | register 1902 | nothing
        2 | queue a ordinary | ring 1901 a
        3 | queue b ordinary | nothing
        """,
    ),
    "one more idle dedicated seat lets another of its kind help, though its own agent cannot": (
        {"shared": 0, "vip": 2, "reserve": 1, "queues": BILLING, "talents": {"1901": Talent((), ("hotline",))}},
        """
        0 | register 1902 | nothing
        1 | queue a ordinary in=repairs | nothing
        2 | register 1901 | ring 1902 a
        """,
    ),
    "without ageing a VIP caller always comes first": (
        {"shared": 1, "wrap_up_s": 0, "age_ratio": 0},
        """
        0   | queue a ordinary | nothing
        500 | queue v vip  | nothing
        501 | register 1001 | ring 1001 v
        """,
    ),
}


@pytest.mark.parametrize("title", STORIES)
def test_story(title: str) -> None:
    """Each story of choosing goes as its table says."""
    choices, story = STORIES[title]
    play(a_state(**choices), story)

"""Stories of what waiting callers are told."""

from typing import Any

import pytest

from tests.builders import a_state
from tests.scenario.play import play

# Before anything was seen a call takes 180 s and patience is 180 s, so one agent lets somebody go every 180 s and each caller
# in front gives up at the same rate: 180 s for the first in line, 180 + 90 for the second, 180 + 90 + 60 for the third.
EVERY_30 = {"shared": 2, "announce_every_s": 30}

STORIES: dict[str, tuple[dict[str, Any], str]] = {
    "who is served at once is told nothing": (
        EVERY_30,
        """
        0 | register 1001 | nothing
        1 | queue a ordinary | ring 1001 a; silent
        """,
    ),
    "each hears its place and its minutes at queue entry": (
        EVERY_30,
        """
        0 | register 1001 | nothing
        1 | queue a ordinary | ring 1001 a
        2 | answers a 1001 | nothing
        3 | queue b ordinary | told b 1 3
        4 | queue c ordinary | told c 2 5
        5 | queue d ordinary | told d 3 6
        """,
    ),
    "every 30 s again: the time that has passed is taken off, and thanks alone once what was told cannot be held": (
        EVERY_30,
        """
        0 | register 1001 | nothing
        1 | queue a ordinary | ring 1001 a
        2 | answers a 1001 | nothing
        3 | queue b ordinary | told b 1 3
        32.9 | tick | silent
        33 | tick | told b 1 3
        63 | tick | told b 1 2
        93 | tick | told b 1 2
        123 | tick | told b 1 1
        153 | tick | told b 1 1
        183 | tick | told b 0 0
        """,
    ),
    "another agent comes to work: the wait is shorter, and so it is told": (
        EVERY_30,
        """
        0 | register 1001 | nothing
        1 | queue a ordinary | ring 1001 a
        2 | answers a 1001 | nothing
        3 | queue b ordinary | told b 1 3
        4 | register 1002 | ring 1002 b
        5 | answers b 1002 | nothing
        6 | queue c ordinary | told c 1 2
        """,
    ),
    "nobody is at work: thanks, and no promise": (
        EVERY_30,
        """
        0 | queue a ordinary | told a 0 0
        """,
    ),
    "a VIP comes in front: the place that was told does not grow": (
        EVERY_30,
        """
        0 | register 1001 | nothing
        1 | queue a ordinary | ring 1001 a
        2 | answers a 1001 | nothing
        3 | queue b ordinary | told b 1 3
        4 | queue v vip | told v 1 3
        33 | tick | told b 0 3
        """,
    ),
    "a seat rings when it would be time: told later, not instead of the ringing": (
        EVERY_30,
        """
        0 | register 1001 | nothing
        1 | queue a ordinary | ring 1001 a
        2 | answers a 1001 | nothing
        3 | queue b ordinary | told b 1 3
        30 | leg_ends a 1001 | nothing
        30.5 | ends a | nothing
        32 | ready 1001 | ring 1001 b
        33 | tick | silent
        34 | fails b 1001 no_answer | nothing
        34.1 | queue b ordinary | silent
        63 | tick | told b 0 0
        64 | ready 1001 | ring 1001 b
        """,
    ),
    "who waits for its own agent is told nothing until it waits for anyone": (
        {"shared": 1, "vip": 1, "representative_s": 5, "announce_every_s": 30},
        """
        0 | register 1901 | nothing
        1 | queue a vip | ring 1901 a
        2 | answers a 1901 | nothing
        3 | queue b vip 1901 | held b 1901; silent
        8 | tick | told b 1 3
        """,
    ),
    "after a pause of the router the announcements are spread": (
        EVERY_30,
        """
        0 | register 1001 | nothing
        1 | queue a ordinary | ring 1001 a
        2 | answers a 1001 | nothing
        3 | queue b ordinary | told b 1 3
        3 | queue c ordinary | told c 2 5
        50 | tick | silent
        """,
    ),
    "switched off": (
        {"shared": 1, "announce_every_s": 0},
        """
        0 | queue a ordinary | silent
        99 | tick | silent
        """,
    ),
}


@pytest.mark.parametrize("title", STORIES)
def test_what_callers_are_told(title: str) -> None:
    """The story named by the title."""
    how, story = STORIES[title]
    play(a_state(**how), story)

"""Stories of a recipe that lets several seats ring at once: one of them has the caller, the others lose nothing."""

from typing import Any

import pytest

from routing.facts import OfferClosed
from routing.rules import Queue
from routing.steps import Step, When
from tests.builders import a_state
from tests.scenario.play import play

TWO_SEATS = {"shared": 3, "wrap_up_s": 0, "queues": (Queue("hotline", overflow=(Step(When.AFTER, 0, ring_seats=2),)),)}

STORIES: dict[str, tuple[dict[str, Any], str]] = {
    "two seats ring at once, the first to answer has the caller, the other is ready with its old idle time": (
        TWO_SEATS,
        """
        0 | register 1001  | nothing
        1 | register 1002  | nothing
        2 | register 1003  | nothing
        3 | queue a        | ring 1001+1002 a; agent 1001 offered; agent 1002 offered
        3 | rings a 1001   | nothing
        3 | rings a 1002   | nothing
        5 | answers a 1002 | call a talking; agent 1002 talking; agent 1001 ready
        5 | leg_ends a 1001 | nothing; call a talking
        6 | queue b        | ring 1001+1003 b
        """,
    ),
    "the caller's own agent rings alone": (
        {**TWO_SEATS, "representative_s": 5.0},
        """
        0 | register 1001         | nothing
        0 | register 1002         | nothing
        1 | queue a ordinary 1002 | ring 1002 a; agent 1001 ready
        """,
    ),
    "three seats ring where three shall": (
        {"shared": 4, "queues": (Queue("hotline", overflow=(Step(When.AFTER, 0, ring_seats=3),)),)},
        """
        0 | register 1001  | nothing
        0 | register 1002  | nothing
        0 | register 1003  | nothing
        0 | register 1004  | nothing
        1 | queue a        | ring 1001+1002+1003 a
        2 | answers a 1003 | agent 1001 ready; agent 1002 ready
        """,
    ),
    "with one seat idle one seat rings": (
        TWO_SEATS,
        """
        0 | register 1001 | nothing
        1 | queue a       | ring 1001 a
        2 | register 1002 | nothing; agent 1002 ready
        """,
    ),
    "a second seat rings only if nobody else waits for it": (
        TWO_SEATS,
        """
        0 | lost          | nothing
        1 | register 1001 | nothing
        1 | register 1002 | nothing
        2 | queue a       | nothing
        3 | queue b       | nothing
        4 | synced a b    | ring 1001 a; ring 1002 b
        """,
    ),
    "one of two is busy, the other goes on ringing": (
        TWO_SEATS,
        """
        0 | register 1001     | nothing
        0 | register 1002     | nothing
        1 | queue a           | ring 1001+1002 a
        1 | rings a 1001      | nothing
        2 | fails a 1002 busy | call a offered; agent 1002 not_ready busy; agent 1001 ringing
        3 | answers a 1001    | call a talking
        """,
    ),
    "one of two declines and the other lets it ring: back to the head of the line": (
        {**TWO_SEATS, "shared": 2},
        """
        0  | register 1001         | nothing
        0  | register 1002         | nothing
        1  | queue a               | ring 1001+1002 a
        1  | rings a 1001          | nothing
        1  | rings a 1002          | nothing
        2  | queue b               | line b
        3  | agent_hangs_up a 1001 | nothing
        3  | fails a 1001 no_answer | agent 1001 not_ready rejected; call a offered
        9  | fails a 1002 no_answer | agent 1002 missed no_answer; call a returning
        9  | queue a               | line a b
        13 | tick                  | ring 1001 a
        """,
    ),
    "nobody of two answers": (
        {**TWO_SEATS, "shared": 2},
        """
        0 | register 1001 | nothing
        0 | register 1002 | nothing
        1 | queue a       | ring 1001+1002 a
        9 | fails a 1001 no_answer | agent 1001 missed no_answer; call a offered
        9 | fails a 1002 no_answer | agent 1002 missed no_answer; call a returning
        9 | queue a       | line a
        """,
    ),
    "the caller hangs up while two seats ring: both agents are ready": (
        TWO_SEATS,
        """
        0 | register 1001 | nothing
        0 | register 1002 | nothing
        1 | queue a       | ring 1001+1002 a
        1 | rings a 1001  | nothing
        3 | ends a        | record a abandoned ringing; agent 1001 ready; agent 1002 ready
        3 | leg_ends a 1001 | nothing
        """,
    ),
    "two agents answer in the same instant: one talks, the other's leg is hung up": (
        TWO_SEATS,
        """
        0 | register 1001  | nothing
        0 | register 1002  | nothing
        1 | queue a        | ring 1001+1002 a
        2 | answers a 1001 | agent 1001 talking; agent 1002 ready
        2 | answers a 1002 | cut leg-a-1002; agent 1001 talking; agent 1002 ready; call a talking
        2 | answers a 1001 | nothing
        9 | leg_ends a 1001 | call a after; agent 1001 ready
        """,
    ),
    "the one who was not first gets the next caller at once": (
        {**TWO_SEATS, "shared": 2},
        """
        0 | register 1001  | nothing
        0 | register 1002  | nothing
        1 | queue a        | ring 1001+1002 a
        2 | queue b        | line b
        3 | answers a 1001 | ring 1002 b
        """,
    ),
    "no word comes on either seat: both legs are ended and the caller is offered again": (
        {**TWO_SEATS, "shared": 2},
        """
        0  | register 1001 | nothing
        0  | register 1002 | nothing
        1  | queue a       | ring 1001+1002 a
        1  | rings a 1001  | nothing
        1  | rings a 1002  | nothing
        12 | tick          | cut leg-a-1001; cut leg-a-1002; call a returning; agent 1001 ready
        14 | tick          | ring 1001+1002 a
        """,
    ),
    "one of two phones is gone: the dialplan says nothing of it, the other answers": (
        TWO_SEATS,
        """
        0 | register 1001   | nothing
        0 | register 1002   | nothing
        1 | queue a         | ring 1001+1002 a
        1 | rings a 1002    | nothing
        2 | unregister 1001 | agent 1001 offered
        3 | answers a 1002  | agent 1001 logged_out unreachable; call a talking
        """,
    ),
}


@pytest.mark.parametrize("title", STORIES)
def test_story(title: str) -> None:
    """Each story goes as its table says."""
    choices, story = STORIES[title]
    play(a_state(**choices), story)


def test_who_was_not_first_has_let_nothing_ring() -> None:
    """Of two seats that ring, each offer has its result once: answered, and answered elsewhere."""
    facts = play(
        a_state(**TWO_SEATS),
        """
        0 | register 1001  | nothing
        0 | register 1002  | nothing
        1 | queue a        | ring 1001+1002 a
        2 | answers a 1002 | nothing
        2 | fails a 1001 no_answer | agent 1001 ready
        9 | ends a         | record a answered caller
        """,
    )
    closed = [(fact.seat, fact.result) for fact in facts if isinstance(fact, OfferClosed)]
    assert closed == [("1002", "answered"), ("1001", "answered_elsewhere")]

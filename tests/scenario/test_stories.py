"""Stories of the hotline, told as tables: who is rung when, and what becomes of the caller.

Longer than 400 lines because it is one table: what the router promises, to be read as a whole.
"""

from typing import Any

import pytest

from routing.facts import CallRecord, OfferClosed
from tests.builders import a_state
from tests.scenario.play import play

STORIES: dict[str, tuple[dict[str, Any], str]] = {
    "a caller presses 0 and the agent who was idle longest rings": (
        {"shared": 2},
        """
        0  | register 1002 | agent 1002 ready
        1  | register 1001 | agent 1001 ready
        5  | arrive a      | call a menu
        9  | queue a       | ring 1002 a; agent 1002 offered; call a offered
        9  | rings a 1002  | nothing
        12 | answers a 1002 | agent 1002 talking; call a talking
        40 | agent_hangs_up a 1002 | agent 1002 wrap_up; call a after
        40 | leg_ends a 1002 | nothing
        40 | ends a        | record a answered agent
        49 | tick          | agent 1002 wrap_up
        50 | tick          | agent 1002 ready
        """,
    ),
    "nobody is free: the caller waits and is connected the moment an agent frees": (
        {"shared": 1, "wrap_up_s": 0},
        """
        0  | register 1001 | agent 1001 ready
        1  | arrive a      | nothing
        2  | queue a       | ring 1001 a
        3  | answers a 1001 | nothing
        4  | arrive b      | nothing
        5  | queue b       | nothing; call b waiting
        9  | leg_ends a 1001 | ring 1001 b; agent 1001 offered
        9  | ends a        | record a answered caller
        """,
    ),
    "a VIP caller is served before ordinary callers who wait longer": (
        {"shared": 1, "wrap_up_s": 0},
        """
        0  | queue a ordinary | nothing
        1  | queue b ordinary | nothing
        2  | queue v vip      | line v a b
        3  | register 1001    | ring 1001 v
        4  | answers v 1001   | nothing
        9  | leg_ends v 1001  | ring 1001 a
        """,
    ),
    "an agent who says ready while the seat rings is there: the call that rings out is no reason to get none": (
        {"shared": 1},
        """
        0  | register 1001 | agent 1001 ready
        1  | queue a       | ring 1001 a
        2  | rings a 1001  | nothing
        8  | ready 1001    | nothing
        9  | fails a 1001 no_answer | agent 1001 ready; call a returning
        9  | queue a       | ring 1001 a
        17 | fails a 1001 no_answer | agent 1001 missed no_answer
        """,
    ),
    "an agent who says ready while the seat rings, and picks up, has its after-call work": (
        {"shared": 1, "wrap_up_s": 10},
        """
        0  | register 1001  | agent 1001 ready
        1  | queue a        | ring 1001 a
        2  | ready 1001     | nothing
        2  | rings a 1001   | nothing
        3  | answers a 1001 | agent 1001 talking
        9  | leg_ends a 1001 | agent 1001 wrap_up
        19 | tick           | agent 1001 ready
        """,
    ),
    "an agent who says ready and then declines has its pause": (
        {"shared": 1},
        """
        0  | register 1001 | agent 1001 ready
        1  | queue a       | ring 1001 a
        2  | ready 1001    | nothing
        3  | fails a 1001 rejected | agent 1001 not_ready rejected
        """,
    ),
    "a VIP caller gets a dedicated seat first, then a shared one": (
        {"shared": 1, "vip": 1},
        """
        0 | register 1001 | nothing
        1 | register 1901 | nothing
        2 | queue v vip   | ring 1901 v
        3 | queue w vip   | ring 1001 w
        4 | queue x vip   | nothing
        """,
    ),
    "an ordinary caller gets a dedicated seat only beyond the reserve": (
        {"shared": 1, "vip": 2, "reserve": 1},
        """
        0 | register 1901 | nothing
        0 | register 1902 | nothing
        1 | queue a ordinary | ring 1901 a
        2 | queue b ordinary | nothing
        3 | queue v vip   | ring 1902 v
        4 | register 1001 | ring 1001 b
        """,
    ),
    "with no reserve every idle dedicated seat helps": (
        {"shared": 0, "vip": 1, "reserve": 0},
        """
        0 | register 1901 | nothing
        1 | queue a ordinary | ring 1901 a
        """,
    ),
    "a second dedicated seat becomes idle and an ordinary caller is let in": (
        {"shared": 0, "vip": 2, "reserve": 1},
        """
        0 | register 1901 | nothing
        1 | queue a ordinary | nothing
        2 | register 1902 | ring 1901 a
        """,
    ),
    "the agent lets it ring: the next agent rings, the caller keeps the place, the agent is not ready": (
        {"shared": 2},
        """
        0  | register 1001 | nothing
        1  | register 1002 | nothing
        2  | queue a       | ring 1001 a
        3  | queue b       | ring 1002 b
        4  | queue c       | line c
        4  | answers b 1002 | nothing
        10 | fails a 1001 no_answer | agent 1001 missed no_answer; call a returning
        10 | queue a       | line a c
        20 | leg_ends b 1002 | agent 1002 wrap_up
        20 | ends b        | record b answered caller
        30 | tick          | ring 1002 a
        31 | ready 1001    | ring 1001 c; agent 1001 offered
        """,
    ),
    "RONA twice: both agents are not ready and the caller still waits": (
        {"shared": 2},
        """
        0  | register 1001 | nothing
        0  | register 1002 | nothing
        1  | queue a       | ring 1001 a
        9  | fails a 1001 no_answer | nothing
        9  | queue a       | ring 1002 a
        17 | fails a 1002 no_answer | agent 1002 missed no_answer
        17 | queue a       | call a waiting
        60 | ends a        | record a abandoned waiting
        """,
    ),
    "the agent declines: a short pause that ends by itself": (
        {"shared": 1},
        """
        0  | register 1001 | nothing
        1  | queue a       | ring 1001 a
        2  | fails a 1001 rejected | agent 1001 not_ready rejected
        2  | queue a       | nothing
        12 | tick          | ring 1001 a
        """,
    ),
    "an agent hangs up: the next caller rings before Asterisk has ended the seat's side": (
        {"shared": 1, "wrap_up_s": 0},
        """
        0  | register 1001 | nothing
        1  | queue a       | ring 1001 a
        3  | answers a 1001 | nothing
        5  | queue b       | nothing
        9  | agent_hangs_up a 1001 | ring 1001 b; agent 1001 offered; call a after
        9  | leg_ends a 1001 | agent 1001 offered; call b offered
        9  | ends a        | record a answered agent
        9  | rings b 1001  | agent 1001 ringing
        """,
    ),
    "a caller hangs up: its agent is free only once its own side is over": (
        {"shared": 1, "wrap_up_s": 0},
        """
        0  | register 1001 | nothing
        1  | queue a       | ring 1001 a
        3  | answers a 1001 | nothing
        5  | queue b       | nothing
        9  | hangs_up a    | agent 1001 talking
        9  | leg_ends a 1001 | ring 1001 b
        9  | ends a        | record a answered caller
        """,
    ),
    "Asterisk calls it no answer, but the agent pressed decline": (
        {"shared": 1},
        """
        0  | register 1001 | nothing
        1  | queue a       | ring 1001 a
        1  | rings a 1001  | nothing
        2  | agent_hangs_up a 1001 | nothing
        2  | fails a 1001 no_answer | agent 1001 not_ready rejected
        2  | queue a       | nothing
        12 | tick          | ring 1001 a
        """,
    ),
    "the caller hangs up while a seat rings: the agent is ready again and keeps its turn": (
        {"shared": 2},
        """
        0  | register 1001 | nothing
        1  | register 1002 | nothing
        2  | queue a       | ring 1001 a
        3  | rings a 1001  | nothing
        4  | hangs_up a    | nothing
        4  | leg_ends a 1001 | agent 1001 ready; call a returning
        4  | ends a        | record a abandoned ringing
        5  | queue b       | ring 1001 b
        """,
    ),
    "the end of the caller's side comes first": (
        {"shared": 1},
        """
        0 | register 1001 | nothing
        1 | queue a       | ring 1001 a
        2 | rings a 1001  | nothing
        3 | ends a        | record a abandoned ringing; agent 1001 ready
        3 | leg_ends a 1001 | agent 1001 ready
        3 | fails a 1001 no_answer | agent 1001 ready
        """,
    ),
    "the caller hangs up in the menu": (
        {"shared": 1},
        """
        0 | register 1001 | nothing
        1 | arrive a      | nothing
        2 | ends a        | record a menu caller
        """,
    ),
    "the caller hangs up while waiting": (
        {"shared": 0},
        """
        1 | arrive a | nothing
        2 | queue a  | nothing
        9 | ends a   | record a abandoned waiting; call a gone
        """,
    ),
    "an agent logs out while talking: the conversation goes on and the agent then leaves": (
        {"shared": 1},
        """
        0 | register 1001 | nothing
        1 | queue a       | ring 1001 a
        2 | answers a 1001 | nothing
        3 | logout 1001   | agent 1001 talking
        4 | queue b       | nothing
        9 | leg_ends a 1001 | agent 1001 logged_out
        9 | ends a        | record a answered caller
        """,
    ),
    "an agent logs out while the seat rings and answers all the same": (
        {"shared": 1},
        """
        0 | register 1001 | nothing
        1 | queue a       | ring 1001 a
        2 | logout 1001   | agent 1001 offered
        3 | answers a 1001 | agent 1001 talking
        9 | leg_ends a 1001 | agent 1001 logged_out
        """,
    ),
    "an agent pauses while talking, changes its mind, and wraps up": (
        {"shared": 1},
        """
        0 | register 1001 | nothing
        1 | queue a       | ring 1001 a
        2 | answers a 1001 | nothing
        3 | pause 1001 lunch | agent 1001 talking
        4 | ready 1001    | agent 1001 talking
        9 | leg_ends a 1001 | agent 1001 wrap_up
        10 | ready 1001   | agent 1001 ready
        """,
    ),
    "a paused agent gets nothing until it is ready": (
        {"shared": 1},
        """
        0 | register 1001 | nothing
        1 | pause 1001 lunch | agent 1001 not_ready lunch
        2 | queue a       | nothing
        3 | ready 1001    | ring 1001 a
        """,
    ),
    "an agent with a PIN logs in at a seat without automatic log-in": (
        {"shared": 1, "auto_login": False},
        """
        0 | register 1001 | nothing
        1 | queue a       | nothing
        2 | in_use 1001   | nothing
        3 | login 8001 1001 | agent 8001 ready
        4 | free 1001     | ring 1001 a; agent 8001 offered
        """,
    ),
    "an agent logs in elsewhere: the old seat is empty and nobody is in two places": (
        {"shared": 2, "auto_login": False},
        """
        0 | register 1001 | nothing
        0 | register 1002 | nothing
        1 | login 8001 1001 | agent 8001 ready
        2 | login 8001 1002 | agent 8001 ready
        3 | queue a       | ring 1002 a
        4 | queue b       | nothing
        """,
    ),
    "the phone goes away: no offers until it is back": (
        {"shared": 1},
        """
        0 | register 1001   | agent 1001 ready
        1 | unregister 1001 | agent 1001 logged_out
        2 | queue a         | nothing
        3 | register 1001   | ring 1001 a
        """,
    ),
    "the phone cannot be reached when it should ring: the caller gets the next seat at once": (
        {"shared": 2},
        """
        0 | register 1001 | nothing
        1 | register 1002 | nothing
        2 | queue a       | ring 1001 a
        2 | fails a 1001 unavailable | agent 1001 not_ready unreachable
        2 | queue a       | ring 1002 a
        """,
    ),
    "the dialplan brings the caller back without any word on the offer": (
        {"shared": 2},
        """
        0 | register 1001 | nothing
        1 | register 1002 | nothing
        2 | queue a       | ring 1001 a
        2 | queue a       | ring 1002 a
        """,
    ),
    "Asterisk says nothing at all about an offer: it is given up and made to another agent": (
        {"shared": 2, "ring_s": 8},
        """
        0  | register 1001 | nothing
        1  | register 1002 | nothing
        2  | queue a       | ring 1001 a
        13 | tick          | agent 1001 ready; call a returning
        15 | tick          | ring 1002 a
        """,
    ),
    "an agent answers just after the offer was given up: they stay connected": (
        {"shared": 1},
        """
        0  | register 1001 | nothing
        2  | queue a       | ring 1001 a
        13 | tick          | call a returning
        14 | answers a 1001 | agent 1001 talking; call a talking
        20 | leg_ends a 1001 | agent 1001 wrap_up
        20 | ends a        | record a answered caller
        """,
    ),
    "two things at once: the agent answers as the caller hangs up": (
        {"shared": 1},
        """
        0 | register 1001 | nothing
        1 | queue a       | ring 1001 a
        2 | ends a        | record a abandoned ringing
        2 | answers a 1001 | agent 1001 ready; call a gone
        """,
    ),
    "two callers at the same moment get two agents, each one": (
        {"shared": 2},
        """
        0 | register 1001 | nothing
        0 | register 1002 | nothing
        1 | queue a       | ring 1001 a
        1 | queue b       | ring 1002 b
        1 | queue a       | nothing
        """,
    ),
    "the connection to Asterisk is cut: no orders until it is back, then everyone is served": (
        {"shared": 1},
        """
        0 | register 1001 | nothing
        1 | lost          | nothing
        2 | queue a       | nothing
        3 | synced a      | ring 1001 a
        """,
    ),
    "Asterisk restarts: waiting calls are closed as lost and ghost agents are free again": (
        {"shared": 1, "wrap_up_s": 0},
        """
        0 | register 1001 | nothing
        1 | queue a       | ring 1001 a
        2 | answers a 1001 | agent 1001 talking
        3 | queue b       | nothing
        4 | lost          | nothing
        6 | synced        | record a answered asterisk; record b lost asterisk; agent 1001 ready
        """,
    ),
    "an agent needs longer after a call: once more the usual time, up to the limit, and the ready code ends it early": (
        {"shared": 2, "wrap_up_s": 10, "wrap_up_max_s": 25},
        """
        0 | register 1001 | nothing
        1 | queue a | ring 1001 a
        2 | rings a 1001 | agent 1001 ringing
        3 | answers a 1001 | agent 1001 talking
        3 | extend 1001 | agent 1001 talking
        10 | leg_ends a 1001 | agent 1001 wrap_up
        10 | ends a | nothing
        11 | extend 1001 | agent 1001 wrap_up
        20 | tick | agent 1001 wrap_up
        21 | queue b | nothing
        29 | extend 1001 | agent 1001 wrap_up
        30 | tick | agent 1001 wrap_up
        34 | extend 1001 | agent 1001 wrap_up
        35 | tick | ring 1001 b
        """,
    ),
    "an agent who missed a call is back by itself when the operator wants it so": (
        {"shared": 1, "missed_pause_s": 30},
        """
        0 | register 1001 | nothing
        1 | queue a | ring 1001 a
        9 | fails a 1001 no_answer | agent 1001 missed no_answer
        9.1 | queue a | call a waiting
        39 | tick | ring 1001 a
        """,
    ),
    "an agent who missed a call pauses or leaves like any other": (
        {"shared": 2},
        """
        0 | register 1001 | nothing
        1 | queue a | ring 1001 a
        9 | fails a 1001 no_answer | agent 1001 missed
        10 | pause 1001 lunch | agent 1001 not_ready lunch
        11 | logout 1001 | agent 1001 logged_out
        """,
    ),
    "a seat that dials a colleague is busy, and so is the colleague; both serve again the moment they hang up": (
        {"shared": 2},
        """
        0 | register 1001 | nothing
        1 | register 1002 | nothing
        2 | in_use 1001 | nothing
        2 | in_use 1002 | nothing
        3 | queue a | nothing
        4 | queue b | nothing
        9 | free 1002 | ring 1002 a
        9 | free 1001 | ring 1001 b
        """,
    ),
    "an agent moves to the seat of another for whom a caller waits: the caller is offered to nobody on the way": (
        {"shared": 2, "representative_s": 8.0},
        """
        0 | register 1001         | nothing
        0 | register 1002         | nothing
        1 | in_use 1002           | nothing
        2 | in_use 1001           | nothing
        3 | queue a ordinary 1002 | held a 1002
        4 | free 1001             | nothing
        5 | login 1001 1002       | agent 1001 ready; agent 1002 logged_out
        6 | free 1002             | ring 1002 a
        """,
    ),
}


@pytest.mark.parametrize("title", STORIES)
def test_story(title: str) -> None:
    """Each story of the hotline goes as its table says."""
    choices, story = STORIES[title]
    play(a_state(**choices), story)


def test_the_clock_is_never_turned_back() -> None:
    """A caller whose first seat did not answer is recorded with the whole wait since pressing 0."""
    facts = play(
        a_state(shared=2),
        """
        0  | register 1001 | nothing
        0  | register 1002 | nothing
        2  | queue a       | ring 1001 a
        10 | fails a 1001 no_answer | nothing
        10 | queue a       | ring 1002 a
        15 | answers a 1002 | nothing
        30 | leg_ends a 1002 | nothing
        30 | ends a        | record a answered caller
        """,
    )
    (record,) = [fact for fact in facts if isinstance(fact, CallRecord)]
    assert (record.wait_s, record.talk_s, record.offers, record.in_target) == (13.0, 15.0, 2, True)


def test_a_seat_that_rang_is_told_of_before_the_callers_record() -> None:
    """Who reads along hears that the seat rings no more, then that the caller gave up: as Asterisk's own queue tells it."""
    story = """
        0 | register 1001 | nothing
        1 | queue a       | ring 1001 a
        2 | rings a 1001  | nothing
        3 | ends a        | record a abandoned ringing
    """
    facts = [fact for fact in play(a_state(shared=1), story) if isinstance(fact, OfferClosed | CallRecord)]
    assert [type(fact).__name__ for fact in facts] == ["OfferClosed", "CallRecord"]

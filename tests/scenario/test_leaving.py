"""Stories of callers who leave the line in another way: a number outside, and voicemail."""

from typing import Any

import pytest

from routing.rules import Queue
from routing.steps import Leave, Step, When
from tests.builders import a_state
from tests.scenario.play import play

LISTED = "02112345678"
OUTSIDE = {
    "shared": 1,
    "outside": (LISTED,),
    "queues": (Queue("hotline", overflow=(Step(When.AFTER, 5, leave=Leave.OUTSIDE, number=LISTED),)),),
}
VOICEMAIL = {"shared": 1, "queues": (Queue("hotline", overflow=(Step(When.AFTER, 5, leave=Leave.VOICEMAIL),)),)}

STORIES: dict[str, tuple[dict[str, Any], str]] = {
    "a number outside answers and talks": (
        OUTSIDE,
        f"""
        1  | queue a            | nothing
        6  | tick               | send a {LISTED}; call a outside; line
        8  | outside_answers a  | nothing
        60 | ends a             | record a outside answered
        """,
    ),
    "nobody answers outside: the caller is back at its place, before a later one": (
        OUTSIDE,
        f"""
        1  | queue a       | nothing
        6  | tick          | send a {LISTED}
        7  | queue b       | nothing
        9  | queue a       | line a b; call a waiting
        10 | register 1001 | ring 1001 a
        """,
    ),
    "the caller hangs up while it rings outside": (
        OUTSIDE,
        f"""
        1 | queue a | nothing
        6 | tick    | send a {LISTED}
        8 | ends a  | record a abandoned waiting
        """,
    ),
    "closed hours: the caller is told, and the record says so": (
        {"shared": 1},
        """
        1 | arrive a | nothing
        9 | closed a | nothing
        14 | ends a  | record a menu closed
        """,
    ),
    "a full hotline: the caller is sent away at the door, and the record says why": (
        {"shared": 1},
        """
        1 | arrive a       | nothing
        1 | refused a full | nothing
        2 | arrive b       | nothing
        2 | refused b rate | nothing
        6 | ends a         | record a menu full
        7 | ends b         | record b menu rate
        """,
    ),
    "closed hours: a message is left; one who hangs up before it is closed as told": (
        {"shared": 1},
        """
        1  | arrive a         | nothing
        1  | arrive b         | nothing
        9  | closed a message | call a voicemail
        9  | closed b message | call b voicemail
        14 | ends b           | record b menu closed
        30 | message a 12     | nothing
        31 | ends a           | record a menu message
        """,
    ),
    "closed hours are said too late: the caller waits already, or is gone": (
        {"shared": 1},
        """
        1 | queue a  | nothing
        2 | closed a | call a waiting
        3 | ends a   | record a abandoned waiting
        4 | closed a | nothing
        """,
    ),
    "a number that is not listed is never dialled": (
        {**OUTSIDE, "outside": ()},
        """
        1 | queue a | nothing
        6 | tick    | nothing
        7 | tick    | call a waiting
        """,
    ),
    "Asterisk refuses to move the caller: it waits on": (
        OUTSIDE,
        f"""
        1 | queue a       | nothing
        6 | tick          | send a {LISTED}
        6 | send_fails a  | call a waiting; line a
        7 | register 1001 | ring 1001 a
        8 | send_fails a  | nothing
        """,
    ),
    "a message is left": (
        VOICEMAIL,
        """
        1  | queue a      | nothing
        6  | tick         | send a voicemail; call a voicemail
        20 | message a 12 | nothing
        21 | message a 12 | nothing
        22 | ends a       | record a voicemail message
        """,
    ),
    "who hangs up without a message has abandoned": (
        VOICEMAIL,
        """
        1 | queue a | nothing
        6 | tick    | send a voicemail
        7 | ends a  | record a abandoned waiting
        """,
    ),
}


@pytest.mark.parametrize("title", STORIES)
def test_story(title: str) -> None:
    """What happens in the story named by the title."""
    choices, story = STORIES[title]
    play(a_state(**choices), story)

"""Stories of callbacks: the caller hangs up and keeps its place, the agent rings first, then the customer."""

from dataclasses import replace
from typing import Any

import pytest

from routing import engine
from routing.events import CallbackRestored
from routing.facts import EventIgnored
from routing.rules import CallbackRules, Queue
from tests.builders import a_state
from tests.scenario.play import play

BACK = CallbackRules(("139XXXXXXXX", "138XXXXXXXX"), 0.0, promise_s=100, urgent_s=20, tries=2, retry_after_s=30)
CALLED = {"shared": 1, "wrap_up_s": 0, "callback": BACK}

STORIES: dict[str, tuple[dict[str, Any], str]] = {
    "a callback: agent first, then the customer, they talk": (
        CALLED,
        """
        0  | register 1001   | nothing
        1  | queue x         | ring 1001 x
        2  | answers x 1001  | nothing
        3  | queue a from=13800000001 | nothing
        5  | asks a          | say a accepted; call a callback; line
        6  | ends a          | call a callback
        20 | leg_ends x 1001 | back 1001 a
        21 | rings a 1001    | agent 1001 ringing
        22 | answers a 1001  | call a dialling; agent 1001 talking
        25 | reached a       | call a talking
        60 | leg_ends a 1001 | record a callback kept; agent 1001 ready
        """,
    ),
    "the order to say so was lost with a router: the caller, found in the line still, is told and does not wait for ever": (
        CALLED,
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a                   | say a accepted
        3  | lost                     | nothing
        5  | queue a from=13800000001 | say a accepted; call a callback
        5  | synced a                 | call a callback
        8  | ends a                   | call a callback
        9  | register 1001            | back 1001 a
        """,
    ),
    "one who is to be called back already, the same": (
        {**CALLED, "queues": (Queue("repairs"),)},
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a                   | say a accepted
        3  | ends a                   | nothing
        4  | queue b from=13800000001 in=repairs | nothing
        5  | asks b                   | say b known
        6  | lost                     | nothing
        7  | queue b from=13800000001 in=repairs | say b known
        8  | ends b                   | record b callback known
        """,
    ),
    "asked for in the menu: promised in the same breath, no offer comes in between": (
        {**CALLED, "callback": replace(BACK, offer_above_s=60)},
        """
        1 | queue b from=13800000002                | say b offer
        2 | queue a from=13800000001 wants=callback | say a accepted; call a callback
        3 | ends a                                  | call a callback
        9 | register 1001                           | ring 1001 b
        """,
    ),
    "asked for in the menu: whom a seat takes at once is not called back; one who cannot be waits": (
        {**CALLED, "callback": replace(BACK, offer_above_s=60)},
        """
        1 | register 1001                           | nothing
        2 | queue a from=13800000001 wants=callback | ring 1001 a
        3 | queue b from=12345 wants=callback       | say b not-possible; call b waiting
        """,
    ),
    "asked for in the menu by one who is to be called back already: the new call takes the place": (
        {**CALLED, "callback": replace(BACK, offer_above_s=60)},
        """
        2 | queue a from=13800000001 wants=callback             | say a accepted
        3 | ends a                                              | call a callback
        4 | queue b from=13800000001 wants=callback             | say b accepted; record a callback merged; call b callback
        """,
    ),
    "a callback asked for while somebody is free is carried out at once": (
        CALLED,
        """
        1 | queue a       | nothing
        2 | asks a        | say a accepted
        5 | register 1001 | back 1001 a
        """,
    ),
    "a live caller in target comes first, though the callback is older": (
        CALLED,
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a        | say a accepted
        10 | queue b       | nothing
        15 | register 1001 | ring 1001 b
        """,
    ),
    "a live caller who is late already competes by deadline": (
        CALLED,
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a        | say a accepted
        10 | queue b       | nothing
        40 | register 1001 | back 1001 a
        """,
    ),
    "one who is late stands before one in target: still no callback goes first": (
        CALLED,
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a        | say a accepted
        10 | queue b       | nothing
        35 | queue c       | nothing
        40 | register 1001 | ring 1001 b
        """,
    ),
    "a promise that is near goes before everyone": (
        CALLED,
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a        | say a accepted
        80 | queue b       | nothing
        81 | register 1001 | back 1001 a
        """,
    ),
    "an earlier caller who is late comes before the callback": (
        CALLED,
        """
        1  | queue b       | nothing
        2  | queue a from=13800000001 | nothing
        3  | asks a        | say a accepted
        40 | register 1001 | ring 1001 b
        """,
    ),
    "the customer does not answer, and is tried again; the agent has no after-call work": (
        {**CALLED, "wrap_up_s": 10},
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a          | say a accepted
        5  | register 1001   | back 1001 a
        6  | answers a 1001  | nothing
        20 | unreached a no_answer | call a dialling
        20 | leg_ends a 1001 | call a callback; agent 1001 ready
        40 | queue b         | ring 1001 b
        41 | ends b          | agent 1001 ready
        50 | tick            | back 1001 a
        51 | answers a 1001  | nothing
        60 | unreached a busy | nothing
        60 | leg_ends a 1001 | record a callback unreached; agent 1001 ready
        """,
    ),
    "the agent does not answer: the next one is rung": (
        {**CALLED, "shared": 2},
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a          | say a accepted
        5  | register 1001   | back 1001 a
        5  | register 1002   | nothing
        13 | fails a 1001 no_answer | back 1002 a; agent 1001 missed
        """,
    ),
    "an answer after the offer was given up is cut": (
        CALLED,
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a          | say a accepted
        5  | register 1001   | back 1001 a
        13 | fails a 1001 no_answer | call a callback
        14 | answers a 1001  | cut leg-a-1001; call a callback
        """,
    ),
    "late, when the customer is reached after the promise": (
        CALLED,
        """
        1   | queue a from=13800000001 | nothing
        2   | asks a          | say a accepted
        150 | register 1001   | back 1001 a
        151 | answers a 1001  | nothing
        155 | reached a       | nothing
        160 | leg_ends a 1001 | record a callback late
        """,
    ),
    "a number that may not be dialled is told so and waits on": (
        CALLED,
        """
        1 | queue a from=16812345678 | nothing
        2 | asks a        | say a not-possible; call a waiting
        3 | register 1001 | ring 1001 a
        """,
    ),
    "a withheld number, and a site without callbacks": (
        {"shared": 1},
        """
        1 | queue a from= | nothing
        2 | asks a        | say a not-possible; call a waiting
        """,
    ),
    "who calls again takes the place of its callback": (
        CALLED,
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a          | say a accepted
        3  | queue b from=13900000002 | nothing
        9  | queue c from=13800000001 | record a callback merged; line c b
        10 | asks c          | say c accepted; line b
        30 | register 1001   | back 1001 c
        """,
    ),
    "a second ask for another queue keeps the first place": (
        {**CALLED, "queues": (Queue("bills"),)},
        """
        1 | queue a from=13800000001 | nothing
        2 | asks a          | say a accepted
        3 | queue b in=bills from=13800000001 | nothing
        4 | asks b          | say b known
        5 | ends b          | record b callback known
        6 | cancel a        | record a callback cancelled
        7 | cancel a        | nothing
        """,
    ),
    "an operator cannot cancel what is being carried out": (
        CALLED,
        """
        1 | queue a from=13800000001 | nothing
        2 | asks a          | say a accepted
        5 | register 1001   | back 1001 a
        6 | cancel a        | call a offered
        """,
    ),
    "Asterisk is away and back: a callback is no channel, and stays": (
        CALLED,
        """
        1 | queue a from=13800000001 | nothing
        2 | asks a          | say a accepted
        3 | lost            | nothing
        4 | register 1001   | nothing
        5 | synced          | back 1001 a
        """,
    ),
    "the agent of a callback is gone when Asterisk is back": (
        CALLED,
        """
        1 | queue a from=13800000001 | nothing
        2 | asks a          | say a accepted
        5 | register 1001   | back 1001 a
        6 | answers a 1001  | call a dialling
        7 | lost            | nothing
        9 | leg_ends a 1001 | call a callback
        """,
    ),
    "a late word of the caller's channel changes nothing": (
        CALLED,
        """
        1 | queue a from=13800000001 | nothing
        2 | asks a          | say a accepted
        4 | hangs_up a      | call a callback
        5 | reached a       | call a callback
        6 | unreached a busy | call a callback
        """,
    ),
    "VIP callers who will be called back come before ordinary ones": (
        CALLED,
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a          | say a accepted
        3  | queue v vip from=13800000002 | nothing
        4  | asks v          | say v accepted
        50 | register 1001   | back 1001 v
        """,
    ),
    "no callback while the queue is closed: the idle agent rings when it opens": (
        CALLED,
        """
        0   | hours hotline:0-50,200-300 | nothing
        1   | queue a from=13800000001   | nothing
        2   | asks a                     | say a accepted; due a 251
        50  | hours hotline:200-300      | nothing
        60  | register 1001              | agent 1001 ready; call a callback
        61  | queue b                    | ring 1001 b
        62  | ends b                     | agent 1001 ready
        200 | hours hotline:200-300      | back 1001 a
        """,
    ),
    "the promise does not run while the queue is closed": (
        CALLED,
        """
        0  | hours hotline:0-50,200-230,400-900 | nothing
        10 | queue a from=13800000001           | nothing
        20 | asks a                             | say a accepted; due a 430
        60 | hours hotline:200-230,400-900      | nothing
        60 | queue b from=13800000002           | nothing
        61 | asks b                             | say b accepted; due b 469
        """,
    ),
    "on a public holiday the promise is its own, by the clock, and before the queue closes": (
        {**CALLED, "callback": replace(BACK, holiday_promise_s=40)},
        """
        0   | hours hotline:0-100,200-300 holidays:0-150 | nothing
        10  | queue a from=13800000001 | nothing
        20  | asks a                   | say a accepted; due a 50
        70  | queue b from=13800000002 | nothing
        71  | asks b                   | say b accepted; due b 100
        100 | hours hotline:200-300 holidays:0-150 | nothing
        110 | queue c from=13800000003 | nothing
        111 | asks c                   | say c accepted; due c 239
        150 | hours hotline:200-300 holidays: | nothing
        160 | queue d from=13800000004 | nothing
        161 | asks d                   | say d accepted; due d 299
        """,
    ),
    "an idle agent of a holiday: the near promise goes before a live caller": (
        {**CALLED, "callback": replace(BACK, holiday_promise_s=40)},
        """
        0  | hours hotline:0-100 holidays:0-150 | nothing
        10 | queue a from=13800000001           | nothing
        20 | asks a                             | say a accepted; due a 50
        31 | queue b                            | nothing
        32 | register 1001                      | back 1001 a
        """,
    ),
    "a try again falls into closed hours: it waits for the opening": (
        CALLED,
        """
        0   | hours hotline:0-30,200-300 | nothing
        1   | queue a from=13800000001 | nothing
        2   | asks a          | say a accepted
        5   | register 1001   | back 1001 a
        6   | answers a 1001  | nothing
        20  | unreached a no_answer | call a dialling
        20  | leg_ends a 1001 | call a callback; agent 1001 ready
        30  | hours hotline:200-300 | nothing
        51  | tick            | call a callback
        200 | hours hotline:200-300 | back 1001 a
        """,
    ),
    "another queue's hours do not matter; no hours told: always open": (
        {**CALLED, "queues": (Queue("bills"),)},
        """
        0 | hours bills:200-300      | nothing
        1 | queue a from=13800000001 | nothing
        2 | asks a                   | say a accepted; due a 101
        3 | queue b in=bills from=13800000002 | nothing
        4 | asks b                   | say b accepted; due b 299
        5 | register 1001            | back 1001 a
        6 | hours                    | nothing
        """,
    ),
    "there is room for so many callbacks and no more": (
        {**CALLED, "callback": CallbackRules(("138XXXXXXXX",), 0.0, max_open=1)},
        """
        1  | queue a from=13800000001 | nothing
        2  | asks a          | say a accepted
        3  | queue b from=13800000002 | nothing
        4  | asks b          | say b not-possible
        """,
    ),
    "a long wait is a reason to offer a callback, once": (
        {"shared": 1, "callback": CallbackRules(("138XXXXXXXX",), 60.0)},
        """
        0 | register 1001 | nothing
        1 | queue x       | ring 1001 x
        3 | queue a from=13800000001 | say a offer
        4 | queue a from=13800000001 | nothing
        """,
    ),
}


def test_a_router_without_memory_takes_callbacks_from_the_database() -> None:
    """The callback stands at its old place, once, and is carried out; one that was put off waits for its time."""
    state = a_state(**CALLED)
    row = ("13800000001", "hotline", "vip", "person", "en", 1.0, 101.0, 1)
    engine.step(state, CallbackRestored(10.0, "a", *row, None))
    engine.step(state, CallbackRestored(10.0, "b", "13800000002", *row[1:], 40.0))
    _, facts = engine.step(state, CallbackRestored(10.0, "a", *row, None))
    assert [type(fact) for fact in facts] == [EventIgnored]
    play(
        state,
        """
        20 | register 1001   | back 1001 a
        21 | answers a 1001  | nothing
        22 | reached a       | nothing
        30 | leg_ends a 1001 | record a callback kept; call b callback
        40 | tick            | back 1001 b
        """,
    )


@pytest.mark.parametrize("title", STORIES)
def test_story(title: str) -> None:
    """What happens in the story named by the title."""
    choices, story = STORIES[title]
    play(a_state(**choices), story)

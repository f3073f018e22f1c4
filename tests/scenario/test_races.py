"""Races and complaints of other systems' users, each a story here: source, site, what happens and what must follow.

ES is the change log of electric_slide, AST asterisk/asterisk, AQ app_queue's own ways (Asterisk 22), FS signalwire/freeswitch, OS OpenSIPS, FPBX FreePBX.
Their entries that are no race have no story: renamed methods, queue attributes, CI (ES); deadlocks and the cost of many queues (one writer, benchmarks);
lost statistics and shared databases (tests of journal and records); shared queues on several boxes (tests of take-over).
Longer than 400 lines because it is one table, in which each source's list is found whole.
"""

from typing import Any

import msgspec
import pytest

from routing import engine, snapshot
from routing.events import Tick
from routing.facts import AgentState
from routing.rules import Queue, Talent
from routing.steps import Step, When
from tests.builders import a_state, rules
from tests.scenario.play import play

VIP_CARE = (("vip_care", 1),)
VIP_ONLY = Queue("vips", 1.0, VIP_CARE)  # whose callers only VIP seats may serve
VIP_SITE: dict[str, Any] = {
    "queues": (VIP_ONLY,),
    "talents": {"1901": Talent(VIP_CARE), "1902": Talent(VIP_CARE)},
    "wrap_up_s": 0,
}

Story = tuple[str, dict[str, Any], str]
STORIES: dict[str, Story] = {
    "an agent who logged out in mid-call gets no call afterwards": (
        "ES 0.3.0: an unqueued agent was returned to the queue",
        {"shared": 1, "wrap_up_s": 0},
        """
        0  | register 1001   | nothing
        1  | queue a         | ring 1001 a
        2  | answers a 1001  | nothing
        3  | logout 1001     | agent 1001 talking
        4  | queue b         | nothing
        9  | leg_ends a 1001 | agent 1001 logged_out; call b waiting
        10 | tick            | nothing
        """,
    ),
    "an agent who logs out while its seat rings is not rung again": (
        "ES 0.3.0: an unqueued agent was returned to the queue",
        {"shared": 1},
        """
        0  | register 1001   | nothing
        1  | queue a         | ring 1001 a
        2  | logout 1001     | agent 1001 offered
        3  | ends a          | agent 1001 logged_out
        4  | queue b         | nothing; call b waiting
        """,
    ),
    "after a call an agent is in wrap-up, not ready": (
        "ES 0.3.0: presence is after_call unless the agent is available again at once",
        {"shared": 1, "wrap_up_s": 10},
        """
        0  | register 1001   | nothing
        1  | queue a         | ring 1001 a
        2  | answers a 1001  | nothing
        3  | queue b         | nothing
        9  | leg_ends a 1001 | agent 1001 wrap_up; call b waiting
        18 | tick            | agent 1001 wrap_up
        19 | tick            | ring 1001 b
        """,
    ),
    "a caller whose offer failed is the first in line again, with its first time": (
        "ES 0.3.0: queued and connected times are kept; the call goes back to the head",
        {"shared": 1},
        """
        0  | register 1001   | nothing
        1  | queue a         | ring 1001 a
        2  | queue b         | nothing
        9  | fails a 1001 no_answer | nothing
        9  | queue a         | line a b
        20 | ready 1001      | ring 1001 a
        """,
    ),
    "a caller who hung up is offered to nobody": (
        "ES 0.3.0: abandoned calls stayed in the queue",
        {"shared": 1},
        """
        0 | queue a        | nothing
        1 | queue b        | nothing
        2 | ends a         | record a abandoned waiting; line b
        3 | register 1001  | ring 1001 b
        """,
    ),
    "an agent who logs in twice, and whose phone registers twice, is one agent": (
        "ES 0.3.0: an agent could be added more than once",
        {"shared": 1},
        """
        0 | register 1001   | nothing
        1 | register 1001   | nothing
        2 | login 1001 1001 | nothing
        3 | queue a         | ring 1001 a
        4 | queue b         | nothing
        5 | login 1001 1001 | agent 1001 offered
        6 | register 1001   | nothing; call b waiting
        """,
    ),
    "an agent who moves to another kind of seat is in one group only": (
        "ES 0.5.0: the same agent could be in two priorities",
        {"shared": 1, "vip": 1, "reserve": 1, "auto_login": False},
        """
        0 | register 1001    | nothing
        0 | register 1901    | nothing
        1 | login 8001 1901  | agent 8001 ready
        2 | login 8001 1001  | agent 8001 ready
        3 | queue v vip      | ring 1001 v
        4 | queue a ordinary | nothing; call a waiting
        """,
    ),
    "seats are asked in the order of their rule, not of their idle time": (
        "ES 0.4.2: agents were not taken in the order of priority",
        {"shared": 1, "vip": 1, "reserve": 0},
        """
        0 | register 1001    | nothing
        9 | register 1901    | nothing
        9 | queue v vip      | ring 1901 v
        9 | queue a ordinary | ring 1001 a
        """,
    ),
    "that an agent left is said at once": (
        "ES 0.3.0: no presence change when an agent was removed",
        {"shared": 1},
        """
        0 | register 1001   | agent 1001 ready
        1 | logout 1001     | agent 1001 logged_out
        2 | queue a         | nothing
        """,
    ),
    "an agent who comes while another seat rings takes the next caller at once": (
        "ES 0.4.0: adding an agent waited for a connection attempt",
        {"shared": 2},
        """
        0 | queue a        | nothing
        0 | queue b        | nothing
        1 | register 1001  | ring 1001 a
        1 | register 1002  | ring 1002 b
        """,
    ),
    "whatever comes late about a call that is gone changes nothing": (
        "ES 0.3.0: an expired call was asked whether it was active",
        {"shared": 1, "wrap_up_s": 0},
        """
        0 | register 1001   | nothing
        1 | queue a         | ring 1001 a
        2 | ends a          | record a abandoned ringing; agent 1001 ready
        2 | rings a 1001    | nothing
        3 | fails a 1001 no_answer | agent 1001 ready
        3 | answers a 1001  | agent 1001 ready
        3 | leg_ends a 1001 | agent 1001 ready
        3 | ends a          | nothing
        4 | queue b         | ring 1001 b
        """,
    ),
    "VIP callers at the head whose seats are busy hold up nobody": (
        "AQ head-of-line blocking; AST#108: fairness over the whole, not from each caller's view",
        {"shared": 2, "vip": 1, **VIP_SITE},
        """
        0 | register 1901             | nothing
        1 | queue t vip in=vips       | ring 1901 t
        2 | answers t 1901            | nothing
        3 | queue v vip in=vips       | nothing
        4 | queue w vip in=vips       | nothing
        5 | register 1001             | nothing
        5 | register 1002             | nothing
        6 | queue a ordinary          | ring 1001 a
        6 | queue b ordinary          | ring 1002 b
        7 | leg_ends t 1901           | ring 1901 v
        """,
    ),
    "a VIP caller in one queue does not block it for agents of two queues": (
        "AST#1637: a VIP in one queue blocks that queue for agents of both",
        {
            "shared": 1,
            "vip": 1,
            "queues": (VIP_ONLY, Queue("sales")),
            "talents": {"1901": Talent(VIP_CARE), "1001": Talent((), ("hotline", "sales"))},
        },
        """
        0 | queue v vip in=vips       | nothing
        1 | queue a ordinary in=sales | nothing
        2 | queue b ordinary          | nothing
        3 | register 1001             | ring 1001 a
        4 | fails a 1001 not_delivered | ring 1001 b
        """,
    ),
    "offers go on after one that came to nothing without a word": (
        "AST#1691: offers stop altogether; FS#1216, FS#1221: top-down stuck",
        {"shared": 2, "ring_s": 8},
        """
        0  | register 1001  | nothing
        0  | queue a        | ring 1001 a
        11 | tick           | call a returning; agent 1001 ready
        13 | tick           | ring 1001 a
        14 | register 1002  | nothing
        24 | tick           | agent 1001 ready
        26 | tick           | ring 1002 a
        """,
    ),
    "a queue of more weight whose callers the agent may not serve starves nobody": (
        "AST#1561: the member's penalty was not looked at when weights were compared",
        {"shared": 1, "queues": (Queue("gold", 10.0, VIP_CARE),)},
        """
        0 | queue v vip in=gold | nothing
        0 | queue w vip in=gold | nothing
        1 | queue a ordinary    | nothing
        2 | register 1001       | ring 1001 a
        """,
    ),
    "a queue of more weight comes first, but not for ever": (
        "AST#1561, AQ: strict priority without ageing starves the lower queue",
        {"shared": 1, "wrap_up_s": 0, "age_ratio": 2.0},
        """
        0  | queue a ordinary | nothing
        30 | queue v vip      | nothing
        30 | register 1001    | ring 1001 v
        31 | answers v 1001   | nothing
        39 | queue w vip      | nothing
        41 | leg_ends v 1001  | ring 1001 a
        """,
    ),
    "a seat that rings is counted once, however often it is said": (
        "AST#1736: calls of a member counted +2 when many end at once",
        {"shared": 1, "wrap_up_s": 0},
        """
        0 | register 1001   | nothing
        1 | queue a         | ring 1001 a
        1 | rings a 1001    | nothing
        1 | rings a 1001    | nothing
        2 | answers a 1001  | nothing
        2 | answers a 1001  | nothing
        9 | leg_ends a 1001 | nothing
        9 | leg_ends a 1001 | nothing
        9 | ends a          | record a answered caller; offers a 1
        9 | ends a          | nothing
        """,
    ),
    "wrap-up holds for every queue of the agent": (
        "AST#1006: with shared wrap-up the next call came after 3 s; AQ: turn and ring used different wrap-ups",
        {"shared": 1, "wrap_up_s": 30, "queues": (Queue("billing"), Queue("repairs"))},
        """
        0  | register 1001              | nothing
        1  | queue a ordinary in=billing | ring 1001 a
        2  | answers a 1001             | nothing
        3  | queue b ordinary in=repairs | nothing
        10 | leg_ends a 1001            | agent 1001 wrap_up
        13 | tick                       | nothing; call b waiting
        13 | free 1001                  | nothing
        40 | tick                       | ring 1001 b
        """,
    ),
    "a caller who is let in elsewhere moves at once, at its old place": (
        "AST#202, AST#1204: a change of priority did not move callers",
        {
            "shared": 1,
            "queues": (Queue("rare", 1.0, (("rare", 3),), (Step(When.AFTER, 10.0, relax=(("rare", 3),)),)),),
            "wrap_up_s": 0,
        },
        """
        0  | register 1001            | nothing
        1  | queue a ordinary in=rare | nothing
        2  | queue b ordinary         | ring 1001 b
        3  | answers b 1001           | nothing
        11 | tick                     | call a waiting
        12 | queue c ordinary         | nothing
        15 | leg_ends b 1001          | ring 1001 a
        """,
    ),
    "a caller who is just being told its place is offered the moment an agent is free": (
        "AST#1568: no agents are called while announcements are played",
        {"shared": 1, "wrap_up_s": 0, "announce_every_s": 30.0},
        """
        0  | register 1001    | nothing
        1  | queue a ordinary | ring 1001 a
        2  | answers a 1001   | nothing
        5  | queue b ordinary | told b 1 3
        5  | leg_ends a 1001  | ring 1001 b
        """,
    ),
    "two seats answer one caller: the first has the call, the other is let go": (
        "AST#176: two agents answer one call",
        {"shared": 2, "queues": (Queue("both", 1.0, (), (Step(When.AFTER, 0.0, ring_seats=2),)),), "wrap_up_s": 0},
        """
        0 | register 1001            | nothing
        0 | register 1002            | nothing
        1 | queue a ordinary in=both | ring 1001+1002 a
        1 | rings a 1001             | nothing
        1 | rings a 1002             | nothing
        2 | answers a 1002           | agent 1002 talking; agent 1001 ready
        2 | answers a 1001           | cut leg-a-1001; agent 1001 ready
        3 | leg_ends a 1001          | agent 1001 ready; agent 1002 talking
        """,
    ),
    "a caller whose conversation breaks at once is not rung to everybody again": (
        "AST#1557: answered and dropped, then all were rung again",
        {"shared": 2, "wrap_up_s": 0},
        """
        0 | register 1001   | nothing
        0 | register 1002   | nothing
        1 | queue a         | ring 1001 a
        2 | answers a 1001  | nothing
        2 | leg_ends a 1001 | call a after; agent 1001 ready
        3 | tick            | nothing
        3 | ends a          | record a answered caller; offers a 1
        """,
    ),
    "one missed call and one declined are two things": (
        "FPBX#816: paused for good after exactly one miss",
        {"shared": 2},
        """
        0  | register 1001   | nothing
        1  | register 1002   | nothing
        2  | queue a         | ring 1001 a
        3  | fails a 1001 rejected | agent 1001 not_ready rejected
        3  | queue a         | ring 1002 a
        13 | tick            | agent 1001 ready
        """,
    ),
    "an agent who is reserved for an offer that never comes to be is freed": (
        "FS#2540: agents stuck in Reserved",
        {"shared": 1, "ring_s": 8},
        """
        0  | register 1001 | nothing
        1  | queue a       | ring 1001 a
        2  | ends a        | agent 1001 ready
        3  | queue b       | ring 1001 b
        14 | tick          | agent 1001 ready; call b returning
        14 | queue b       | ring 1001 b
        """,
    ),
    "a call whose caller has gone does not reach an agent": (
        "FS#2529: a zombie call to an agent",
        {"shared": 1, "wrap_up_s": 0},
        """
        0 | register 1001  | nothing
        1 | queue a        | ring 1001 a
        1 | ends a         | record a abandoned ringing; agent 1001 ready
        1 | queue b        | ring 1001 b
        1 | rings a 1001   | nothing; agent 1001 offered
        1 | answers a 1001 | call b offered
        2 | answers b 1001 | agent 1001 talking; call b talking
        """,
    ),
    "ten callers are served in the order in which they came": (
        "FS#2511: the caller with the eighth score was served first",
        {"shared": 1, "wrap_up_s": 0},
        "\n".join(
            [
                *(f"{n} | queue c{n} ordinary | nothing" for n in range(10)),
                "20 | register 1001 | ring 1001 c0",
                *(
                    f"{21 + n} | answers c{n} 1001 | nothing\n{21 + n} | leg_ends c{n} 1001 | ring 1001 c{n + 1}"
                    for n in range(9)
                ),
            ]
        ),
    ),
    "an answered call that Asterisk knows no more is over": (
        "FS#1973: stale 'Answered'; OS#2530, OS#3123: an agent locked in a call for ever",
        {"shared": 1, "wrap_up_s": 0},
        """
        0 | register 1001   | nothing
        1 | queue a         | ring 1001 a
        2 | answers a 1001  | agent 1001 talking
        3 | lost            | nothing
        4 | queue b         | nothing
        9 | synced b        | ring 1001 b
        """,
    ),
    "an agent whose phone says free in mid-call is not offered another one": (
        "OS#2530: states of phone and agent drift apart",
        {"shared": 1, "wrap_up_s": 0},
        """
        0 | register 1001   | nothing
        1 | queue a         | ring 1001 a
        2 | answers a 1001  | nothing
        3 | free 1001       | agent 1001 talking
        4 | queue b         | nothing
        5 | in_use 1001     | nothing
        9 | leg_ends a 1001 | ring 1001 b
        """,
    ),
    "agents whose wrap-up ends in the same instant are all seen in that instant": (
        "OS#2679: free agents noticed late when all wrap-ups end together",
        {"shared": 3, "wrap_up_s": 10},
        """
        0  | register 1001   | nothing
        0  | register 1002   | nothing
        0  | register 1003   | nothing
        1  | queue a         | ring 1001 a
        1  | queue b         | ring 1002 b
        1  | queue c         | ring 1003 c
        2  | answers a 1001  | nothing
        2  | answers b 1002  | nothing
        2  | answers c 1003  | nothing
        3  | queue x         | nothing
        3  | queue y         | nothing
        3  | queue z         | nothing
        9  | leg_ends a 1001 | nothing
        9  | leg_ends b 1002 | nothing
        9  | leg_ends c 1003 | nothing
        19 | tick            | ring 1001 x; ring 1002 y; ring 1003 z
        """,
    ),
    "calls go round: the agent who was idle longest is next": (
        "OS#2974: always the first agent",
        {"shared": 2, "wrap_up_s": 0},
        """
        0 | register 1001   | nothing
        1 | register 1002   | nothing
        2 | queue a         | ring 1001 a
        3 | answers a 1001  | nothing
        4 | leg_ends a 1001 | nothing
        5 | queue b         | ring 1002 b
        6 | answers b 1002  | nothing
        7 | leg_ends b 1002 | nothing
        8 | queue c         | ring 1001 c
        """,
    ),
    "between the order to ring and the phone's state no second caller gets the same seat": (
        "AQ over-count race: a second caller also had its turn, failed and slept",
        {"shared": 2},
        """
        0 | register 1001 | nothing
        1 | register 1002 | nothing
        2 | queue a       | ring 1001 a
        2 | queue b       | ring 1002 b
        2 | queue c       | nothing; call c waiting
        2 | in_use 1001   | nothing
        2 | in_use 1002   | nothing
        """,
    ),
    "a phone that is in use for something else costs the caller nothing": (
        "AQ: a refused attempt costs the caller `retry` seconds",
        {"shared": 2},
        """
        0 | register 1001       | nothing
        1 | register 1002       | nothing
        2 | queue a             | ring 1001 a
        2 | fails a 1001 busy   | nothing
        2 | queue a             | ring 1002 a
        """,
    ),
    "a phone that is away for a moment while it rings is no agent lost for ever": (
        "OS#3123: locked in a call after the device had gone",
        {"shared": 1},
        """
        0 | register 1001   | nothing
        1 | queue a         | ring 1001 a
        2 | unregister 1001 | agent 1001 offered
        3 | fails a 1001 unavailable | agent 1001 logged_out
        3 | queue a         | nothing; call a waiting
        9 | register 1001   | ring 1001 a
        """,
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_race(name: str) -> None:
    """What went wrong elsewhere goes right here."""
    source, site, story = STORIES[name]
    assert source
    play(a_state(**site), story)


def test_wrap_up_outlives_a_restart_of_the_router() -> None:
    """AST#607, AST#1255: the time of the last call was lost on a reload, and wrap-up with it."""
    site = {"shared": 1, "wrap_up_s": 30.0}
    state = a_state(**site)
    play(
        state,
        """
        0  | register 1001   | nothing
        1  | queue a         | ring 1001 a
        2  | answers a 1001  | nothing
        10 | leg_ends a 1001 | agent 1001 wrap_up
        """,
    )
    stored = msgspec.json.decode(msgspec.json.encode(snapshot.to_plain(state)))
    again = snapshot.from_plain(stored, rules(**site))  # type: ignore[arg-type]
    engine.step(again, Tick(39.9))
    assert again.agents["1001"].state is AgentState.WRAP_UP
    engine.step(again, Tick(40.0))
    assert again.agents["1001"].state is AgentState.READY


def test_an_agent_took_another_caller_while_nobody_listened() -> None:
    """My first caller hung up and Asterisk's own queue gave me the next one before the router heard of either: I am with the second one, and am not rung."""
    play(
        a_state(shared=1, wrap_up_s=5.0),
        """
        1  | register 1001    | nothing
        2  | queue a          | ring 1001 a
        3  | answers a 1001   | call a talking
        4  | queue b          | nothing
        5  | lost             | nothing
        9  | answers b 1001   | call b talking
        9  | synced b         | record a answered asterisk; agent 1001 talking
        10 | queue c          | nothing
        20 | ends b           | record b answered caller; agent 1001 wrap_up
        """,
    )

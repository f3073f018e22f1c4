"""Stories of recipes: what is done while a caller waits."""

from typing import Any

import pytest

from routing import overflow
from routing.ends import end
from routing.facts import CallWidened, Decision, SeatRang
from routing.model import Call, State
from routing.outputs import Outputs
from routing.rules import Queue, Talent
from routing.steps import SUPERVISORS, Leave, Step, When
from tests.builders import a_state
from tests.scenario.play import play

LOWER = Step(When.AFTER, 12, relax=(("billing", 1),))
BILLING = (("billing", 3),)
HELPER = {"1002": Talent((), (SUPERVISORS,))}
FULL = Step(When.AHEAD, 2, leave=Leave.VOICEMAIL)
PREDICTED = Step(When.PREDICTED, 200, add_queue=SUPERVISORS)
SKILLED = {"1001": Talent((("billing", 2),))}

STORIES: dict[str, tuple[dict[str, Any], str]] = {
    "a skill's level is lowered while the caller waits, and the agent who was idle all the time rings": (
        {"shared": 1, "talents": SKILLED, "queues": (Queue("bills", 1, BILLING, (LOWER,)),)},
        """
        0  | register 1001     | nothing
        1  | queue a in=bills  | nothing
        12 | tick              | nothing
        13 | tick              | ring 1001 a; step a required level lowered by billing 1 after 12 s
        """,
    ),
    "a level that comes to nothing is required no more": (
        {"shared": 1, "queues": (Queue("bills", 1, BILLING, (Step(When.AFTER, 5, relax=(("billing", 5),)),)),)},
        """
        0 | register 1001    | nothing
        1 | queue a in=bills | nothing
        6 | tick             | ring 1001 a
        """,
    ),
    "agents of another queue help, those of a third do not": (
        {
            "shared": 2,
            "talents": {"1001": Talent((), ("repairs",)), "1002": Talent((), ("hotline",))},
            "queues": (Queue("bills", overflow=(Step(When.AFTER, 5, add_queue="repairs"),)), Queue("repairs")),
        },
        """
        0 | register 1002    | nothing
        0 | register 1001    | nothing
        1 | queue a in=bills | nothing
        6 | tick             | ring 1001 a; agent 1002 ready
        """,
    ),
    "a supervisor serves nobody until the recipe comes to supervisors": (
        {
            "shared": 1,
            "talents": {"1001": Talent((), (SUPERVISORS,))},
            "queues": (Queue("hotline", overflow=(Step(When.LEFT, 5, add_queue=SUPERVISORS),)),),
        },
        """
        0  | register 1001 | nothing
        1  | queue a       | nothing
        15 | tick          | nothing
        16 | tick          | ring 1001 a; step a supervisors too with 5 s left to the target
        """,
    ),
    "a step for VIP callers is not for ordinary ones": (
        {
            "shared": 1,
            "talents": {"1001": Talent((), (SUPERVISORS,))},
            "queues": (Queue("hotline", overflow=(Step(When.AFTER, 5, ("vip",), add_queue=SUPERVISORS),)),),
        },
        """
        0 | register 1001    | nothing
        1 | queue a ordinary | nothing
        2 | queue v vip      | nothing
        6 | tick             | nothing
        7 | tick             | ring 1001 v
        """,
    ),
    "the recipe's clock runs while a seat rings: the caller comes back wider than before, to the old place": (
        {
            "shared": 2,
            "talents": {"1001": Talent((("billing", 3),)), "1002": Talent((("billing", 2),))},
            "queues": (Queue("bills", 1, BILLING, (LOWER,)),),
        },
        """
        0  | register 1001    | nothing
        0  | register 1002    | nothing
        1  | queue a in=bills | ring 1001 a
        9  | fails a 1001 no_answer | agent 1002 ready
        9  | queue a          | nothing
        10 | ready 1001       | ring 1001 a
        13 | tick             | nothing; step a required level lowered by billing 1 after 12 s
        18 | fails a 1001 no_answer | nothing
        18 | queue a          | ring 1002 a
        """,
    ),
    "the recipe's clock runs while the caller waits for its own agent": (
        {
            "shared": 2,
            "representative_s": 8.0,
            "wrap_up_s": 0,
            "queues": (Queue("hotline", overflow=(Step(When.AFTER, 2, add_queue=SUPERVISORS),)),),
            "talents": {"1002": Talent((), (SUPERVISORS,))},
        },
        """
        0  | register 1001           | nothing
        0  | register 1002           | nothing
        1  | queue x                 | ring 1001 x
        2  | answers x 1001          | nothing
        2  | queue a ordinary 1001   | held a 1001
        4  | tick                    | held a 1001; step a supervisors too after 2 s
        9  | tick                    | nothing
        10 | tick                    | ring 1002 a
        """,
    ),
    "steps that are due together are taken in the order of the file, each once": (
        {
            "shared": 1,
            "talents": SKILLED,
            "queues": (Queue("bills", 1, BILLING, (LOWER, Step(When.LEFT, 8, relax=(("billing", 2),)))),),
        },
        """
        0  | queue a in=bills | nothing
        12 | tick             | step a required level lowered by billing 2 with 8 s left to the target; nothing
        13 | register 1001    | ring 1001 a
        21 | fails a 1001 no_answer | nothing
        21 | queue a          | step a required level lowered by billing 2 with 8 s left to the target; nothing
        """,
    ),
    "a router that lost its memory finds the caller by the channel's variables and takes the steps that are due at once": (
        {"shared": 1, "talents": SKILLED, "queues": (Queue("bills", 1, BILLING, (LOWER,)),)},
        """
        50 | register 1001 | nothing
        51 | queue a in=bills since=30 | ring 1001 a
        """,
    ),
    "callers of one class stay in the order in which they came, widened or not": (
        {"shared": 1, "talents": SKILLED, "wrap_up_s": 0, "queues": (Queue("bills", 1, (("billing", 2),), (LOWER,)),)},
        """
        0  | queue a in=bills | nothing
        5  | queue b in=bills | nothing
        12 | tick             | nothing
        13 | register 1001    | ring 1001 a
        13 | answers a 1001   | nothing
        14 | leg_ends a 1001  | ring 1001 b
        """,
    ),
    "the most urgent of those who wait comes first when the connection is back, whatever its class": (
        {"shared": 1, "queues": (Queue("bills"),)},
        """
        0 | register 1001    | nothing
        0 | lost             | nothing
        1 | queue a          | nothing
        2 | queue v vip in=bills | nothing
        3 | queue w vip      | nothing
        4 | synced a v w     | ring 1001 v
        """,
    ),
    "a caller whose wait is estimated too long gets a supervisor at once; the one before, whose is not, waits on": (
        {"shared": 2, "talents": HELPER, "queues": (Queue("hotline", overflow=(PREDICTED,)),)},
        """
        0 | register 1001  | nothing
        0 | register 1002  | nothing
        1 | queue a        | ring 1001 a
        2 | answers a 1001 | nothing
        3 | queue b        | nothing
        4 | queue c        | ring 1002 c; step c supervisors too with more than 200 s predicted
        """,
    ),
    "with nobody at work who may serve the caller the wait is endless": (
        {"shared": 2, "talents": HELPER, "queues": (Queue("hotline", overflow=(PREDICTED,)),)},
        """
        0 | register 1002 | nothing
        1 | queue a       | ring 1002 a
        """,
    ),
    "who finds the line long enough leaves a message; a VIP is served before the others and finds it short; nobody is sent away for those behind": (
        {"queues": (Queue("hotline", overflow=(FULL,)),)},
        """
        1 | queue a     | nothing
        2 | queue b     | nothing
        3 | queue c     | send c voicemail; step c voicemail with 2 callers before it
        4 | queue v vip | nothing
        5 | ends a      | record a abandoned waiting
        6 | queue d     | send d voicemail
        7 | ends v      | record v abandoned waiting
        8 | queue e     | nothing
        9 | tick        | nothing
        """,
    ),
    "the estimate is looked at again when another step is due": (
        {
            "shared": 2,
            "talents": HELPER,
            "queues": (Queue("hotline", overflow=(PREDICTED, Step(When.AFTER, 9, ring_seats=2))),),
        },
        """
        0  | register 1001      | nothing
        0  | register 1002      | nothing
        1  | queue x            | ring 1001 x
        2  | answers x 1001     | nothing
        3  | queue a            | nothing
        5  | logout 1001        | nothing
        6  | leg_ends x 1001    | agent 1001 logged_out
        11 | tick               | nothing
        12 | tick               | ring 1002 a
        """,
    ),
    "a transfer begins the recipe of the queue it leads to, and leaves the old one behind": (
        {
            "shared": 2,
            "talents": {"1001": Talent((), ("hotline",)), **HELPER},
            "queues": (
                Queue("hotline", overflow=(Step(When.AFTER, 50, add_queue=SUPERVISORS),)),
                Queue("bills", overflow=(Step(When.AFTER, 5, add_queue=SUPERVISORS),)),
            ),
        },
        """
        0  | register 1001          | nothing
        0  | register 1002          | nothing
        1  | queue a                | ring 1001 a
        2  | answers a 1001         | nothing
        60 | transferred a in=bills | record a answered transferred; call a waiting
        64 | tick                   | nothing
        65 | tick                   | ring 1002 a; step a supervisors too after 5 s
        """,
    ),
}


@pytest.mark.parametrize("title", STORIES)
def test_story(title: str) -> None:
    """Each story of a recipe goes as its table says."""
    choices, story = STORIES[title]
    play(a_state(**choices), story)


def test_the_decision_names_the_step_that_let_the_agent_in() -> None:
    """Who asks why this agent got the call reads which step made it possible; an agent who always could needed none."""
    queues = (Queue("bills", 1, BILLING, (Step(When.AFTER, 2, add_queue="repairs"), LOWER)),)
    state = a_state(shared=2, queues=queues, talents={**SKILLED, "1002": Talent(BILLING)})
    facts = play(
        state,
        """
        0  | queue a in=bills | nothing
        0  | queue b in=bills | nothing
        20 | tick             | nothing
        21 | register 1001    | ring 1001 a
        22 | register 1002    | ring 1002 b
        """,
    )
    steps = [fact.step for fact in facts if isinstance(fact, Decision)]
    assert steps == ["required level lowered by billing 1 after 12 s", ""]
    widened = [(fact.call, fact.step, fact.waited_s) for fact in facts if isinstance(fact, CallWidened)]
    assert widened[0] == ("a", "agents of repairs too after 2 s", 20.0) and len(widened) == 4


def test_an_idle_agent_is_late_only_from_the_step_that_let_it_in() -> None:
    """An agent who was idle for a minute and may serve the caller since just now rang at once: no idle-to-ring time is counted."""
    story = """
        0  | register 1001    | nothing
        1  | queue a in=bills | nothing
        13 | tick             | ring 1001 a
        13 | rings a 1001     | nothing
        """
    facts = play(a_state(shared=1, talents=SKILLED, queues=(Queue("bills", 1, BILLING, (LOWER,)),)), story)
    assert [fact.idle_to_ring_s for fact in facts if isinstance(fact, SeatRang)] == [0.0]


LEAVING = (Step(When.AFTER, 10, leave=Leave.VOICEMAIL), Step(When.AFTER, 4, add_queue=SUPERVISORS))
LEAVING_STORIES: dict[str, tuple[dict[str, Any], str]] = {
    "nobody is free in time: the wait ends": (
        {"shared": 1, "queues": (Queue("hotline", overflow=LEAVING),)},
        """
        1  | queue a | nothing
        11 | tick    | record a abandoned waiting
        """,
    ),
    "a supervisor is free at that very moment and comes first": (
        {"shared": 2, "talents": HELPER, "wrap_up_s": 0, "queues": (Queue("hotline", overflow=LEAVING),)},
        """
        1  | queue a       | nothing
        12 | register 1002 | nothing
        12 | tick          | ring 1002 a
        """,
    ),
    "while a seat rings nobody is torn away; the wait ends when the caller comes back": (
        {"shared": 1, "queues": (Queue("hotline", overflow=LEAVING),)},
        """
        0  | register 1001 | nothing
        5  | queue a       | ring 1001 a
        13 | fails a 1001 no_answer | nothing
        13 | ready 1001    | nothing
        13 | queue a       | ring 1001 a
        15 | tick          | call a offered
        21 | fails a 1001 no_answer | nothing
        21 | queue a       | record a abandoned waiting
        """,
    ),
    "who waits for its own agent alone leaves too": (
        {
            "shared": 1,
            "representative_s": 9.0,
            "queues": (Queue("hotline", overflow=(Step(When.AFTER, 5, leave=Leave.VOICEMAIL),)),),
        },
        """
        0 | register 1001         | nothing
        1 | queue x               | ring 1001 x
        2 | queue a ordinary 1001 | held a 1001
        7 | tick                  | record a abandoned waiting
        """,
    ),
    "nobody leaves while Asterisk cannot be told": (
        {"shared": 1, "queues": (Queue("hotline", overflow=LEAVING),)},
        """
        1  | queue a  | nothing
        2  | lost     | nothing
        11 | tick     | call a waiting
        12 | synced a | call a waiting
        12 | tick     | record a abandoned waiting
        """,
    ),
}


@pytest.mark.parametrize("title", LEAVING_STORIES)
def test_a_step_that_ends_the_wait(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken when nobody can serve the caller, once; here by a way out that simply ends the call."""

    def hang_up(state: State, call: Call, step: Step, out: Outputs) -> None:
        end(state, call, lost=False, out=out)

    monkeypatch.setitem(overflow.LEAVE, Leave.VOICEMAIL, hang_up)
    choices, story = LEAVING_STORIES[title]
    play(a_state(**choices), story)

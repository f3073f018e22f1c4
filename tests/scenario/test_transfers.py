"""Stories of callers whom an agent sends on to a queue."""

from typing import Any

import pytest

from routing.facts import CallAnswered, CallOffered, CallRecord
from routing.rules import Queue, Talent
from tests.builders import a_state
from tests.scenario.play import play

REPAIRS = {
    "shared": 2,
    "wrap_up_s": 5,
    "queues": (Queue("repairs"),),
    "talents": {"1001": Talent((), ("hotline",)), "1002": Talent((), ("repairs",))},
}

STORIES: dict[str, tuple[dict[str, Any], str]] = {
    "the caller is offered again in the new queue; the agent who sent it on does its after-call work": (
        REPAIRS,
        """
        0 | register 1001 | nothing
        0 | register 1002 | nothing
        1 | queue a | ring 1001 a
        3 | answers a 1001 | agent 1001 talking
        60 | leg_ends a 1001 | agent 1001 wrap_up; call a after
        60 | transferred a in=repairs | record a answered transferred; ring 1002 a
        62 | answers a 1002 | agent 1002 talking
        90 | hangs_up a | nothing
        90 | ends a | record a answered caller
        """,
    ),
    "Asterisk may tell the transfer before the end of the agent's leg": (
        REPAIRS,
        """
        0 | register 1001 | nothing
        0 | register 1002 | nothing
        1 | queue a | ring 1001 a
        3 | answers a 1001 | agent 1001 talking
        60 | transferred a in=repairs | record a answered transferred; ring 1002 a; agent 1001 wrap_up
        60 | leg_ends a 1001 | agent 1001 wrap_up; call a offered
        62 | answers a 1002 | agent 1002 talking; call a talking
        """,
    ),
    "in the new queue the time counts that the caller has waited before, not the time it has talked": (
        {"shared": 2, "wrap_up_s": 0, "talents": {"1001": Talent((), ("hotline",)), "1002": Talent((), ("repairs",))}, "queues": (Queue("repairs"),)},
        """
        0 | queue a | nothing
        30 | register 1001 | ring 1001 a
        30 | answers a 1001 | nothing
        80 | queue b in=repairs | nothing
        95 | queue c in=repairs | nothing
        100 | transferred a in=repairs | record a answered transferred; line a b c
        """,
    ),
    "a caller who gives up in the new queue was answered in the first and abandoned in the second": (
        REPAIRS,
        """
        0 | register 1001 | nothing
        1 | queue a | ring 1001 a
        3 | answers a 1001 | nothing
        60 | transferred a in=repairs | record a answered transferred; call a waiting
        75 | ends a | record a abandoned waiting
        """,
    ),
    "a seat that lets it ring after a transfer: the call keeps its new place": (
        REPAIRS,
        """
        0 | register 1001 | nothing
        0 | register 1002 | nothing
        1 | queue a | ring 1001 a
        3 | answers a 1001 | nothing
        60 | transferred a in=repairs | record a answered transferred; ring 1002 a
        68 | fails a 1002 no_answer | agent 1002 missed
        68.1 | queue a ordinary in=repairs | call a waiting
        """,
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", STORIES)
def test_story(title: str) -> None:
    """The story named by the title."""
    how, story = STORIES[title]
    play(a_state(**how), story)


def test_both_segments_are_on_record_with_the_first_entry() -> None:
    """Each segment is offered, answered and recorded once, its wait counted from its own beginning; identity and first entry stay."""
    told = play(a_state(**REPAIRS), STORIES[next(iter(STORIES))][1])
    offered = [(f.segment, f.queue, f.queued_at, f.entered_at) for f in told if isinstance(f, CallOffered)]
    assert offered == [(1, "hotline", 1.0, 1.0), (2, "repairs", 1.0, 60.0)]
    assert [(f.segment, f.wait_s) for f in told if isinstance(f, CallAnswered)] == [(1, 2.0), (2, 2.0)]
    records = [r for r in told if isinstance(r, CallRecord)]
    assert [(r.call, r.segment, r.agent, r.queued_at, r.wait_s, r.talk_s, r.offers) for r in records] == [
        ("a", 1, "1001", 1.0, 2.0, 57.0, 1),
        ("a", 2, "1002", 1.0, 2.0, 28.0, 1),
    ]

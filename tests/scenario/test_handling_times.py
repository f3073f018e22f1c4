"""What a record says of the work behind a call: ringing, hold, after-call work, seats that rang in vain."""

import pytest

from routing.engine import next_deadline, step
from routing.events import (
    AgentPaused,
    CallEnded,
    CallQueued,
    Event,
    LegEnded,
    OfferAnswered,
    OfferFailed,
    OfferFailure,
    OfferRinging,
    SeatChanged,
    SeatState,
    TalkHeld,
    Tick,
)
from routing.facts import CallRecord, Fact, WrappedUp
from routing.model import State
from tests.builders import a_state


def facts_of(state: State, *events: Event) -> list[Fact]:
    """All that is put on record, deadlines that come between the events included."""
    found: list[Fact] = []
    for event in events:
        while (due := next_deadline(state)) is not None and due < event.at:
            found += step(state, Tick(due))[1]
        found += step(state, event)[1]
    return found


def queued(at: float, segment: int = 1) -> CallQueued:
    """The caller asks for a person, or is transferred to the queue."""
    return CallQueued(
        at, "a", "PJSIP/carrier-1", "13912345678", "", "", "person", "zh-CN", "", 10.0, "", segment, entered_at=at
    )


TALK: tuple[Event, ...] = (
    SeatChanged(0.0, "1001", SeatState.FREE),
    SeatChanged(1.0, "1002", SeatState.FREE),
    queued(10.0),
    OfferRinging(10.1, "a", "1001", "leg-1"),
    OfferFailed(18.1, "a", "1001", OfferFailure.NO_ANSWER),
    queued(18.2),
    OfferRinging(18.5, "a", "1002", "leg-2"),
    OfferAnswered(21.5, "a", "1002", "leg-2"),
)


def only(facts: list[Fact], kind: type) -> list:
    return [fact for fact in facts if isinstance(fact, kind)]


def test_a_record_tells_ringing_hold_and_seats_in_vain() -> None:
    """One seat rang in vain, the next rang 3 s; of 60 s of talk the agent held the caller 5 and 7; what others hold does not count."""
    facts = facts_of(
        a_state(),
        *TALK,
        TalkHeld(30.0, "a", "leg-2", True),
        TalkHeld(32.0, "a", "leg-1", True),
        TalkHeld(35.0, "a", "leg-2", False),
        TalkHeld(36.0, "a", "leg-2", False),
        TalkHeld(74.5, "a", "leg-2", True),
        LegEnded(81.5, "a", "1002", "leg-2"),
        CallEnded(90.0, "a", 16),
        Tick(200.0),
    )
    record = only(facts, CallRecord)[0]
    assert (record.offers, record.missed, record.ring_s, record.talk_s) == (2, 1, 3.0, 60.0)
    assert record.hold_s == pytest.approx(12.0)
    assert record.wrap_up_s is None
    assert only(facts, WrappedUp) == [WrappedUp(91.5, "a", 1, "1002", 10.0)]


def test_after_call_work_that_ends_before_the_call_is_in_its_record() -> None:
    """The agent was done while the caller still answered the survey."""
    facts = facts_of(a_state(), *TALK, LegEnded(81.5, "a", "1002", "leg-2"), Tick(95.0), CallEnded(120.0, "a", 16))
    assert only(facts, CallRecord)[0].wrap_up_s == 10.0
    assert only(facts, WrappedUp)[0].wrap_up_s == 10.0


@pytest.mark.parametrize(
    ("wrap_up_s", "then", "expected"),
    [
        (0.0, Tick(200.0), 0.0),
        (10.0, AgentPaused(84.5, "1002", "lunch"), 3.0),
        (10.0, AgentPaused(70.0, "1002", "lunch"), 0.0),
        (10.0, LegEnded(200.0, "z", "1002", "leg-9"), 10.0),
    ],
)
def test_after_call_work_ends_with_what_the_agent_does_next(wrap_up_s: float, then: Event, expected: float) -> None:
    """No wrap-up time, a pause in the middle, a pause that was asked for during the talk: each counts what it took."""
    ends = LegEnded(81.5, "a", "1002", "leg-2")
    order = (then, ends) if then.at < ends.at else (ends, then)
    facts = facts_of(a_state(wrap_up_s=wrap_up_s), *TALK, *order, Tick(300.0))
    assert [fact.wrap_up_s for fact in only(facts, WrappedUp)] == [expected]


def test_a_transferred_caller_has_times_of_its_own_in_each_segment() -> None:
    """What the first agent held and wrapped up does not count for the second one."""
    facts = facts_of(
        a_state(),
        *TALK,
        TalkHeld(30.0, "a", "leg-2", True),
        LegEnded(40.0, "a", "1002", "leg-2"),
        queued(40.1, segment=2),
        CallEnded(60.0, "a", 16),
        Tick(200.0),
    )
    first, second = only(facts, CallRecord)
    assert (first.segment, first.hold_s, first.missed) == (1, 10.0, 1)
    assert (second.segment, second.hold_s, second.missed, second.ring_s) == (2, 0.0, 0, 0.0)
    assert [(fact.segment, fact.wrap_up_s) for fact in only(facts, WrappedUp)] == [(1, 10.0)]

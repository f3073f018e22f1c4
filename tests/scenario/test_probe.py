"""Stories of test calls: served like any caller, and marked wherever they go on record."""

from metrics.tally import Tally
from metrics.view import LiveView
from routing import engine
from routing.events import (
    CallArrived,
    CallEnded,
    CallQueued,
    Event,
    OfferAnswered,
    OfferRinging,
    SeatChanged,
    SeatState,
)
from routing.facts import CallRecord, Fact, Outcome
from tests.builders import a_state

PROBE, CUSTOMER = "13800000100", "13912345678"


def _call(call: str, caller: str, at: float) -> list[Event]:
    """A caller who comes, waits, talks and goes."""
    channel = f"PJSIP/carrier-{call}"
    queued = CallQueued(at + 5, call, channel, caller, "", "", "person", "zh-CN", "", at + 5)
    ringing, answered = OfferRinging(at + 5, call, "1001", "leg"), OfferAnswered(at + 7, call, "1001", "leg")
    return [CallArrived(at, call, channel, caller), queued, ringing, answered, CallEnded(at + 30, call, 16)]


def _facts_of(*events: Event) -> list[Fact]:
    state = a_state(shared=1, wrap_up_s=0, probe_numbers=frozenset([PROBE]))
    engine.step(state, SeatChanged(0, "1001", SeatState.FREE))
    return [fact for event in events for fact in engine.step(state, event)[1]]


def test_a_test_call_is_marked_from_its_arrival_to_its_record() -> None:
    """Whoever reads what is on record can tell it from a customer's call at every step."""
    marks = [fact.is_probe for fact in _facts_of(*_call("a", PROBE, 1)) if hasattr(fact, "is_probe")]
    assert len(marks) == 6 and all(marks)
    assert not any(getattr(fact, "is_probe", False) for fact in _facts_of(*_call("a", CUSTOMER, 1)))


def test_a_test_call_counts_in_no_figure() -> None:
    """After a customer's call and a test call the counts are those of the customer alone; both are served the same way."""
    facts = _facts_of(*_call("a", CUSTOMER, 1), *_call("b", PROBE, 100))
    tally, alone = Tally(lambda _: "2026-11-27T09"), Tally(lambda _: "2026-11-27T09")
    for fact in facts:
        tally.add(fact)
        if getattr(fact, "call", "") != "b":
            alone.add(fact)
    assert tally.to_plain() == alone.to_plain()
    assert sum(count.offered for count in tally.classes.values()) == 1
    records = [fact for fact in facts if isinstance(fact, CallRecord)]
    assert [(record.outcome, record.wait_s, record.is_probe) for record in records] == [
        (Outcome.ANSWERED, 2.0, False),
        (Outcome.ANSWERED, 2.0, True),
    ]


def test_a_supervisor_sees_a_test_call_that_waits() -> None:
    """It stands among the waiting callers and says what it is."""
    view = LiveView(["1001"])
    for fact in _facts_of(*_call("b", PROBE, 1)[:2]):
        view.add(fact)
    assert [(call.call, call.is_probe) for call in view.waiting()] == [("b", True)]

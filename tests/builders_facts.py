"""Short ways to make facts for tests, with sensible defaults."""

from routing.facts import (
    AgentChanged,
    AgentState,
    CallAnswered,
    CallEntered,
    CallOffered,
    CallRecord,
    Decision,
    OfferClosed,
    Outcome,
    SeatRang,
)

QUEUE = "hotline"
CALLER = "13912345678"


def entered(at: float, call: str = "a") -> CallEntered:
    """The caller reached the menu."""
    return CallEntered(at, call, CALLER)


def offered(at: float, call: str = "a", tier: str = "ordinary", queue: str = QUEUE) -> CallOffered:
    """The caller asked for a person just now."""
    return CallOffered(at, call, CALLER, queue, tier, "person", "zh-CN", at)


def decided(at: float, call: str = "a", agent: str = "1001") -> Decision:
    """The call was given to an agent who sits at the seat of the same number."""
    return Decision(at, call, agent, agent, "shared seat, longest idle first", 1.0, 19.0, ())


def rang(
    at: float, call: str = "a", agent: str = "1001", tier: str = "ordinary", idle_to_ring_s: float = 0.01
) -> SeatRang:
    """The seat rings."""
    return SeatRang(at, call, agent, agent, QUEUE, tier, idle_to_ring_s)


def closed(at: float, result: str, call: str = "a", agent: str = "1001", tier: str = "ordinary") -> OfferClosed:
    """The offer is over."""
    return OfferClosed(at, call, agent, agent, QUEUE, tier, result, 3.0)


def answered(
    at: float, call: str = "a", wait_s: float = 5.0, tier: str = "ordinary", in_target: bool = True, queue: str = QUEUE
) -> CallAnswered:
    """An agent picked up."""
    return CallAnswered(at, call, "1001", "1001", queue, tier, wait_s, in_target)


def record(
    at: float,
    outcome: Outcome,
    call: str = "a",
    reason: str = "caller",
    wait_s: float = 5.0,
    tier: str = "ordinary",
    queued_at: float | None = None,
    queue: str = QUEUE,
) -> CallRecord:
    """The call is over; it entered the queue `wait_s` ago unless `queued_at` says otherwise."""
    is_menu = outcome is Outcome.MENU
    began = None if is_menu else queued_at if queued_at is not None else at - wait_s
    return CallRecord(
        at=at,
        call=call,
        caller=CALLER,
        queue="" if is_menu else queue,
        tier="" if is_menu else tier,
        service="person",
        language="zh-CN",
        agent="1001" if outcome is Outcome.ANSWERED else "",
        seat="1001" if outcome is Outcome.ANSWERED else "",
        arrived_at=at - wait_s,
        queued_at=began,
        answered_at=began + wait_s if began is not None and outcome is Outcome.ANSWERED else None,
        ended_at=at,
        wait_s=0.0 if is_menu else wait_s,
        talk_s=0.0,
        outcome=outcome,
        reason=reason,
        in_target=outcome is Outcome.ANSWERED,
        offers=1,
    )


def agent_changed(
    at: float, agent: str = "1001", state: AgentState = AgentState.READY, reachable: bool = True, reason: str = ""
) -> AgentChanged:
    """An agent at the seat of its own number is in another state."""
    return AgentChanged(at, agent, agent, state, reason, reachable, ())

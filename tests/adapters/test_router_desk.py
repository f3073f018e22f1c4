"""The router's desk and loop: commands of agents, orders that fail, deadlines that come."""

import asyncio
from typing import Any

import pytest

from routing.adapters.ami import AmiError
from routing.adapters.desk import obey
from routing.adapters.inbox import InboxCommand
from routing.adapters.router_loop import RouterLoop
from routing.events import AgentLoggedIn, AgentPaused, AgentReadied, CallQueued, Event, SeatChanged, SeatState
from routing.facts import AgentState, CallRecord, Fact
from routing.rules import Queue
from routing.steps import Step, When
from routing.transitions import CallState
from tests.builders import a_state


class Kept:
    """A journal that only keeps."""

    def __init__(self) -> None:
        self.entries: list[tuple[Event, list[Fact]]] = []

    def append(self, event: Event, facts: list[Fact], decision_us: float) -> str:
        """Keeps one entry."""
        assert decision_us >= 0
        self.entries.append((event, facts))
        return str(len(self.entries))


class Refusing:
    """A connection whose Asterisk refuses every order with these words."""

    def __init__(self, why: str) -> None:
        self.why = why
        self.orders: list[str] = []

    def send(self, action: str, fields: dict[str, Any], on_refused: Any) -> None:
        """Takes the order, refuses it a moment later."""
        self.orders.append(f"{action} {fields.get('Exten', '')}")
        asyncio.get_running_loop().call_soon(on_refused, self.why)


class Gone:
    """A connection that is no longer there."""

    def send(self, action: str, fields: dict[str, Any], on_refused: Any) -> None:
        """Cannot be sent."""
        raise AmiError("gone")


def a_loop(**choices: Any) -> tuple[RouterLoop, Kept]:
    """A loop whose clock stands at 100 until a test moves it."""
    kept = Kept()
    loop = RouterLoop(a_state(**choices), kept, lambda: asyncio.get_running_loop().time())
    return loop, kept


def waiting(loop: RouterLoop, call: str = "1.1") -> CallQueued:
    """A caller who waits."""
    return CallQueued(
        loop.clock(), call, f"PJSIP/carrier-{call}", "13912345678", "", "", "person", "zh-CN", "", loop.clock()
    )


async def test_an_agent_is_told_the_truth() -> None:
    """Whoever dials a code at a seat hears whether it worked: yes, not logged in, or no such agent."""
    loop, _ = a_loop(shared=1, auto_login=False)
    assert obey(InboxCommand(AgentReadied(0.0, "seat:1001"), ""), loop) == (False, "not logged in")
    assert obey(InboxCommand(AgentLoggedIn(0.0, "8001", "1001"), ""), loop) == (True, "")
    assert obey(InboxCommand(AgentPaused(0.0, "seat:1001", "lunch"), ""), loop) == (True, "")
    assert loop.state.agents["8001"].state is AgentState.NOT_READY
    assert obey(InboxCommand(AgentReadied(0.0, "seat:9999"), ""), loop) == (False, "not logged in")
    refused, why = obey(InboxCommand(AgentLoggedIn(0.0, "7777", "1001"), ""), loop)
    assert not refused and "no such agent" in why
    loop.stop()


@pytest.mark.parametrize("seats", [1, 2])
@pytest.mark.parametrize(("why", "is_over"), [("Channel does not exist", True), ("Redirect failed", False)])
async def test_an_order_that_asterisk_refuses_comes_back(why: str, is_over: bool, seats: int) -> None:
    """A caller who is gone is closed; any other refusal brings the caller back to the line, and every agent asked is ready again."""
    two_at_once = Queue("hotline", overflow=(Step(When.AFTER, 0, ring_seats=2),))
    loop, kept = a_loop(shared=seats, queues=(two_at_once,))
    loop.asterisk = Refusing(why)  # type: ignore[assignment]
    for number in loop.state.seats:
        loop.tell(SeatChanged(loop.clock(), number, SeatState.FREE))
    loop.tell(waiting(loop))
    assert len(loop.state.calls["1.1"].rings) == seats
    while loop.state.calls and loop.state.calls["1.1"].state is CallState.OFFERED:
        await asyncio.sleep(0)
    records = [fact for _, facts in kept.entries for fact in facts if isinstance(fact, CallRecord)]
    assert bool(records) == is_over
    assert {loop.state.agents[number].state for number in loop.state.seats} == {AgentState.READY}
    loop.stop()


async def test_an_order_that_cannot_be_sent_comes_back() -> None:
    """With the line to Asterisk just cut, the offer fails instead of being forgotten."""
    loop, kept = a_loop(shared=1)
    loop.asterisk = Gone()  # type: ignore[assignment]
    loop.tell(SeatChanged(loop.clock(), "1001", SeatState.FREE))
    loop.tell(waiting(loop))
    while len(kept.entries) < 3:
        await asyncio.sleep(0)
    assert loop.state.agents["1001"].state is AgentState.READY
    loop.stop()


async def test_wrap_up_ends_by_the_clock() -> None:
    """Nobody has to say that wrap-up is over: the loop wakes up by itself."""
    loop, _kept = a_loop(shared=1, wrap_up_s=0.05)
    loop.tell(SeatChanged(loop.clock(), "1001", SeatState.FREE))
    agent = loop.state.agents["1001"]
    agent.state, agent.until = AgentState.WRAP_UP, loop.clock() + 0.05
    loop.state.set_deadline("agent", "1001", agent.until)
    loop.tell(SeatChanged(loop.clock(), "1001", SeatState.IN_USE))
    async with asyncio.timeout(5):
        while agent.state is not AgentState.READY:
            await asyncio.sleep(0.01)
    loop.stop()


async def test_an_event_that_the_engine_cannot_take_costs_one_call_only() -> None:
    """A fault in our own rules is logged and left out; the next caller is served as ever."""
    loop, kept = a_loop(shared=1)
    loop.asterisk = Refusing("no")  # type: ignore[assignment]
    broken = waiting(loop, "1.1")
    object.__setattr__(broken, "queued_at", None)
    assert loop.tell(broken) == []
    assert (loop.faults, kept.entries) == (1, [])
    loop.tell(waiting(loop, "2.1"))
    assert loop.state.calls["2.1"].state.value == "waiting"
    loop.stop()

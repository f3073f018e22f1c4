"""Callers who sleep through an order to ring: they are woken, and nobody else is ordered twice."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from routing.actions import RingSeat
from routing.adapters import sleepers
from routing.adapters.ami import AmiError
from routing.adapters.ami_wire import Message
from routing.adapters.sleepers import ASLEEP, Sleepers
from routing.model import Call, Offer

ORDER = RingSeat("c1", "PJSIP/carrier-1", "1001", 8)


class Asterisk:
    """Says in which application a caller is, and keeps what it is ordered."""

    def __init__(self, application: str) -> None:
        self.application = application
        self.asked = 0
        self.ordered: list[str] = []
        self.looked = asyncio.Event()

    def send(self, action: str, fields: Mapping[str, str | list[str]], on_refused: Callable[[str], None]) -> None:
        """The order is taken now."""
        self.ordered.append(f"{action} {fields['Channel']} {fields['Context']} {fields['Exten']}")
        self.application = "Dial"

    async def listing(self, action: str, fields: Mapping[str, str | list[str]]) -> list[Message]:
        """The caller's channel."""
        self.asked += 1
        self.looked.set()
        assert (action, fields) == ("Status", {"Channel": "PJSIP/carrier-1"})
        if self.application == "gone":
            raise AmiError("No such channel")
        return [Message([("Event", "Status"), ("Application", self.application)])]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sleepers, "TAKEN_WITHIN_S", 0.001)


def a_call() -> Call:
    """A call that is offered to one seat, which has not rung yet."""
    call = Call("c1", "PJSIP/carrier-1", "139", 0.0, 1)
    call.rings["1001"] = Offer("1001", "1001", 0.0, 0.0)
    return call


def watched(asterisk: Asterisk | None, calls: dict[str, Call]) -> Sleepers:
    """A watch over one order that went out a moment ago."""
    watch = Sleepers(lambda: calls, lambda: asterisk)
    watch.ordered(ORDER, lambda why: None)
    return watch


async def looks(count: int = 5) -> None:
    """Time for so many looks."""
    for _ in range(count):
        await asyncio.sleep(0.002)


async def test_a_caller_who_sleeps_through_its_order_is_woken_once() -> None:
    """The caller's seat rings half a second later, not when the caller would have looked up by itself."""
    asterisk, calls = Asterisk(ASLEEP), {"c1": a_call()}
    watch = watched(asterisk, calls)
    await asterisk.looked.wait()
    await looks()
    assert asterisk.ordered == ["Redirect PJSIP/carrier-1 connect 1001"]
    assert watch.woken == 1
    assert asterisk.asked > 1  # it is looked whether it woke up


async def test_a_slow_machine_is_asked_and_given_no_second_order() -> None:
    """A caller who is on its way to the seat, however slowly, is left alone: a second order would end the ringing that begins."""
    asterisk = Asterisk("Dial")
    watch = watched(asterisk, {"c1": a_call()})
    await asterisk.looked.wait()
    await looks()
    assert (asterisk.ordered, watch.woken) == ([], 0)


@pytest.mark.parametrize("what", ["rings", "hung up", "offered to another", "offered anew", "no connection"])
async def test_who_needs_no_waking_is_not_asked_about(what: str) -> None:
    """Where the seat rings, the caller is gone or the offer is another one, Asterisk is not even asked."""
    asterisk, call = Asterisk(ASLEEP), a_call()
    calls = {"c1": call}
    watched(None if what == "no connection" else asterisk, calls)
    if what == "rings":
        call.rings["1001"].rang_at = 0.01
    elif what == "hung up":
        del calls["c1"]
    elif what == "offered to another":
        call.rings = {"1002": Offer("1002", "1002", 0.0, 0.0)}
    elif what == "offered anew":
        call.rings["1001"] = Offer("1001", "1001", 0.0, 0.0)
    await looks()
    assert (asterisk.asked, asterisk.ordered) == (0, [])


async def test_a_caller_who_hangs_up_meanwhile_is_no_fault() -> None:
    """Asterisk knows no such channel: nothing is ordered, nothing is raised."""
    asterisk = Asterisk("gone")
    watch = watched(asterisk, {"c1": a_call()})
    await asterisk.looked.wait()
    await looks()
    assert (asterisk.ordered, watch.woken, asterisk.asked) == ([], 0, 1)


async def test_an_end_to_the_looks() -> None:
    """A call whose order never takes effect is left to the offer's own deadline after some looks."""
    asterisk = Asterisk(ASLEEP)
    asterisk.send = lambda *_: asterisk.ordered.append("again")  # type: ignore[method-assign,assignment,func-returns-value]
    watched(asterisk, {"c1": a_call()})
    await looks(60)
    assert asterisk.asked == sleepers.MOST_LOOKS == len(asterisk.ordered)

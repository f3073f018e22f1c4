"""Whatever Asterisk's manager port says, in whatever order and how often: the router goes on and real callers are served."""

import asyncio
import logging
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.tally import Tally
from routing.adapters.ami import AmiAddress
from routing.adapters.ami_wire import AmiParser, Message
from routing.adapters.asterisk_link import AsteriskLink
from routing.adapters.ignored_log import EVERY_S, IgnoredLog
from routing.adapters.router_loop import RouterLoop
from routing.events import SeatState
from routing.facts import EventIgnored, Fact
from routing.ignored import REASONS, reason_of
from tests.builders import a_state

CALLS = ["17.1", "17.2", "17.3"]
SEATS = ["1001", "1002"]
FLOOD = 20_000


class Line:
    """A journal and a connection that keep what they are given."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.orders: list[str] = []

    def append(self, event: object, facts: list[Fact], decision_us: float) -> str:
        """Keeps the facts of one entry."""
        self.facts += facts
        return "0-0"

    def send(self, action: str, fields: dict[str, Any], on_refused: object) -> None:
        """Keeps one order."""
        self.orders.append(f"{action} {fields.get('Channel')} {fields.get('Exten', '')}")


def real(kind: str, call: str, seat: str) -> list[str]:
    """The headers of an event as Asterisk writes it."""
    caller = [f"Channel: PJSIP/carrier-{call}", f"Uniqueid: {call}", f"Linkedid: {call}", "CallerIDNum: 13912345678"]
    dial = [*caller, f"DestChannel: PJSIP/{seat}-0000000a", f"DestUniqueid: {call}9"]
    leg = [f"Channel: PJSIP/{seat}-0000000a", f"Uniqueid: {call}9", f"Linkedid: {call}"]
    return {
        "arrived": ["Event: UserEvent", "UserEvent: JtArrived", *caller],
        "waiting": ["Event: UserEvent", "UserEvent: JtWaiting", *caller, "JtTier: vip", "JtQueuedAt: 100.5"],
        "rings": ["Event: DialBegin", *dial],
        "answers": ["Event: DialEnd", *dial, "DialStatus: ANSWER"],
        "fails": ["Event: DialEnd", *dial, "DialStatus: NOANSWER"],
        "asked": ["Event: HangupRequest", *leg],
        "left": ["Event: Hangup", *leg, "Cause: 16"],
        "gone": ["Event: Hangup", *caller, "Cause: 16"],
        "free": ["Event: DeviceStateChange", f"Device: PJSIP/{seat}", "State: NOT_INUSE"],
        "away": ["Event: DeviceStateChange", f"Device: PJSIP/{seat}", "State: UNAVAILABLE"],
    }[kind]


KINDS = ["arrived", "waiting", "rings", "answers", "fails", "asked", "left", "gone", "free", "away"]
_text = st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=("Cs",)), max_size=12)
_odd = st.one_of(
    _text, st.sampled_from(["", "-1", "\u00b2", "9" * 5000, "nan", "1e999", "PJSIP/1001", "\x00", "<unknown>"])
)
_real = st.builds(real, st.sampled_from(KINDS), st.sampled_from(CALLS), st.sampled_from(SEATS))
_header = st.sampled_from(
    [
        "Event",
        "UserEvent",
        "Linkedid",
        "Uniqueid",
        "Channel",
        "DestChannel",
        "DialStatus",
        "Cause",
        "JtQueuedAt",
        "State",
    ]
)
_broken = st.tuples(_real, st.integers(0, 9), _header, _odd).map(
    lambda told: [*told[0][: told[1]], f"{told[2]}: {told[3]}", *told[0][told[1] + 1 :]]
)
_garbage = st.lists(st.one_of(_text, st.tuples(_header, _odd).map(": ".join)), max_size=6)
_said = st.lists(
    st.tuples(st.one_of(_real, _real, _broken, _garbage), st.integers(1, 3)).map(lambda told: [told[0]] * told[1]),
    max_size=40,
).map(lambda batches: [lines for batch in batches for lines in batch])


def told(link: AsteriskLink, messages: list[list[str]], loop: asyncio.AbstractEventLoop) -> None:
    """The bytes of these messages arrive on the manager port."""
    parser = AmiParser()
    list(parser.feed(b"Asterisk Call Manager/11.0.0\r\n"))
    for lines in messages:
        for message in parser.feed(("\r\n".join(lines) + "\r\n\r\n").encode()):
            loop.call_soon(link.on_event, message)


def run(messages: list[list[str]]) -> Line:
    """Nonsense first; then every call of it ends, a real agent sits down, and a real caller waits."""

    async def main() -> Line:
        line = Line()
        router = RouterLoop(a_state(shared=3), line, asyncio.get_running_loop().time)  # type: ignore[arg-type]
        router.asterisk = line  # type: ignore[assignment]
        link = AsteriskLink(AmiAddress("", 0, "", ""), router, on_synced=lambda: asyncio.sleep(0))
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        told(link, messages, asyncio.get_running_loop())
        await asyncio.sleep(0)
        told(link, [real("gone", call, "") for call in list(router.state.calls)], asyncio.get_running_loop())
        told(link, [real("free", "", "1003"), real("waiting", "99.1", "")], asyncio.get_running_loop())
        await asyncio.sleep(0)
        assert not faults and router.faults == 0
        assert len(router.ignored.counts) <= 20
        router.stop()
        return line

    return asyncio.run(main())


@settings(max_examples=300)
@given(messages=_said)
def test_a_real_caller_is_served_after_any_nonsense(messages: list[list[str]]) -> None:
    """Unknown channels, doubles, wrong order, broken headers: nothing falls over, and the caller who comes then is rung through."""
    line = run(messages)
    assert any(order.startswith("Redirect PJSIP/carrier-99.1 ") for order in line.orders)


@pytest.mark.parametrize("cause", ["\u00b2", "9" * 5000, "", "16 ", "x"])
def test_an_odd_cause_of_a_hang_up_is_unknown(cause: str) -> None:
    """Digits that are none of ours do not stop the reading: the call is over."""
    line = run([real("waiting", "17.1", ""), [*real("gone", "17.1", "")[:-1], f"Cause: {cause}"]])
    assert any("99.1" in order for order in line.orders)


def test_a_flood_of_late_events_is_one_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """20,000 late events: the first is told, then a sum a minute, and every one is counted."""
    noted = IgnoredLog()
    with caplog.at_level(logging.WARNING):
        for number in range(FLOOD):
            noted.note(
                EventIgnored(number * EVERY_S * 2.5 / FLOOD, "OfferRinging", f"c{number}", "late: the offer is over")
            )
    assert noted.counts == {("OfferRinging", "late"): FLOOD}
    assert [record.__dict__["count"] for record in caplog.records] == [1, FLOOD * 2 // 5, FLOOD * 2 // 5]


def test_every_reason_of_the_engine_has_its_word() -> None:
    """Metrics show a closed set of reasons, whatever the engine's texts say."""
    texts = [
        "late: the offer is over",
        "already waiting",
        "no such seat in the site file",
        "on a call",
        "unreadable",
        "?",
    ]
    assert [reason_of(text) for text in texts] == ["late", "duplicate", "unknown", "refused", "unreadable", "other"]
    tally = Tally(lambda at: "")
    for text in texts:
        tally.add(EventIgnored(1.0, "Hangup", "", text))
    assert tally.ignored == dict.fromkeys(REASONS, 1)
    again = Tally(lambda at: "")
    again.load_plain(msgspec.json.decode(msgspec.json.encode(tally.to_plain())))
    assert again.ignored == tally.ignored


class Stock(Line):
    """A connection to an Asterisk with one caller in the menu, who hangs up while its channels are listed, and a seat that becomes free while devices are."""

    def __init__(self) -> None:
        super().__init__()
        self.link: AsteriskLink | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """The connection ends."""

    async def request(self, action: str, fields: dict[str, Any]) -> Message:
        """Asterisk's answer to an action."""
        return Message([("Response", "Success")])

    async def listing(self, action: str, fields: dict[str, Any]) -> list[Message]:
        """Asterisk's list; the hang-up is in the same packet as its end."""
        assert self.link is not None
        parser = AmiParser()
        list(parser.feed(b"Asterisk Call Manager/11.0.0\r\n"))
        if action != "Status":
            words = ["Event: DeviceStateChange", "Device: PJSIP/1001"]
            said = ["\r\n".join([*words, f"State: {state}"]) + "\r\n\r\n" for state in ("INUSE", "NOT_INUSE")]
            talking, free = parser.feed("".join(said).encode())
            self.link.on_event(free)
            return [talking]
        said = [["Event: Status", *real("arrived", "17.1", "")[2:], "Context: menu"], real("gone", "17.1", "")]
        status, gone = parser.feed("".join("\r\n".join(lines) + "\r\n\r\n" for lines in said).encode())
        self.link.on_event(gone)
        return [status]


async def in_agreement(stock: Stock) -> RouterLoop:
    """A router, after it has taken stock."""
    is_synced = asyncio.Event()

    async def on_synced() -> None:
        is_synced.set()

    router = RouterLoop(a_state(shared=1), stock, asyncio.get_running_loop().time)  # type: ignore[arg-type]
    stock.link = AsteriskLink(AmiAddress("", 0, "", ""), router, on_synced)
    running = asyncio.create_task(stock.link.run(stock))  # type: ignore[arg-type]
    await asyncio.wait_for(is_synced.wait(), 5)
    running.cancel()
    router.stop()
    return router


async def test_a_caller_who_hangs_up_while_a_router_takes_stock() -> None:
    """The caller is in the list of channels and gone a moment later: the router doesn't wait for its end for ever."""
    assert not (await in_agreement(Stock())).state.calls


async def test_an_agent_who_hangs_up_while_a_router_takes_stock() -> None:
    """Asterisk lists the seat as in use, and says a moment later that it is free: the agent gets the next caller, and not only after its phone was used for something else."""
    assert (await in_agreement(Stock())).state.seats["1001"].state is SeatState.FREE

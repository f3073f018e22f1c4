"""What Asterisk says, as the router understands it."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.actions import HangUpLeg, RingSeat
from routing.adapters.ami_wire import Message
from routing.adapters.asterisk_words import event_of, order_of, started_at_of, waiting_call_of
from routing.events import (
    CallArrived,
    CallEnded,
    CallQueued,
    HangUpRequested,
    LegEnded,
    OfferAnswered,
    OfferFailed,
    OfferFailure,
    OfferRinging,
    SeatChanged,
    SeatState,
    TalkHeld,
)

CALLER = "Channel: PJSIP/carrier-00000001\nUniqueid: 17.1\nLinkedid: 17.1\nCallerIDNum: 13912345678"
AGENT = "Channel: PJSIP/1001-00000002\nUniqueid: 17.2\nLinkedid: 17.1\nCallerIDNum: 1001"
DIAL = "Channel: PJSIP/carrier-00000001\nLinkedid: 17.1\nDestChannel: PJSIP/1001-00000002\nDestUniqueid: 17.2"


def message(text: str) -> Message:
    """A message from lines as the CLI would show them."""
    return Message([tuple(part.strip() for part in line.partition(":")[::2]) for line in text.splitlines()])  # type: ignore[misc]


def failed(reason: OfferFailure) -> OfferFailed:
    """The failure of the one offer of these tables."""
    return OfferFailed(5.0, "17.1", "1001", reason)


ROWS = [
    (
        f"Event: UserEvent\nUserEvent: JtArrived\n{CALLER}",
        CallArrived(5.0, "17.1", "PJSIP/carrier-00000001", "13912345678"),
    ),
    (
        (
            f"Event: UserEvent\nUserEvent: JtWaiting\n{CALLER}\nJtQueue: hotline\nJtTier: vip\nJtService: person\n"
            "JtLanguage: zh-CN\nJtRepresentative: 1902\nJtQueuedAt: 1790000000.125"
        ),
        CallQueued(
            5.0,
            "17.1",
            "PJSIP/carrier-00000001",
            "13912345678",
            "hotline",
            "vip",
            "person",
            "zh-CN",
            "1902",
            1790000000.125,
        ),
    ),
    (
        f"Event: UserEvent\nUserEvent: JtWaiting\n{CALLER}\nJtQueuedAt: 1.5\nJtWantsCallback: 1",
        CallQueued(
            *(5.0, "17.1", "PJSIP/carrier-00000001", "13912345678", "", "", "", "", "", 1.5), wants_callback=True
        ),
    ),
    (
        f"Event: UserEvent\nUserEvent: JtWaiting\n{CALLER}\nJtQueue: a b;rm\nJtTier: ${{X}}\nJtQueuedAt: soon",
        CallQueued(5.0, "17.1", "PJSIP/carrier-00000001", "13912345678", "", "", "", "", "", 0.0),
    ),
    (f"Event: UserEvent\nUserEvent: Other\n{CALLER}", None),
    ("Event: UserEvent\nUserEvent: JtWaiting", None),
    (f"Event: DialBegin\n{DIAL}", OfferRinging(5.0, "17.1", "1001", "17.2")),
    ("Event: DialBegin\nLinkedid: 17.1\nDestChannel: PJSIP/carrier-00000009\nDestUniqueid: 17.9", None),
    (f"Event: DialEnd\n{DIAL}\nDialStatus: ANSWER", OfferAnswered(5.0, "17.1", "1001", "17.2")),
    (f"Event: DialEnd\n{DIAL}\nDialStatus: NOANSWER", failed(OfferFailure.NO_ANSWER)),
    (f"Event: DialEnd\n{DIAL}\nDialStatus: BUSY", failed(OfferFailure.BUSY)),
    (f"Event: DialEnd\n{DIAL}\nDialStatus: CHANUNAVAIL", failed(OfferFailure.UNAVAILABLE)),
    (f"Event: DialEnd\n{DIAL}\nDialStatus: CANCEL", None),
    (f"Event: DialEnd\n{DIAL}\nDialStatus: CONGESTION", failed(OfferFailure.REJECTED)),
    (f"Event: DialEnd\n{DIAL}", failed(OfferFailure.REJECTED)),
    (f"Event: Hangup\n{CALLER}\nCause: 16", CallEnded(5.0, "17.1", 16)),
    (f"Event: Hangup\n{CALLER}\nCause: x", CallEnded(5.0, "17.1", 0)),
    (f"Event: Hangup\n{AGENT}\nCause: 16", LegEnded(5.0, "17.1", "1001", "17.2")),
    (f"Event: HangupRequest\n{CALLER}", HangUpRequested(5.0, "17.1", "")),
    (f"Event: HangupRequest\n{AGENT}", HangUpRequested(5.0, "17.1", "17.2")),
    (f"Event: Hold\n{AGENT}", TalkHeld(5.0, "17.1", "17.2", True)),
    (f"Event: Unhold\n{AGENT}", TalkHeld(5.0, "17.1", "17.2", False)),
    ("Event: DeviceStateChange\nDevice: PJSIP/1001\nState: NOT_INUSE", SeatChanged(5.0, "1001", SeatState.FREE)),
    ("Event: DeviceStateChange\nDevice: PJSIP/1001\nState: RINGING", SeatChanged(5.0, "1001", SeatState.IN_USE)),
    (
        "Event: DeviceStateChange\nDevice: PJSIP/1001\nState: UNAVAILABLE",
        SeatChanged(5.0, "1001", SeatState.UNREACHABLE),
    ),
    ("Event: DeviceStateChange\nDevice: PJSIP/1001\nState: NEW_IN_30", None),
    ("Event: DeviceStateChange\nDevice: PJSIP/carrier\nState: INUSE", None),
    ("Event: FullyBooted", None),
    ("Response: Success", None),
]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_each_message_says_one_thing(text: str, expected: object) -> None:
    """Asterisk's message becomes the event of the table, or nothing."""
    assert event_of(message(text), 5.0) == expected


def test_a_withheld_number_is_empty() -> None:
    """A caller without a number is not called <unknown>."""
    event = event_of(
        message(f"Event: UserEvent\nUserEvent: JtArrived\n{CALLER.replace('13912345678', '<unknown>')}"), 5.0
    )
    assert isinstance(event, CallArrived) and event.caller == ""


@given(
    pairs=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "Event",
                    "UserEvent",
                    "Channel",
                    "Linkedid",
                    "Uniqueid",
                    "DestChannel",
                    "State",
                    "Device",
                    "Cause",
                    "DialStatus",
                ]
            ),
            st.one_of(
                st.text(max_size=40),
                st.sampled_from(
                    ["UserEvent", "Hangup", "DialEnd", "DialBegin", "JtWaiting", "DeviceStateChange", "1.1"]
                ),
            ),
        ),
        max_size=12,
    )
)
def test_any_message_is_survived(pairs: list[tuple[str, str]]) -> None:
    """A message with missing or odd headers is an event or nothing, never a crash."""
    event_of(Message(pairs), 1.0)
    waiting_call_of(Message(pairs), 1.0)


def test_a_waiting_call_is_found_again_by_its_variables() -> None:
    """After a take-over a caller who waits keeps class and clock, which travel on the channel."""
    item = message(
        f"{CALLER}\nContext: waiting\nVariable: JT_QUEUE=hotline\nVariable: JT_TIER=vip\nVariable: JT_QUEUED_AT=1790000000.5"
    )
    call = waiting_call_of(item, 9.0)
    assert isinstance(call, CallQueued)
    assert (call.tier, call.queue, call.queued_at) == ("vip", "hotline", 1790000000.5)


def test_orders_in_asterisks_words() -> None:
    """Ringing a seat, or several at once, is a Redirect of the caller; ending a leg is a Hangup."""
    assert order_of(RingSeat("17.1", "PJSIP/carrier-00000001", "1001", 8)) == (
        "Redirect",
        {"Channel": "PJSIP/carrier-00000001", "Context": "connect", "Exten": "1001", "Priority": "1"},
    )
    several = order_of(RingSeat("17.1", "PJSIP/carrier-00000001", "1001", 8, ("1002", "1901")))
    assert several[1]["Exten"] == "1001*1002*1901"
    agent = order_of(RingSeat("17.1", "PJSIP/carrier-00000001", "1001", 8, agent="8001"))
    assert agent[1]["Exten"] == "1001+8001"
    assert order_of(HangUpLeg("17.2")) == ("Hangup", {"Channel": "17.2", "Cause": "16"})


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        ("CoreStartupDate: 2026-11-23\nCoreStartupTime: 08:09:10", True),
        ("CoreStartupDate: soon", False),
        ("Response: Success", False),
    ],
)
def test_when_asterisk_started(text: str, is_known: bool) -> None:
    """The start of Asterisk is read in this machine's time zone, as the end of the second that it names: who came within that second was at the Asterisk before; anything odd is unknown."""
    expected = datetime(2026, 11, 23, 8, 9, 11).astimezone().timestamp() if is_known else 0.0
    assert started_at_of(message(text)) == expected


@pytest.mark.parametrize(
    ("state", "account", "is_answer"), [("6", "jt-told", True), ("5", "jt-told", False), ("6", "", False)]
)
def test_an_agent_who_is_told_something_has_answered(state: str, account: str, is_answer: bool) -> None:
    """The wait is over when the agent picks up, not when it has been told who calls."""
    told = message(
        f"Event: Newstate\nChannel: PJSIP/1001-00000002\nChannelState: {state}\nAccountCode: {account}\n"
        "Uniqueid: 17.2\nLinkedid: 17.1"
    )
    assert event_of(told, 5.0) == (OfferAnswered(5.0, "17.1", "1001", "17.2") if is_answer else None)


@pytest.mark.parametrize("event", ["DialBegin", "DialEnd"])
def test_a_call_between_colleagues_is_no_offer(event: str) -> None:
    """A seat that dials another seat says nothing about a caller."""
    pairs = [tuple(line.split(": ")) for line in f"{DIAL}\nDialStatus: ANSWER".splitlines()]
    assert event_of(Message([("Event", event), ("Context", "connect"), *pairs]), 1.0) is not None  # type: ignore[list-item]
    assert event_of(Message([("Event", event), ("Context", "features"), *pairs]), 1.0) is None  # type: ignore[list-item]

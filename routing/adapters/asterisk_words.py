"""Asterisk's words to ours and back: AMI messages to events, actions to AMI actions.

Owns every AMI event and header name that the router depends on. Must not do I/O or keep state.
Source: Asterisk 22's AMI events as seen on the wire; asterisk_conf/names.py for our own.
"""

import math
import re
from datetime import datetime

from asterisk_conf import names
from routing.actions import (
    Action,
    Announce,
    CallBack,
    HangUpLeg,
    RingSeat,
    SendOutside,
    SendToVoicemail,
    TellOfCallback,
    Word,
)
from routing.adapters.ami_wire import Message
from routing.events import (
    CallArrived,
    CallbackAsked,
    CallEnded,
    CallQueued,
    CallRefused,
    CustomerReached,
    CustomerUnreached,
    Event,
    HangUpRequested,
    LegEnded,
    MessageLeft,
    OfferAnswered,
    OfferFailed,
    OfferFailure,
    OfferRinging,
    OutsideAnswered,
    QueueFoundClosed,
    SeatChanged,
    SeatState,
    TalkHeld,
)

_SEAT_CHANNEL = re.compile(r"PJSIP/([0-9]{2,15})-[0-9a-f]{8}")
_SEAT_DEVICE = re.compile(r"PJSIP/([0-9]{2,15})")
_CALLBACK = re.compile(names.CALLBACK_CHANNEL + r"[0-9]+-(.+)")
_MESSAGE = re.compile(r"[0-9A-Za-z_.-]{1,64}\.wav")
_WORD = re.compile(names.WORD)
# Said by a router that takes the lead, to all other routers: the dialplan does not know it
_LEADER, _OWNER, _NUMBER = "JtLeader", "JtOwner", "JtFence"
_FENCE = re.compile(r"[0-9]{1,15}")
_WHOLE_S = 1.0
_UP = "6"  # AST_STATE_UP in Asterisk's channelstate.h
_CAUSE = re.compile(r"[0-9]{1,3}")  # not str.isdigit: that takes digits that int() does not
KINDS = (  # of the events that are read: Asterisk has to make them (manager.conf)
    "UserEvent",
    "DialBegin",
    "DialEnd",
    "Newstate",
    "Hangup",
    "HangupRequest",
    "Hold",
    "Unhold",
    "DeviceStateChange",
)

_DEVICE_STATES = {
    "NOT_INUSE": SeatState.FREE,
    "INUSE": SeatState.IN_USE,
    "BUSY": SeatState.IN_USE,
    "RINGING": SeatState.IN_USE,
    "RINGINUSE": SeatState.IN_USE,
    "ONHOLD": SeatState.IN_USE,
    "UNAVAILABLE": SeatState.UNREACHABLE,
    "INVALID": SeatState.UNREACHABLE,
    "UNKNOWN": SeatState.UNREACHABLE,
}
# Measured on Asterisk 22: 486 and 600 give BUSY, 503 CONGESTION, 603, 480 and 404 NOANSWER (see offers.on_failed).
_DIAL_FAILURES = {
    "NOANSWER": OfferFailure.NO_ANSWER,
    "BUSY": OfferFailure.BUSY,
    "CHANUNAVAIL": OfferFailure.UNAVAILABLE,
}
# Said when the caller hung up, but also of a phone that forwards (302), before the real verdict: the end of the leg or the next
# DialEnd decides.
_NO_VERDICT = ("CANCEL", "ABORT")
_UNREACHED = {"NOANSWER": "no_answer", "BUSY": "busy"}
STATUS_VARIABLES = (
    names.QUEUE,
    names.TIER,
    names.SERVICE,
    names.LANGUAGE,
    names.REPRESENTATIVE,
    names.CUSTOMER_CLASS,
    names.QUEUED_AT,
    names.SEGMENT,
    names.ENTERED_AT,
)


def event_of(message: Message, at: float) -> Event | None:
    """The event that an AMI message tells of; None when it says nothing to the router."""
    match message.get("Event"):
        case "UserEvent":
            return _of_user_event(message, at)
        case "DialBegin" | "DialEnd" if message.get("Context") == names.FEATURES:
            return None  # colleagues call each other
        case "DialBegin":
            seat = _seat_of(message.get("DestChannel"))
            return OfferRinging(at, _call_of(message), seat, message.get("DestUniqueid")) if seat else None
        case "DialEnd" | "Newstate" as kind:
            return _of_dial_end(message, at) if kind == "DialEnd" else _of_new_state(message, at)
        case "Hangup":
            return _of_hangup(message, at)
        case "HangupRequest" | "Hold" | "Unhold":
            return _of_wish(message, at)
        case "DeviceStateChange":
            return seat_changed_of(message, at)
        case _:
            return None


def _of_wish(message: Message, at: float) -> Event:
    """One side hung up by itself, or holds the other."""
    call, leg, word = _call_of(message), message.get("Uniqueid"), message.get("Event")
    if word != "HangupRequest":
        return TalkHeld(at, call, leg, word == "Hold")
    return HangUpRequested(at, call, "" if leg == message.get("Linkedid") and not is_callback_channel(leg) else leg)


def leader_of(message: Message) -> tuple[str, int] | None:
    """Owner id and fence number of a router that says that it leads; None for every other message."""
    if message.get("Event") != "UserEvent" or message.get("UserEvent") != _LEADER:
        return None
    fence = message.get(_NUMBER)
    return message.get(_OWNER), int(fence) if _FENCE.fullmatch(fence) else 0


def leadership(owner: str, fence: int) -> tuple[str, dict[str, str | list[str]]]:
    """AMI action by which a router tells all others that it leads."""
    said: dict[str, str | list[str]] = {"UserEvent": _LEADER}
    return "UserEvent", {**said, _OWNER: owner, _NUMBER: str(fence)}


def kind_of(message: Message) -> str:
    """The name of an event that the router listens to, `other` for all the rest: a word of a closed set, for counting."""
    kind = message.get("Event")
    return kind if kind in KINDS else "other"


def is_callback_channel(channel_id: str) -> bool:
    """Whether that channel is of an agent who was rung for a callback."""
    return _CALLBACK.fullmatch(channel_id) is not None


def _call_of(message: Message) -> str:
    """The call that a channel belongs to; an agent's channel that was made for a callback bears it in its own id."""
    linked = message.get("Linkedid") or message.get("DestLinkedid")
    found = _CALLBACK.fullmatch(linked)
    return found[1] if found else linked


def _seat_of(channel: str) -> str:
    found = _SEAT_CHANNEL.fullmatch(channel)
    return found[1] if found else ""


def _word(text: str) -> str:
    return text if _WORD.fullmatch(text.lower()) else ""


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _segment(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _of_user_event(message: Message, at: float) -> Event | None:
    call, channel = message.get("Linkedid"), message.get("Channel")
    if not call or not channel:
        return None
    match message.get("UserEvent"):
        case names.EVENT_CALLBACK:
            return CallbackAsked(at, call)
        case names.EVENT_UNREACHED:
            return CustomerUnreached(at, _call_of(message), _UNREACHED.get(message.get(names.HEADER_RESULT), "failed"))
        case names.EVENT_MESSAGE:
            file, length_s = message.get(names.HEADER_FILE), _number(message.get(names.HEADER_SECONDS))
            return MessageLeft(at, call, file, length_s) if length_s >= 1 and _MESSAGE.fullmatch(file) else None
        case names.EVENT_CLOSED:
            return QueueFoundClosed(
                at=at,
                call=call,
                queue=_word(message.get(names.HEADER_QUEUE)),
                tier=_word(message.get(names.HEADER_TIER)),
                service=_word(message.get(names.HEADER_SERVICE)),
                language=_word(message.get(names.HEADER_LANGUAGE)),
                leaves_message=message.get(names.HEADER_THEN) == "message",
            )
        case names.EVENT_ARRIVED | names.EVENT_REFUSED as word:
            if word == names.EVENT_ARRIVED:
                event: Event = CallArrived(at, call, channel, caller_of(message))
            else:
                event = CallRefused(at, call, "rate" if message.get(names.HEADER_REASON) == "rate" else "full")
            return event
        case names.EVENT_WAITING:
            return CallQueued(
                at=at,
                call=call,
                channel=channel,
                caller=caller_of(message),
                queue=_word(message.get(names.HEADER_QUEUE)),
                tier=_word(message.get(names.HEADER_TIER)),
                service=_word(message.get(names.HEADER_SERVICE)),
                language=_word(message.get(names.HEADER_LANGUAGE)),
                representative=_word(message.get(names.HEADER_REPRESENTATIVE)),
                queued_at=_number(message.get(names.HEADER_QUEUED_AT)),
                customer_class=_word(message.get(names.HEADER_CUSTOMER_CLASS)),
                segment=_segment(message.get(names.HEADER_SEGMENT)),
                entered_at=_number(message.get(names.HEADER_ENTERED_AT)),
                wants_callback=message.get(names.HEADER_WANTS_CALLBACK) == "1",
            )
        case _:
            return None


def caller_of(message: Message) -> str:
    """The caller's number, empty when withheld ("<unknown>" in Asterisk's words)."""
    number = message.get("CallerIDNum")
    return "" if number.startswith("<") else number[:32]


def _of_dial_end(message: Message, at: float) -> Event | None:
    seat, call = _seat_of(message.get("DestChannel")), _call_of(message)
    status = message.get("DialStatus")
    if not seat:  # the trunk
        is_back = is_callback_channel(message.get("Linkedid"))
        reached = CustomerReached(at, call) if is_back else OutsideAnswered(at, call)
        return reached if status == "ANSWER" else None
    if status == "ANSWER":
        return OfferAnswered(at, call, seat, message.get("DestUniqueid"))
    if status in _NO_VERDICT:
        return None
    return OfferFailed(at, call, seat, _DIAL_FAILURES.get(status, OfferFailure.REJECTED))


def _of_new_state(message: Message, at: float) -> OfferAnswered | None:
    """An agent who is told something first has picked up; DialEnd says so only when it is told."""
    seat, call = _seat_of(message.get("Channel")), message.get("Linkedid")
    is_told = message.get("AccountCode") == names.TOLD and message.get("ChannelState") == _UP
    return OfferAnswered(at, call, seat, message.get("Uniqueid")) if seat and call and is_told else None


def _of_hangup(message: Message, at: float) -> Event | None:
    call, leg = message.get("Linkedid"), message.get("Uniqueid")
    if leg == call and not is_callback_channel(leg):
        cause = message.get("Cause")
        return CallEnded(at, call, int(cause) if _CAUSE.fullmatch(cause) else 0)
    seat = _seat_of(message.get("Channel"))
    return LegEnded(at, _call_of(message), seat, leg) if seat else None


def seat_changed_of(message: Message, at: float) -> SeatChanged | None:
    """The seat's new state that a DeviceStateChange (live or from a list) tells of."""
    found = _SEAT_DEVICE.fullmatch(message.get("Device"))
    state = _DEVICE_STATES.get(message.get("State"))
    return SeatChanged(at, found[1], state) if found and state else None


def waiting_call_of(message: Message, at: float) -> CallQueued | CallArrived | None:
    """The call that an item of the `Status` list tells of, if it is a caller's channel in the menu or waiting; for take-over."""
    call, context = message.get("Linkedid"), message.get("Context")
    if message.get("Uniqueid") != call:
        return None
    if context in (names.MENU, names.ENTER):
        return CallArrived(at, call, message.get("Channel"), caller_of(message))
    if context not in (names.WAITING, names.STATIC):
        return None
    variables = dict(pair.partition("=")[::2] for pair in message.all("Variable"))
    return CallQueued(
        at=at,
        call=call,
        channel=message.get("Channel"),
        caller=caller_of(message),
        queue=_word(variables.get(names.QUEUE, "")),
        tier=_word(variables.get(names.TIER, "")),
        service=_word(variables.get(names.SERVICE, "")),
        language=_word(variables.get(names.LANGUAGE, "")),
        representative=_word(variables.get(names.REPRESENTATIVE, "")),
        queued_at=_number(variables.get(names.QUEUED_AT, "")),
        customer_class=_word(variables.get(names.CUSTOMER_CLASS, "")),
        segment=_segment(variables.get(names.SEGMENT, "")),
        entered_at=_number(variables.get(names.ENTERED_AT, "")),
    )


def is_in_static_queue(message: Message) -> bool:
    """Whether an item of the `Status` list is a caller who waits, or is being rung for, in Asterisk's own queue: not yet talking."""
    is_caller = message.get("Uniqueid") == message.get("Linkedid")
    return is_caller and message.get("Context") == names.STATIC and not message.get("BridgeID")


def back_to_waiting(channel: str) -> tuple[str, dict[str, str | list[str]]]:
    """AMI action that takes a caller out of Asterisk's own queue; it waits on under the router, which knows of it."""
    return "Redirect", {"Channel": channel, "Context": names.WAITING, "Exten": "back", "Priority": "1"}


def beat(at_s: int) -> tuple[str, dict[str, str | list[str]]]:
    """AMI action by which the dialplan hears that a router is there, at wall-clock second `at_s`."""
    return "Setvar", {"Variable": names.BEAT, "Value": str(at_s)}


def member_paused(seat: str, *, paused: bool) -> tuple[str, dict[str, str | list[str]]]:
    """AMI action that keeps a seat out of Asterisk's own queues, or lets it in."""
    return "QueuePause", {"Interface": f"PJSIP/{seat}", "Paused": "true" if paused else "false"}


def is_static(message: Message) -> bool:
    """Whether a message says that a caller went to Asterisk's own queue."""
    return message.get("Event") == "UserEvent" and message.get("UserEvent") == names.EVENT_STATIC


def seat_leg_of(message: Message, at: float) -> tuple[OfferRinging, OfferAnswered | None] | None:
    """What an item of the `Status` list tells of a seat's leg of a caller's call: it rings, and perhaps was picked up;
    None for every other channel.
    """
    seat, call, leg = _seat_of(message.get("Channel")), message.get("Linkedid"), message.get("Uniqueid")
    if not seat or not call or leg == call:
        return None
    is_up = message.get("ChannelState") == _UP
    return OfferRinging(at, call, seat, leg), OfferAnswered(at, call, seat, leg) if is_up else None


def started_at_of(message: Message) -> float:
    """The second by whose end Asterisk had started, epoch seconds, from the answer to `CoreStatus`; 0.0 when it does not say.

    Asterisk writes its local time and drops the part of a second; we run in the same zone. The end of the second,
    for a call that came within it came to the Asterisk before: one that starts takes no call so soon.
    """
    text = f"{message.get('CoreStartupDate')} {message.get('CoreStartupTime')}"
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").astimezone().timestamp() + _WHOLE_S
    except ValueError:
        return 0.0


def order_of(action: Action) -> tuple[str, dict[str, str | list[str]]]:
    """AMI action name and headers that carry out an action of the engine."""
    match action:
        case Announce():
            said = {
                "Context": names.WAITING,
                "Exten": f"say-{action.place:02d}{action.minutes:02d}{action.offers_callback:d}",
                "Priority": "1",
            }
            return "Redirect", {"Channel": action.channel, **said}
        case RingSeat():
            return "Redirect", {"Channel": action.channel, **_where_to_ring(action)}
        case SendOutside():
            target = {"Context": names.OUTSIDE, "Exten": action.number, "Priority": "1"}
            return "Redirect", {"Channel": action.channel, **target}
        case SendToVoicemail():
            return "Redirect", {"Channel": action.channel, "Context": names.VOICEMAIL, "Exten": "s", "Priority": "1"}
        case TellOfCallback():
            context = names.FAREWELL if action.word in (Word.ACCEPTED, Word.KNOWN) else names.WAITING
            target = {"Context": context, "Exten": f"callback-{action.word.value}", "Priority": "1"}
            return "Redirect", {"Channel": action.channel, **target}
        case CallBack():
            return "Originate", {
                "Channel": f"PJSIP/{action.seat}",
                "Context": names.CALL_BACK,
                "Exten": action.number,
                "Priority": "1",
                "Timeout": str(action.ring_s * 1000),
                "CallerID": f"<{action.number}>",
                "Async": "true",
                "ChannelId": f"{names.CALLBACK_CHANNEL}{action.attempt}-{action.call}",
            }
        case HangUpLeg():
            return "Hangup", {"Channel": action.leg, "Cause": "16"}


def _where_to_ring(action: RingSeat) -> dict[str, str | list[str]]:
    """Seats that ring at once; or one, and the agent who sits there when its number is another."""
    exten = names.SEATS_APART.join(action.seats)
    if not action.also and action.agent not in ("", action.seat):
        exten += names.AGENT_APART + action.agent
    return {"Context": names.CONNECT, "Exten": exten, "Priority": "1"}

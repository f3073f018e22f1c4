"""The ways out that need nobody at a seat: a listed number outside, voicemail, and closed hours.

Owns when a call is out and when it is back. Must not decide that a call leaves: the queue's recipe does.
Rules: issue of routing in full, item 4; only numbers of the site's list are ever dialled, never one that a caller sent.
"""

from routing.actions import SendOutside, SendToVoicemail
from routing.events import CallRefused, MessageLeft, OutsideAnswered, QueueFoundClosed, SendFailed
from routing.facts import CallSent, MessageTaken
from routing.model import Call, State
from routing.outputs import Outputs
from routing.own_agent import let_go
from routing.transitions import CALL, CallState, CallStep

OUT = (CallState.OUTSIDE, CallState.VOICEMAIL)


def send_outside(state: State, call: Call, number: str, out: Outputs) -> None:
    """Takes a waiting call out of the line and connects it to `number`; one that is not on the list leaves it waiting.

    Not answered, the call comes back (`CallQueued`) to its old place.
    """
    if call.state is CallState.WAITING and number in state.rules.outside_numbers:
        _send(state, call, CallStep.SEND_OUTSIDE, out)
        out.actions.append(SendOutside(call.id, call.channel, number))


def send_to_voicemail(state: State, call: Call, out: Outputs) -> None:
    """Takes a waiting call out of the line and lets the caller leave a message."""
    if call.state is CallState.WAITING:
        _send(state, call, CallStep.SEND_TO_VOICEMAIL, out)
        out.actions.append(SendToVoicemail(call.id, call.channel))


def _send(state: State, call: Call, step: CallStep, out: Outputs) -> None:
    if call.held_for:
        let_go(state, call)
    call.state = CALL[(call.state, step)]
    call.left_at = out.at
    state.place_call(call)
    waited_s = out.at - (call.queued_at if call.queued_at is not None else out.at)
    out.facts.append(CallSent(out.at, call.id, call.state.value, waited_s))


def on_outside_answered(state: State, event: OutsideAnswered, out: Outputs) -> None:
    """The number outside picked up: the wait is over."""
    call = state.calls.get(event.call)
    if call is None or call.state is not CallState.OUTSIDE or call.outside_at is not None:
        out.ignore(event, event.call, "late: not on the way outside")
        return
    call.outside_at = event.at


def on_message_left(state: State, event: MessageLeft, out: Outputs) -> None:
    """A message is on disk."""
    call = state.calls.get(event.call)
    if call is None or call.state is not CallState.VOICEMAIL or call.message:
        out.ignore(event, event.call, "late: leaves no message")
        return
    call.message = event.file
    out.facts.append(MessageTaken(out.at, call.id, call.caller, call.queue, call.tier, event.file, event.length_s))


def on_found_closed(state: State, event: QueueFoundClosed, out: Outputs) -> None:
    """The caller chose a queue that is closed: it was not offered, and its record says why."""
    call = state.calls.get(event.call)
    if call is None or call.state is not CallState.MENU:
        out.ignore(event, event.call, "late: not in the menu" if call is None else f"late: {call.state.value}")
        return
    call.found_closed = True
    call.queue = event.queue if event.queue in state.queues else state.rules.queue
    call.tier = event.tier if event.tier in state.tiers else state.rules.default_tier
    call.service, call.language = event.service, event.language
    if event.leaves_message:
        call.state = CALL[(call.state, CallStep.SEND_TO_VOICEMAIL)]
        out.facts.append(CallSent(out.at, call.id, call.state.value, 0.0))


def on_refused(state: State, event: CallRefused, out: Outputs) -> None:
    """The hotline was full: the caller is sent away, and its record says why."""
    call = state.calls.get(event.call)
    if call is None or call.state is not CallState.MENU:
        out.ignore(event, event.call, "late: not in the menu" if call is None else f"late: {call.state.value}")
        return
    call.refused = event.reason


def is_out(state: State, event: SendFailed, out: Outputs) -> Call | None:
    """The call that could not be sent, if it still counts as sent; else the event is put on record as late."""
    call = state.calls.get(event.call)
    if call is None or call.state not in OUT:
        out.ignore(event, event.call, "late: not on the way out")
        return None
    return call

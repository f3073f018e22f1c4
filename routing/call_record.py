"""The one record that a call, or a segment of it, leaves at its end.

Owns outcome, reason and times of the record. Must not change any state: ends.py says when a call is over.
Rules: design.md section 5; facts.CallRecord.
"""

from routing.facts import CallRecord, Outcome
from routing.model import Call, State
from routing.transitions import CallState


def _way_out(call: Call) -> tuple[Outcome, str, float | None] | None:
    """Outcome, reason and end of the wait of a call that left the line in another way than to an agent; None when it did not."""
    if call.goodbye:
        return Outcome.CALLBACK, call.goodbye, None
    if call.promised_at is not None:
        is_kept = call.answered_at is not None and call.answered_at <= call.promised_at
        return Outcome.CALLBACK, "kept" if is_kept else "late", call.answered_at
    if call.answered_at is None and call.outside_at is not None:
        return Outcome.OUTSIDE, "answered", call.outside_at
    if call.answered_at is None and call.message:
        return Outcome.VOICEMAIL, "message", call.left_at
    return None


def record_of(state: State, call: Call, was: CallState, *, lost: bool, at: float) -> CallRecord:
    """The record of a call that ends at `at`; `was`: the state in which it ended, `lost`: with Asterisk."""
    wait_s = talk_s = 0.0
    in_target = False
    if call.queued_at is None:
        outcome = Outcome.MENU
        closed = "message" if call.message else "closed"
        reason = call.refused or ("asterisk" if lost else closed if call.found_closed else "caller")
    elif (way := _way_out(call)) is not None:
        outcome, reason, reached_at = way
        wait_s = max(0.0, (at if reached_at is None else reached_at) - call.entered_at)
        talk_s = max(0.0, at - reached_at) if reached_at is not None and outcome is not Outcome.VOICEMAIL else 0.0
    elif call.answered_at is not None:
        outcome = Outcome.ANSWERED
        reason = "asterisk" if lost else call.hung_up_by or "caller"
        wait_s = max(0.0, call.answered_at - call.entered_at)
        talk_s = max(0.0, (call.talk_ended_at if call.talk_ended_at is not None else at) - call.answered_at)
        in_target = wait_s <= state.tiers[call.tier].answer_within_s
    else:
        wait_s = max(0.0, at - call.entered_at)
        outcome = Outcome.LOST if lost else Outcome.ABANDONED
        ringing = was in (CallState.OFFERED, CallState.RETURNING)  # the seat's side may end before the caller's
        reason = "asterisk" if lost else ("ringing" if ringing else "waiting")
    return CallRecord(
        at=at,
        call=call.id,
        caller=call.caller,
        queue=call.queue,
        tier=call.tier,
        service=call.service,
        language=call.language,
        agent=call.agent,
        seat=call.seat,
        arrived_at=call.arrived_at,
        queued_at=call.queued_at,
        answered_at=call.answered_at,
        ended_at=at,
        wait_s=wait_s,
        talk_s=talk_s,
        outcome=outcome,
        reason=reason,
        in_target=in_target,
        offers=call.offers,
        segment=call.segment,
        entered_at=call.entered_at if call.queued_at is not None else None,
        missed=call.missed,
        ring_s=call.ring_s,
        hold_s=min(talk_s, call.hold_s + (max(0.0, at - call.held_at) if call.held_at is not None else 0.0)),
        wrap_up_s=call.wrap_up_s,
        is_probe=state.is_probe(call),
    )

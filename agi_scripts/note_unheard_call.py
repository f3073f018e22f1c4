"""Dialplan entry `note_unheard_call`: a call that Asterisk's own queue served is over, and no router heard of it.

Owns the reading of the dialplan's words. Must not touch the channel: it is gone. Rules: design.md section 4; words that are none are empty.
"""

import math
import re
import time

import structlog

from agi_scripts.context import ScriptContext
from asterisk_conf import names
from ivr.adapters.agi_channel import AgiChannel
from routing.adapters.redis_clients import StoreAway
from routing.events import CallServedUnheard

_SEAT = re.compile(r"PJSIP/([0-9]{2,15})")
_WORD = re.compile(names.WORD)
log = structlog.get_logger("agi")


def note_unheard_call(channel: AgiChannel, context: ScriptContext) -> str:
    """Keeps a note for the next router; one that cannot be kept is logged, Asterisk's queue_log has the call too."""
    words = [channel.env.get(f"agi_arg_{number}", "") for number in range(1, 11)]
    queued_at, segment, entered_at, queue, tier, service, language, static_at, hold_s, member = words
    now, seat = time.time(), _SEAT.fullmatch(member)
    event = CallServedUnheard(
        at=now,
        call=channel.call,
        channel=channel.env.get("agi_channel", ""),
        caller=channel.caller,
        queue=_word(queue),
        tier=_word(tier),
        service=_word(service),
        language=_word(language),
        queued_at=_number(queued_at) or now,
        segment=int(_number(segment)) or 1,
        entered_at=_number(entered_at),
        answered_at=_number(static_at) + _number(hold_s) if seat and hold_s else 0.0,
        seat=seat[1] if seat else "",
        ended_at=now,
    )
    try:
        context.note_unheard(event)
    except StoreAway as error:
        log.error("a call without a router is not noted", call=channel.call, error=str(error))
        return "not_noted"
    return "noted"


def _word(text: str) -> str:
    return text if _WORD.fullmatch(text.lower()) else ""


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) and number >= 0 else 0.0

"""Dialplan entry `log_in_agent`: an agent logs in at the seat it dials from, by number and PIN.

Owns the conversation. Must not keep or log what was typed. Rules: issue 2 item 5; domain.md P3.
"""

from functools import partial

import structlog

from agi_scripts.context import ScriptContext
from agi_scripts.seat_command import ask_router, seat_of, tell
from ivr.adapters.agi_channel import AgiChannel
from routing.events import AgentLoggedIn

TRIES = 3
MAX_DIGITS = 15
DIGIT_WITHIN_S = 6.0
CHECK_S = 5.0  # a check takes 30 ms; many agents of a shift log in at once
log = structlog.get_logger("agi")


def log_in_agent(channel: AgiChannel, context: ScriptContext) -> str:
    """Asks number and PIN up to three times; says truthfully whether the agent is logged in now."""
    seat = seat_of(channel)
    if not seat:
        log.error("log-in from something that is no seat", call=channel.call)
        return tell(channel, context, "try-later")
    for _ in range(TRIES):
        number = channel.digits(
            context.prompt(context.language, "enter-agent-number"), MAX_DIGITS, DIGIT_WITHIN_S
        ).typed
        pin = channel.digits(context.prompt(context.language, "enter-pin"), MAX_DIGITS, DIGIT_WITHIN_S).typed
        try:
            is_right = bool(number and pin) and context.look_ups.within(
                CHECK_S, partial(context.pins.is_right, number, pin)
            )
        except Exception as error:  # noqa: BLE001 - whatever the database driver raises, the agent hears that it must try later
            log.error("PIN cannot be checked", call=channel.call, seat=seat, error=type(error).__name__)
            return tell(channel, context, "try-later")
        if is_right:
            return ask_router(channel, context, AgentLoggedIn(0.0, number, seat), "logged-in")
        tell(channel, context, "wrong-pin")
    log.warning("log-in refused after wrong PINs", call=channel.call, seat=seat)
    return "refused"

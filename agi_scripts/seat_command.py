"""What the feature codes share: which seat dials, and telling the agent what the router said.

Owns the seat's number from the channel's name, and the spoken answer. Must not decide whether a command is right.
Rules: docs/discussions.md (who may log an agent out); `seat:NUMBER` as agent means whoever sits there.
"""

import re

import structlog

from agi_scripts.context import ScriptContext
from agi_scripts.speech import say
from ivr.adapters.agi_channel import AgiChannel
from routing.adapters.inbox import Command
from routing.adapters.inbox_client import RouterSilent
from routing.events import AgentExtended

_SEAT_CHANNEL = re.compile(r"PJSIP/([0-9]{2,15})-[0-9a-f]{8}")
NOT_LOGGED_IN = "not logged in"  # the router's word for an empty seat
log = structlog.get_logger("agi")


def seat_of(channel: AgiChannel) -> str:
    """The number of the seat whose authenticated device this channel is; empty for anything else."""
    found = _SEAT_CHANNEL.fullmatch(channel.env.get("agi_channel", ""))
    return found[1] if found else ""


def whoever_sits(channel: AgiChannel) -> str:
    """The agent of a command that means whoever sits at the seat."""
    return f"seat:{seat_of(channel)}"


def ask_router(channel: AgiChannel, context: ScriptContext, command: Command, done: str) -> str:
    """Sends the command and plays prompt `done`, or why not; returns one word for the log."""
    if not seat_of(channel):
        log.error("a feature code from something that is no seat", call=channel.call)
        return tell(channel, context, "try-later")
    try:
        is_obeyed, why = context.router.ask(command)
    except RouterSilent as error:
        log.error("no answer from the router", call=channel.call, error=str(error))
        return tell(channel, context, "try-later")
    if is_obeyed:
        return tell(channel, context, done)
    log.warning("the router refused an agent's command", call=channel.call, seat=seat_of(channel), because=why)
    if why == NOT_LOGGED_IN:
        return tell(channel, context, "not-logged-in")
    return tell(channel, context, "not-after-a-call" if isinstance(command, AgentExtended) else "try-later")


def tell(channel: AgiChannel, context: ScriptContext, prompt: str) -> str:
    """Plays a prompt to its end; returns its name as a word for the log."""
    say(channel, context, context.language, prompt)
    return prompt.replace("-", "_")

"""Saying a prompt to whoever is on the line.

Owns that a sound file which is missing or broken costs one sentence and not the call. Must not know why it is said.
"""

import structlog

from agi_scripts.context import ScriptContext
from ivr.adapters.agi_channel import AGIAppError, AgiChannel, CallerHungUp

log = structlog.get_logger("agi")


def say(channel: AgiChannel, context: ScriptContext, language: str, prompt: str, keys: str = "") -> str:
    """Plays a prompt; returns the key among `keys` that cut it short, empty when none did or it could not be played (logged)."""
    try:
        return channel.play(context.prompt(language, prompt), keys)
    except CallerHungUp:
        raise
    except AGIAppError:
        log.error("prompt cannot be played", call=channel.call, prompt=prompt, language=language)
        return ""

"""Dialplan entry `extend_wrap_up`: whoever sits at the seat needs longer for after-call work.

Owns nothing but the command. Rules: the router bounds it (`wrap_up_max_s`).
"""

from agi_scripts.context import ScriptContext
from agi_scripts.seat_command import ask_router, whoever_sits
from ivr.adapters.agi_channel import AgiChannel
from routing.events import AgentExtended


def extend_wrap_up(channel: AgiChannel, context: ScriptContext) -> str:
    """Tells the router and says truthfully what became of it."""
    return ask_router(channel, context, AgentExtended(0.0, whoever_sits(channel)), "wrap-up-longer")

"""Dialplan entry `log_out_agent`: whoever sits at the seat leaves, after the present call if there is one.

Owns nothing but the command. Rules: docs/discussions.md (who may log an agent out).
"""

from agi_scripts.context import ScriptContext
from agi_scripts.seat_command import ask_router, whoever_sits
from ivr.adapters.agi_channel import AgiChannel
from routing.events import AgentLoggedOut


def log_out_agent(channel: AgiChannel, context: ScriptContext) -> str:
    """Tells the router and says truthfully what became of it."""
    return ask_router(channel, context, AgentLoggedOut(0.0, whoever_sits(channel)), "logged-out")

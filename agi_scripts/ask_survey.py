"""Dialplan entry `ask_survey`: the agent has hung up and is free, and the caller may say how the talk was.

Owns what the rating is about: this call's queue and tier. Must not know the question: the flow does.
Rules: domain.md H13, P1.
"""

from collections.abc import Mapping

from agi_scripts.context import ScriptContext
from agi_scripts.flow_performer import look_up, perform
from asterisk_conf import names
from ivr.adapters.agi_channel import AgiChannel
from ivr.look_up import LookedUp

FLOW, DOOR = "survey", "rate"


def ask_survey(channel: AgiChannel, context: ScriptContext) -> str:
    """Leads the caller through the survey; what it pressed counts even when it hangs up right after the key."""
    if FLOW not in context.flows.flows:
        return "no_survey"
    known = channel.variables(names.LANGUAGE, names.QUEUE, names.TIER)

    def rate(caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        about = {"queue": known[names.QUEUE] or context.queue, "tier": known[names.TIER] or context.default_tier}
        return look_up(channel, context, DOOR, {**about, **values})

    language = known[names.LANGUAGE] or context.language
    perform(channel, context, FLOW, language, {}, own_doors={DOOR: rate})
    return "asked"

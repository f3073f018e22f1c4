"""Dialplan entry `answer_call`: who calls, and what follows from it for tier, language, class and representative.

Owns these channel variables. Must not speak: the menu does. Rules: domain.md C1, H2, H10, H14 (the age that a customer reaches this year); fails open.
"""

from datetime import UTC, datetime

from agi_scripts.context import ScriptContext
from asterisk_conf import names
from ivr.adapters.agi_channel import AgiChannel


def answer_call(channel: AgiChannel, context: ScriptContext) -> str:
    """Sets tier, language, class and representative from the customer table; the defaults for anyone else.

    Without a named representative the agent who talked to the caller last is tried first.
    """
    customer = context.customer(channel.caller, channel.call)
    tier = customer.tier if customer is not None and customer.tier in context.tiers else context.default_tier
    language = (customer.language if customer is not None else "") or context.language
    channel.set_variable(names.TIER, tier)
    channel.set_variable(names.LANGUAGE, language)
    named = customer.representative if customer is not None else ""
    own_agent = named or context.last_agent(channel.caller, channel.call)
    if own_agent:
        channel.set_variable(names.REPRESENTATIVE, own_agent)
    if customer is not None:
        age = datetime.now(UTC).year - customer.birth_year if customer.birth_year else ""
        channel.set_variable(names.CUSTOMER, f"{names.KNOWN}{age}")
    if customer is not None and customer.class_:
        channel.set_variable(names.CUSTOMER_CLASS, customer.class_)
    return "known" if customer is not None else "unknown"

"""Dialplan entry `choose_service`: leads the caller through the hotline's flow and says what comes next.

Owns the words that the dialplan goes on by. Must not know a menu: flows are files. Rules: domain.md H11, H12.
"""

from agi_scripts.context import ScriptContext
from agi_scripts.flow_performer import look_up, perform
from agi_scripts.speech import say
from asterisk_conf import names
from ivr.adapters.agi_channel import AgiChannel
from ivr.calendar import Closed
from ivr.flow import CallBack, HangUp, Message, ToQueue, Transfer
from ivr.flow_step import ANNOUNCED
from ivr.flow_visit import ANNOUNCEMENTS, SERVICE

FLOW = "hotline"
CLOSED = {Closed.HOURS: names.CLOSED_HOURS, Closed.HOLIDAY: names.CLOSED_HOLIDAY, None: names.CLOSED_HOURS}


def choose_service(channel: AgiChannel, context: ScriptContext) -> str:
    """Sets service, queue, language and that the caller goes on to the queue; outside the queue's hours another queue takes over, or the
    caller is told so and leaves a message or is sent away.

    A hang-up ends it by CallerHungUp, which the server logs in one line.
    """
    known = channel.variables(names.LANGUAGE, names.TIER, names.CUSTOMER)
    leave = perform(
        channel, context, FLOW, known[names.LANGUAGE] or context.language, values_of(channel, context, known)
    )
    how = leave.how
    channel.set_variable(names.LANGUAGE, leave.language)
    if isinstance(how, HangUp):
        channel.set_variable(names.NEXT, names.NEXT_HANGUP)
        return "hung_up_by_menu"
    if isinstance(how, Transfer):
        channel.set_variable(names.TRANSFER_TO, how.number)
        channel.set_variable(names.NEXT, names.NEXT_TRANSFER)
        return "transfer"
    channel.set_variable(names.SERVICE, how.service)
    if isinstance(how, CallBack):
        channel.set_variable(names.WANTS_CALLBACK, "1")
    return _to_queue(channel, context, how, leave.language)


def values_of(channel: AgiChannel, context: ScriptContext, known: dict[str, str]) -> dict[str, str]:
    """What a flow can test from the beginning: tier, age (may be empty), caller: withheld, customer or stranger."""
    customer = known[names.CUSTOMER]
    who = "customer" if customer.startswith(names.KNOWN) else "stranger"
    return {
        "tier": known[names.TIER] or context.default_tier,
        "age": customer.removeprefix(names.KNOWN),
        "caller": who if channel.caller else "withheld",
    }


def _to_queue(channel: AgiChannel, context: ScriptContext, how: ToQueue | CallBack | Message, language: str) -> str:
    queue = context.queues.get(how.service, context.queue)
    opening = context.opening(queue, channel.call)
    next_word = names.NEXT_MESSAGE if isinstance(how, Message) else names.NEXT_QUEUE
    if not opening.is_open and queue in context.closed_queues:
        queue = context.closed_queues[queue]
    elif not opening.is_open:
        next_word = names.CLOSED_MESSAGE if queue in context.message_queues else CLOSED[opening.closed]
    if next_word == names.NEXT_QUEUE:
        announced = look_up(channel, context, ANNOUNCEMENTS, {SERVICE: how.service}).values.get(ANNOUNCED, "")
        for prompt in announced.split():
            say(channel, context, language, prompt)
    channel.set_variable(names.QUEUE, queue)
    channel.set_variable(names.NEXT, next_word)
    return how.service if next_word == names.NEXT_QUEUE else next_word

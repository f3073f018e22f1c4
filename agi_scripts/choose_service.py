"""Dialplan entry `choose_service`: plays the menu and says what the caller chose.

Owns the performing of the menu's steps. Must not know what a key means: ivr/menu.py does. Rules: domain.md H11.
"""

from agi_scripts.context import ScriptContext
from agi_scripts.speech import say
from asterisk_conf import names
from ivr.adapters.agi_channel import AgiChannel
from ivr.calendar import Closed
from ivr.main_menu import MAIN_MENU
from ivr.menu import Ask, Choose, KeyPressed, Menu, NothingPressed, start, step

KEY_WITHIN_S = 5.0
CLOSED = {Closed.HOURS: names.CLOSED_HOURS, Closed.HOLIDAY: names.CLOSED_HOLIDAY, None: names.CLOSED_HOURS}
ANY_KEY = "0123456789*#"


def choose_service(channel: AgiChannel, context: ScriptContext, menu: Menu = MAIN_MENU) -> str:
    """Leads the caller through the menu; sets service, queue, language and that the caller goes on to the queue;
    outside the queue's hours another queue takes over, or the caller is told so and leaves a message or is sent away.

    A hang-up ends it by CallerHungUp, which the server logs in one line.
    """
    position, output = start(menu, channel.get_variable(names.LANGUAGE) or context.language)
    while isinstance(output, Ask):
        key = _ask(channel, context, position.language, output)
        position, output = step(menu, position, KeyPressed(key) if key else NothingPressed())
    assert isinstance(output, Choose)
    queue = context.queues.get(output.service, context.queue)
    channel.set_variable(names.SERVICE, output.service)
    channel.set_variable(names.LANGUAGE, position.language)
    opening = context.opening(queue, channel.call)
    next_word = "queue"
    if not opening.is_open and queue in context.closed_queues:
        queue = context.closed_queues[queue]
    elif not opening.is_open:
        next_word = names.CLOSED_MESSAGE if queue in context.message_queues else CLOSED[opening.closed]
    channel.set_variable(names.QUEUE, queue)
    channel.set_variable(names.NEXT, next_word)
    return output.service if next_word == "queue" else "closed"


def _ask(channel: AgiChannel, context: ScriptContext, language: str, ask: Ask) -> str:
    for prompt in ask.prompts:
        key = say(channel, context, language, prompt, ANY_KEY)
        if key:
            return key
    return channel.key_within(KEY_WITHIN_S)

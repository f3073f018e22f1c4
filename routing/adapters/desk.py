"""The router's desk: takes commands of agents from the inbox, tells the engine, and answers truthfully.

Owns the turning of a command into an event and of its facts into yes or no. Must not check PINs: the script did.
Rules: design.md section 3 (inbox); `seat:1001` as agent means whoever sits at that seat.
"""

import asyncio
import dataclasses
import logging

from routing.adapters.inbox import Command, Inbox, InboxCommand
from routing.adapters.redis_clients import StoreAway
from routing.adapters.router_loop import RouterLoop
from routing.events import CallbackCancelled
from routing.facts import EventIgnored

log = logging.getLogger(__name__)

AWAY_PAUSE_S = 0.5


async def serve_desk(inbox: Inbox, loop: RouterLoop) -> None:
    """Runs until cancelled; while the store is away nothing is lost but the commands that could not be sent anyway."""
    is_away = False
    while True:
        try:
            commands = await inbox.read(block_s=1.0)
        except StoreAway as error:
            if not is_away:
                log.warning("agents' commands cannot be read now: %s", error)
            is_away = True
            await asyncio.sleep(AWAY_PAUSE_S)
            continue
        is_away = False
        await loop.until_going()
        for command in commands:
            ok, text = obey(command, loop)
            await inbox.reply(command.reply, ok, text)


def obey(command: InboxCommand, loop: RouterLoop) -> tuple[bool, str]:
    """Applies one command now; returns whether it was obeyed, and if not the reason."""
    event: Command = dataclasses.replace(command.event, at=loop.clock())
    if not isinstance(event, CallbackCancelled) and event.agent.startswith("seat:"):
        seat = loop.state.seats.get(event.agent.removeprefix("seat:"))
        if seat is None or not seat.agent:
            return False, "not logged in"
        event = dataclasses.replace(event, agent=seat.agent)
    refusals = [fact.because for fact in loop.tell(event) if isinstance(fact, EventIgnored)]
    return (False, refusals[0]) if refusals else (True, "")

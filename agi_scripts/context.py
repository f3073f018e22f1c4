"""What every script is given: the site's values and the doors to customers, agents and the router.

Owns that bundle and the rule that a look-up is short and fails open. Must not know a menu.
Rules: issue 2 item 7; wazo's habit: a look-up that fails must not drop a call.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from ivr.adapters.customers import Customer
from ivr.adapters.look_ups import LookUps
from ivr.calendar import Opening
from ivr.flow_visit import Flows
from ivr.look_up import Door
from routing.adapters.inbox import Command
from routing.events import CallServedUnheard

LOOK_UP_S = 0.5
DAY_S = 86_400
log = structlog.get_logger("agi")


class CustomerLookUp(Protocol):
    """Who calls."""

    def look_up(self, phone: str) -> Customer | None:
        """The customer with that number; None when unknown."""


class LastAgentLookUp(Protocol):
    """Who talked to a caller last."""

    def of(self, caller: str, since: float) -> str:
        """The agent's number; empty when nobody did since then."""


class QueueHours(Protocol):
    """When queues are open."""

    def opening(self, queue: str) -> Opening:
        """Whether somebody answers in that queue now."""


class PinCheck(Protocol):
    """Whether an agent is who it says."""

    def is_right(self, number: str, pin: str) -> bool:
        """Whether number and PIN belong together."""


class RouterDoor(Protocol):
    """Commands to the router."""

    def ask(self, command: Command) -> tuple[bool, str]:
        """Whether it was obeyed, and if not why; raises RouterSilent."""


@dataclass(frozen=True)
class ScriptContext:
    """A worker's bundle. `tiers` and `queue` are the site's words; `prompts` holds a folder for each language.

    remembered           customers as last seen in the database, asked when that fails; no I/O
    hours                opening hours; None: always open
    note_unheard         keeps a note of a call that no router heard of; raises StoreAway
    closed_queues        queue -> queue, where callers go on outside its hours instead of being sent away
    message_queues       queues whose callers leave a message outside its hours
    queues               service -> queue, where it isn't the hotline's own
    flows                what callers meet; without the one that is asked for, a person
    doors                what flows may ask, by name
    recordings           folder of what callers say, which Asterisk writes
    first_contact_days   how long the agent who talked to a caller last is tried first; 0: not at all
    """

    language: str
    queue: str
    default_tier: str
    tiers: frozenset[str]
    prompts: Path
    customers: CustomerLookUp
    pins: PinCheck
    router: RouterDoor
    last_agents: LastAgentLookUp | None = None
    first_contact_days: int = 0
    queues: Mapping[str, str] = field(default_factory=dict)
    hours: QueueHours | None = None
    closed_queues: Mapping[str, str] = field(default_factory=dict)
    note_unheard: Callable[[CallServedUnheard], None] = lambda _: None
    message_queues: frozenset[str] = frozenset()
    remembered: CustomerLookUp | None = None
    flows: Flows = field(default_factory=lambda: Flows({}, ("zh-CN",), lambda *_: ()))
    doors: Mapping[str, Door] = field(default_factory=dict)
    recordings: Path = Path()
    look_ups: LookUps = field(default_factory=LookUps)

    def prompt(self, language: str, name: str) -> str:
        """The sound file of a prompt, without its ending, as Asterisk wants it."""
        return str(self.prompts / language / name)

    def opening(self, queue: str, call: str) -> Opening:
        """Whether the queue is open; when that cannot be told (logged) it is."""
        try:
            return self.hours.opening(queue) if self.hours is not None else Opening(True)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with a calendar, the caller is served
            log.error("opening hours cannot be told, the queue counts as open", call=call, error=repr(error))
            return Opening(True)

    def customer(self, phone: str, call: str) -> Customer | None:
        """The customer who calls; None when unknown. When the look-up fails or takes longer than LOOK_UP_S (logged), whoever is remembered."""
        try:
            return self.look_ups.within(LOOK_UP_S, lambda: self.customers.look_up(phone))
        except Exception as error:  # noqa: BLE001 - whatever a database driver raises, the caller is served
            known = self.remembered.look_up(phone) if self.remembered is not None else None
            log.warning(
                "customer look-up failed, the call goes on",
                call=call,
                error=type(error).__name__,
                known=known is not None,
            )
            return known

    def last_agent(self, caller: str, call: str) -> str:
        """Number of the agent who talked to the caller last, within `first_contact_days`; empty when nobody did or it cannot be told in time."""
        last_agents = self.last_agents
        if last_agents is None or self.first_contact_days <= 0 or not caller:
            return ""
        since = time.time() - self.first_contact_days * DAY_S
        try:
            return self.look_ups.within(LOOK_UP_S, lambda: last_agents.of(caller, since))
        except Exception as error:  # noqa: BLE001 - whatever a database driver raises, the caller is served
            log.warning("last agent not looked up, anyone may answer", call=call, error=type(error).__name__)
            return ""

"""A worker with the dialplan's scripts on a free port, a router that says what it is told to, and callers who speak AGI to it.

Owns these stand-ins. Must not know a story.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine

from agi_scripts.context import ScriptContext
from ivr.adapters.customers import Customer, Customers
from ivr.adapters.fastagi_server import FastAgiServer
from jietong.launch import PROMPTS
from jietong.processes.agi import SCRIPTS, bound
from routing.adapters.agents_table import AgentPins
from routing.adapters.inbox import Command
from routing.adapters.inbox_client import RouterSilent
from tests.agi_client import Caller, call
from tests.flows import shipped

CUSTOMERS = [
    Customer("13900000001", "张伟", "vip", "personal_business", "1902", 1962, "zh-CN"),
    Customer("13900000002", "Ann", "vip", "personal_business", "", 0, "en"),
    Customer("13900000003", "旧", "platinum", "household", "", 0, ""),
]


class Router:
    """Stands for the router: keeps the commands, answers as told; `answer` None is silence."""

    def __init__(self) -> None:
        self.answer: tuple[bool, str] | None = (True, "")
        self.commands: list[Command] = []

    def ask(self, command: Command) -> tuple[bool, str]:
        """The scripts' door."""
        self.commands.append(command)
        if self.answer is None:
            raise RouterSilent("no answer within 2 s")
        return self.answer


class Site:
    """A worker with its context, on a free port."""

    def __init__(self, engine: Engine, **changes: Any) -> None:
        self.router = Router()
        values: dict[str, Any] = {
            "language": "zh-CN",
            "queue": "hotline",
            "default_tier": "ordinary",
            "tiers": frozenset({"vip", "ordinary"}),
            "prompts": PROMPTS,
            "flows": shipped(),
            "customers": Customers(engine),
            "pins": AgentPins(engine),
            "router": self.router,
        }
        context = ScriptContext(**(values | changes))
        self.server = FastAgiServer("127.0.0.1", 0, {n: bound(w, context) for n, w in SCRIPTS.items()}, 50)

    def call(self, script: str, caller: Caller | None = None, **environment: str) -> Caller:
        """One session of a script."""
        return call(self.server.address, script, caller or Caller(), **environment)


@contextmanager
def a_site(engine: Engine, **changes: Any) -> Iterator[Site]:
    """A site that serves."""
    made = Site(engine, **changes)
    thread = threading.Thread(target=made.server.serve)
    thread.start()
    try:
        yield made
    finally:
        made.server.drain(5)
        thread.join()

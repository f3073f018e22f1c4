"""`make demo`: robots call and answer for a minute on a running site, or on a demo site of its own, and the answer rate moves.

Run: python -m bench.demo [--var DIR] [--seconds 60] [--port-base N]. Softphones are agents and callers, all on this machine; seats whose agent is
logged in already are left alone. Exit code 0 when every call that was made is on record, each once.
"""

import argparse
import asyncio
import contextlib
import json
import random
import signal
import sys
import tempfile
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jietong.database import open_engine
from jietong.processes.status import explain
from jietong.running import NoRunningSite, RunningSite
from routing.adapters.records import recent_calls
from routing.facts import CallRecord
from tests.adapters.up_fixture import jietong_up
from tests.robots.people import Agent, Caller

ORDINARY_SEATS, VIP_SEATS = 3, 2
CALL_EVERY_S = 2.5  # mean; more than the seats can take at once, so that somebody waits
TALK_MEAN_S = 5.0
VIP_SHARE = 0.25
SETTLE_S = 15.0
OWN_PORT_BASE = 19000  # below the ports that the system gives to outgoing connections
console = Console()


class Demo:
    """One demonstration: what robots do, and what became of their calls."""

    def __init__(self, site: RunningSite, seconds: float, seed: int) -> None:
        self.site, self.seconds = site, seconds
        self.random = random.Random(seed)
        self.server = f"127.0.0.1:{site.ports.sip}"
        self.dialled: list[str] = []
        self.stop = asyncio.Event()

    def status(self) -> dict[str, Any]:
        """What `jietong status --json` says."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.ports.http}/status", timeout=5) as page:
            told: dict[str, Any] = json.load(page)
            return told

    def free_seats(self) -> list[str]:
        """A few ordinary and a few dedicated seats at which nobody is logged in."""
        busy = {agent["seat"] for agent in self.status()["agents"] if agent["seat"]}
        seats = [seat for seat in self.site.site.seats if seat.auto_login and seat.number not in busy]
        ordinary = [seat.number for seat in seats if not seat.dedicated_to][:ORDINARY_SEATS]
        return ordinary + [seat.number for seat in seats if seat.dedicated_to][:VIP_SEATS]

    async def run(self) -> int:
        """Agents sit down, callers call, everybody leaves; prints what happened and returns the exit code."""
        before, old = self.status(), {record.call for record in self.records()}
        seats = self.free_seats()
        if not seats:
            console.print("every seat with auto_login is taken: nothing to demonstrate")
            return 1
        console.print(
            f"agents sit down at {', '.join(seats)}; callers dial {self.site.site.hotline.number} for {self.seconds:g} s"
        )
        async with contextlib.AsyncExitStack() as agents:
            for number, seat in enumerate(seats):
                await agents.enter_async_context(self.agent(seat, sleepy=number == 0))
            watching = asyncio.create_task(self.watch())
            await self.call_in()
            watching.cancel()
            await self.until_quiet()
            await asyncio.gather(watching, return_exceptions=True)
        return await self.tell(before, old)

    def agent(self, seat: str, sleepy: bool) -> Agent:
        """An agent who answers after a second or so; a sleepy one lets the first call ring."""
        after_s = self.site.site.routing.ring_s + 5 if sleepy else self.random.uniform(0.5, 1.5)
        talk_s = self.random.expovariate(1 / TALK_MEAN_S) + 1
        return Agent(self.server, seat, self.site.seat_passwords[seat], after_s=after_s, talk_s=talk_s)

    async def call_in(self) -> None:
        """New callers until the time is over, then waits until the last has hung up."""
        loop = asyncio.get_running_loop()
        end, calls = loop.time() + self.seconds, set[asyncio.Task[None]]()
        while loop.time() < end and not self.stop.is_set():
            calls.add(asyncio.create_task(self.one_call()))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    self.stop.wait(), min(self.random.expovariate(1 / CALL_EVERY_S), max(0.0, end - loop.time()))
                )
        if self.stop.is_set():
            for call in calls:
                call.cancel()
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(outcome, Exception):
                console.print(f"a robot failed: {outcome}", style="red")

    async def one_call(self) -> None:
        """A caller who leaves in the menu, gives up while waiting, or stays until the agent hangs up."""
        number = (
            f"1390000000{self.random.randint(1, 9)}"
            if self.random.random() < VIP_SHARE
            else f"136{self.random.randrange(10**8):08d}"
        )
        leaves_in_menu = self.random.random() < 0.1
        patience_s = self.random.expovariate(1 / 30) + 2
        async with Caller(self.server, number) as caller:
            self.dialled.append(number)
            await caller.is_answered()
            await caller.phone.wait_for("media")
            if leaves_in_menu:
                caller.hang_up()
            else:
                caller.press(self.random.choice(("0", "0", "1", "5", "90")))
                with contextlib.suppress(AssertionError):
                    await caller.is_over(patience_s)
                caller.hang_up()
            with contextlib.suppress(AssertionError):
                await caller.is_over(3)

    async def watch(self) -> None:
        """A line every few seconds."""
        while True:
            told = await asyncio.to_thread(self.status)
            states = Counter(agent["state"] for agent in told["agents"] if agent["state"] != "logged_out")
            shown = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(states.items()))
            calls = ", ".join(f"{count} {state}" for state, count in told["calls"].items())
            print(
                f"calls: {calls:45s}  agents: {shown:50s}  answer rate: {_percent(told['answer_rate']['hour'])}",
                flush=True,
            )
            await asyncio.sleep(5)

    async def until_quiet(self) -> None:
        """Waits until no call is left."""
        deadline = asyncio.get_running_loop().time() + SETTLE_S
        while any((await asyncio.to_thread(self.status))["calls"].values()):
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(0.2)

    def records(self) -> list[CallRecord]:
        """Every record of the site."""
        engine = open_engine(self.site.database_url)
        try:
            return recent_calls(engine, 1_000_000)
        finally:
            engine.dispose()

    async def tell(self, before: dict[str, Any], old: set[str]) -> int:
        """Prints what became of the calls; 0 when each is on record once."""
        deadline = asyncio.get_running_loop().time() + SETTLE_S
        while True:
            new = [record for record in self.records() if record.call not in old]
            if len(new) >= len(self.dialled) or asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.2)
        table = Table(
            "tier",
            "calls",
            "answered",
            "abandoned",
            "in the menu",
            "mean wait",
            "in target",
            title="What became of the calls",
        )
        for tier in sorted({record.tier for record in new}):
            table.add_row(*_row(tier or "(menu)", [record for record in new if record.tier == tier]))
        console.print(table)
        rate = self.status()["answer_rate"]["hour"]
        console.print(
            f"answer rate of this hour: {_percent(before['answer_rate']['hour'])} before, {_percent(rate)} now"
        )
        told = max(new, key=lambda record: (record.offers, record.wait_s), default=None)
        if told is not None:
            console.print(f"the most telling call, as `jietong explain {told.call}` tells it:")
            explain(self.site.var, told.call)
        if Counter(record.caller for record in new) != Counter(self.dialled):
            console.print(f"{len(self.dialled)} calls were made, {len(new)} are on record", style="red")
            return 1
        console.print(f"{len(self.dialled)} calls were made, and each is on record once")
        return 0


def _row(tier: str, records: list[CallRecord]) -> list[str]:
    kinds = Counter(record.outcome.value for record in records)
    waits = [record.wait_s for record in records if record.queued_at is not None]
    kept = sum(record.in_target for record in records)
    return [
        tier,
        str(len(records)),
        str(kinds["answered"]),
        str(kinds["abandoned"]),
        str(kinds["menu"]),
        f"{sum(waits) / len(waits):.1f} s" if waits else "",
        f"{kept} of {kinds['answered']}" if kinds["answered"] else "",
    ]


def _percent(rate: float | None) -> str:
    return "none" if rate is None else f"{rate:.1%}"


async def demonstrate(site: RunningSite, seconds: float, seed: int) -> int:
    """Runs one demonstration; Ctrl-C ends the robots and leaves the site as it was."""
    demo = Demo(site, seconds, seed)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, demo.stop.set)
    return await demo.run()


def main() -> int:
    """On the site in --var if one runs there, else on one of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--var", type=Path, default=Path("var"))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--port-base", type=int, default=OWN_PORT_BASE, help="of the own site, if none runs")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        try:
            site = RunningSite.load(options.var.absolute())
        except NoRunningSite:
            console.print(f"no site runs in {options.var}: starting the demo site for the time of the demonstration")
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jt-demo-"))) / "var"
            up = stack.enter_context(jietong_up("--port-base", str(options.port_base), var=folder))
            up.wait_ready()
            site = RunningSite.load(folder)
        return asyncio.run(demonstrate(site, options.seconds, options.seed))


if __name__ == "__main__":
    sys.exit(main())

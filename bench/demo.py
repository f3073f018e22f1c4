"""`make demo`: robots call and answer for a minute on a running site, or on a demo site of its own, and the answer rate moves.

Run: python -m bench.demo [--var DIR] [--seconds 60] [--port-base N]. Softphones are agents and callers, all on this machine; seats
where a phone is registered or somebody is logged in are left alone. Exit code 0 when every call that was made is on record, each once.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import json
import signal
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import Engine

from bench.demo_ledger import differences, most_telling, records_of
from bench.demo_robots import Callers, Desk, Hotline, Visit
from bench.demo_screen import Screen, percent, summary
from jietong import exit_codes
from jietong.database import open_engine
from jietong.ports import taken_ports
from jietong.prepare import site_source
from jietong.processes.status import explain
from jietong.running import NoRunningSite, Ports, RunningSite
from routing.adapters.ami import AmiAddress, AmiError, connect
from routing.adapters.asterisk_words import seat_changed_of
from routing.adapters.records import DatabaseAway, recent_calls
from routing.events import SeatState
from routing.facts import CallRecord
from tests.adapters.up_fixture import jietong_up
from tests.robots.driver import RobotError

ORDINARY_SEATS, VIP_SEATS = 4, 2
ANSWER_AND_TALK_S = 6.5  # mean; with the site's wrap-up it tells how many calls the seats can take
LOAD = 1.1  # more than they can take at once, so that somebody waits
QUICKEST_S = 0.7  # a phone is a process: more of them at once would only show how busy this machine is
SETTLE_S = 15.0
PORT_BASES = range(31000, 32700, 100)  # outside the bases that tests use, below the ports of outgoing connections
EVERY_CALL = 1_000_000
REACHABLE = ("127.0.0.1", "0.0.0.0", "::")  # addresses to listen at that loopback reaches
NO_TERMINAL_WIDTH = 120
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Unable(Exception):
    """There is nothing to demonstrate with; the text says what to do."""


class Demo:
    """One demonstration on one running site."""

    def __init__(self, site: RunningSite, seconds: float, seed: int, console: Console) -> None:
        self.site, self.seconds, self.seed, self.console = site, seconds, seed, console
        bind = site.site.network.bind
        host = "127.0.0.1" if bind in REACHABLE else bind
        self._status_url = f"http://{f'[{host}]' if ':' in host else host}:{site.ports.http}/status"
        self._direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        codes = site.site.feature_codes
        self.hotline = Hotline(
            f"127.0.0.1:{site.ports.sip}", site.site.hotline.number, codes.ready, dict(site.seat_passwords)
        )

    def status(self) -> dict[str, Any]:
        """What `jietong status --json` says; raises OSError when nothing answers."""
        with self._direct.open(self._status_url, timeout=5) as page:
            told: dict[str, Any] = json.load(page)
            return told

    async def run(self) -> int:
        """Agents sit down, callers call, everybody leaves; prints what became of it and returns the exit code."""
        stop = asyncio.Event()
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        playing, stopping = asyncio.create_task(self._play()), asyncio.create_task(stop.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not playing.done():
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
            self._say("stopped: all robots have hung up and left their seats")
            return exit_codes.INTERRUPTED
        return await playing

    async def _play(self) -> int:
        if self.site.site.network.bind not in REACHABLE:
            raise Unable(f"robots stand at 127.0.0.1, and this site listens at {self.site.site.network.bind} only")
        before = await asyncio.to_thread(self.status)
        seats = await self._free_seats(before)
        engine = open_engine(self.site.database_url)
        try:
            old = {record.call for record in recent_calls(engine, EVERY_CALL)}
            self._say(
                f"agents sit down at {', '.join(seats)}; callers dial {self.hotline.number} for {self.seconds:g} s "
                "(Ctrl-C ends it)"
            )
            with Screen(self.console, before["answer_rate"]["hour"]) as screen:
                visits = await self._perform(seats, screen)
            await self._until(lambda told: _are_gone(told, seats))
            new = await self._new_records(engine, old, visits)
            after = await asyncio.to_thread(self.status)
            return self._tell(engine, visits, new, before["answer_rate"]["hour"], after["answer_rate"]["hour"])
        finally:
            engine.dispose()

    async def _perform(self, seats: list[str], screen: Screen) -> list[Visit]:
        """The demonstration itself. However it ends, every robot has ended; raises RobotError when an agent cannot work."""
        callers = Callers(self.hotline, self.seed, screen.note)
        desks = [
            Desk(self.hotline, seat, number == 0, self.seed, screen.note, callers.is_answered)
            for number, seat in enumerate(seats)
        ]
        try:
            async with asyncio.TaskGroup() as robots:
                staff = [robots.create_task(desk.work(self._state_of)) for desk in desks]
                staff.append(robots.create_task(self._watch(screen, callers)))
                await asyncio.gather(*(desk.seated.wait() for desk in desks))
                await self._call_in(callers, len(seats))
                await self._until(lambda told: not any(told["calls"].values()))
                for task in staff:
                    task.cancel()
        except* RobotError as failed:
            raise failed.exceptions[0] from None
        return callers.visits

    async def _call_in(self, callers: Callers, seats: int) -> None:
        """New callers until the time is over, then waits until the last has hung up."""
        mean_s = max(QUICKEST_S, (self.site.site.routing.wrap_up_s + ANSWER_AND_TALK_S) / seats / LOAD)
        clock = asyncio.get_running_loop().time
        end = clock() + self.seconds
        async with asyncio.TaskGroup() as calls:
            while clock() < end:
                calls.create_task(callers.call())
                await asyncio.sleep(min(callers.pause_s(mean_s), max(0.0, end - clock())))

    async def _free_seats(self, told: dict[str, Any]) -> list[str]:
        """Ordinary and dedicated seats with auto_login where no phone is registered and nobody is logged in."""
        address = AmiAddress("127.0.0.1", self.site.ports.ami, self.site.ami_user, self.site.ami_secret)
        connection = await connect(address, lambda message: None)
        try:
            devices = [seat_changed_of(item, 0.0) for item in await connection.listing("DeviceStateList", {})]
        finally:
            connection.close()
        here = {change.seat for change in devices if change and change.state is not SeatState.UNREACHABLE}
        busy = {agent["seat"] for agent in told["agents"]}
        busy |= {agent["agent"] for agent in told["agents"] if agent["state"] != "logged_out"}
        seats = [seat for seat in self.site.site.seats if seat.auto_login]
        free = [seat for seat in seats if seat.number not in here | busy]
        if not free:
            raise Unable(
                "every seat with auto_login is taken: take a softphone off one"
                if seats
                else "the site has no seat with auto_login = true, and robots know no PIN"
            )
        ordinary = [seat.number for seat in free if not seat.dedicated_to][:ORDINARY_SEATS]
        return ordinary + [seat.number for seat in free if seat.dedicated_to][:VIP_SEATS]

    def _state_of(self, agent: str) -> str:
        return next((row["state"] for row in self.status()["agents"] if row["agent"] == agent), "")

    async def _watch(self, screen: Screen, callers: Callers) -> None:
        while True:
            with contextlib.suppress(OSError):  # the metrics process may be restarting; the calls go on
                made = sum(visit.dialled_at is not None for visit in callers.visits)
                screen.show(await asyncio.to_thread(self.status), made)
            await asyncio.sleep(screen.every_s)

    async def _until(self, is_true: Callable[[dict[str, Any]], bool]) -> None:
        """Waits for a condition on the status, but not for ever: others may use the site too."""
        deadline = asyncio.get_running_loop().time() + SETTLE_S
        while asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(OSError):
                if is_true(await asyncio.to_thread(self.status)):
                    return
            await asyncio.sleep(0.2)

    async def _new_records(self, engine: Engine, old: set[str], visits: list[Visit]) -> list[CallRecord]:
        """Records that were not there before, once all of ours are written or time is over."""
        deadline = asyncio.get_running_loop().time() + SETTLE_S
        while True:
            new = [record for record in recent_calls(engine, EVERY_CALL) if record.call not in old]
            if not differences(visits, new) or asyncio.get_running_loop().time() > deadline:
                return new
            await asyncio.sleep(0.2)

    def _tell(
        self, engine: Engine, visits: list[Visit], new: list[CallRecord], before: float | None, after: float | None
    ) -> int:
        """Prints the end of it; 0 when each call that was made is on record once."""
        ours = [record for visit in visits for record in records_of(visit, new)]
        made = sum(visit.dialled_at is not None for visit in visits)
        self._say("")
        self.console.print(summary(ours))
        self._say(f"answer rate of this hour: {percent(before)} before, {percent(after)} now")
        told = most_telling(engine, ours)
        if told is not None:
            self._say(f"\nthe most telling call, as `jietong explain {told.call}` has it:")
            self.console.file.flush()
            explain(self.site.var, told.call)
            sys.stdout.flush()
        if len(new) > len(ours):
            self._say(f"\n{len(new) - len(ours)} calls of others are on record too")
        wrong = differences(visits, new)
        if wrong or len(ours) != made:
            self._say("\n".join(["", f"{made} calls were made, {len(ours)} are on record:", *wrong]), "bold red")
            return exit_codes.FAILED
        self._say(f"\n{made} calls were made, and each is on record once", "bold green")
        return exit_codes.DONE

    def _say(self, text: str, style: str = "") -> None:
        self.console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def _are_gone(told: dict[str, Any], seats: list[str]) -> bool:
    return all(agent["state"] == "logged_out" for agent in told["agents"] if agent["agent"] in seats)


@contextlib.contextmanager
def _site_to_show(var: Path, port_base: int | None, console: Console) -> Iterator[RunningSite]:
    """The site that runs in `var`, else a demo site for this time only. Raises Unable."""
    try:
        site = RunningSite.load(var)
        Demo(site, 0, 0, console).status()
    except (NoRunningSite, OSError):
        console.print(f"no site runs in {var}: starting a demo site for the time of the demonstration", soft_wrap=True)
    else:
        yield site
        return
    with tempfile.TemporaryDirectory(prefix="jt-demo-") as folder:
        base = str(port_base if port_base is not None else _free_port_base())
        with jietong_up("--port-base", base, var=Path(folder) / "var") as up:
            try:
                up.wait_ready()
            except AssertionError:
                raise Unable(f"the demo site does not start:\n{up.err.strip()}") from None
            try:
                yield RunningSite.load(up.var)
            finally:
                for number in SIGNALS:  # a second Ctrl-C must not leave the site running
                    signal.signal(number, signal.SIG_IGN)


def _free_port_base() -> int:
    network = site_source(None, None).site.network
    for base in PORT_BASES:
        if not taken_ports(Ports.of(network, base), network.bind):
            return base
    raise Unable("no ports are free for a demo site: name some with --port-base N")


def main() -> int:
    """On the site in --var if one runs there, else on one of its own."""
    parser = argparse.ArgumentParser(prog="python -m bench.demo", description=__doc__)
    parser.add_argument("--var", type=Path, default=Path("var"), help="folder of the running site (var)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long new callers come (60)")
    parser.add_argument("--port-base", type=int, help="of the own site, if none runs (free ports)")
    parser.add_argument("--seed", type=int, default=1, help="another number, another course (1)")
    options = parser.parse_args()
    console = Console()
    if not console.is_terminal:
        console = Console(width=NO_TERMINAL_WIDTH)
    for number in SIGNALS:  # until robots run, each of them ends the start as Ctrl-C does
        signal.signal(number, signal.default_int_handler)
    try:
        if importlib.util.find_spec("pjsua2") is None:
            raise Unable("robots need pjsua2, which is not installed here: run `make setup-dev`, then `make demo`")
        with _site_to_show(options.var.expanduser().absolute(), options.port_base, console) as site:
            return asyncio.run(Demo(site, options.seconds, options.seed, console).run())
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except (Unable, RobotError, AmiError, DatabaseAway, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return exit_codes.FAILED


if __name__ == "__main__":
    sys.exit(main())

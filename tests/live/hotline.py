"""A whole running hotline for live tests: `jietong up` with a small site, and what an operator sees of it.

Owns the site's file and the waiting for what operators see. Must not know a story.
"""

import asyncio
import itertools
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from asterisk_conf.render import conf_file
from jietong.database import open_engine
from jietong.processes import agent_command
from jietong.running import RunningSite
from routing.adapters.records import recent_calls
from routing.facts import CallRecord
from tests.robots.people import Agent, Caller, Customer
from tests.robots.ports import free_block

RING_S = 3
WRAP_UP_S = 0.5
PIN = "2468"
CARRIER_PORT = free_block()  # where the trunk sends calls to: a robot plays the world outside
LISTED = "02112345678"
FALLBACK_AFTER_S = 4
CLOCKS_S = 0.5  # by which the router's clock and ours may differ
COMPLAINTS_CODE = "*81"
PROBE = "13100000100"
SITE = f"""
[hotline]
number = "10010"
announce_agent = false
whisper = false
[[trunks]]
name = "carrier"
match = ["127.0.0.1"]
host = "127.0.0.1:{CARRIER_PORT}"
[outside]
numbers = {{ after-hours = "{LISTED}" }}
ring_s = 5
[probe]
number = "{PROBE}"
random_per_day = 0
transfer_per_day = 0
other_per_day = 0
transfer_to = "{COMPLAINTS_CODE}"
talk_s = 3
[callback]
offer_above_s = 0
tries = 2
retry_after_s = 1
ring_s = 5
[tiers.vip]
answer_within_s = 10
goal = 0.95
[tiers.gold]
answer_within_s = 15
goal = 0.92
[tiers.ordinary]
answer_within_s = 20
goal = 0.90
[router]
fallback_after_s = {FALLBACK_AFTER_S}
[routing]
vip_reserve = 1
ring_s = {RING_S}
wrap_up_s = {WRAP_UP_S}
reject_pause_s = 1
representative_s = 3
first_contact_days = 0
[[agents]]
number = "8001"
pin = "{PIN}"
[[agents]]
number = "1006"
skills = {{ complaints = 3 }}
[[queues]]
name = "complaints"
code = "{COMPLAINTS_CODE}"
hours = "always"
requires = {{ complaints = 2 }}
[services.complaint]
queue = "complaints"
[hours.always]
[hours.passed-on]
then_queue = "repairs"
[hours.recorded]
then = "voicemail"
[prompts]
folder = "recordings"
[calendar]
country = ""
file = "days.toml"
[[queues]]
name = "advice"
hours = "passed-on"
[[queues.overflow]]
after_s = 0
ring_seats = 2
[[queues]]
name = "business"
hours = "recorded"
[[queues.overflow]]
after_s = 1
add_queue = "repairs"
[[queues]]
name = "queries"
requires = {{ queries = 3 }}
[[queues.overflow]]
after_s = 1
relax = {{ queries = 1 }}
[[queues.overflow]]
after_s = 1
tiers = ["gold"]
outside = "{LISTED}"
[[queues]]
name = "cancels"
[[queues.overflow]]
after_s = 1
tiers = ["gold"]
voicemail = true
[[queues.overflow]]
left_s = 19
tiers = ["ordinary"]
supervisors = true
[[queues]]
name = "repairs"
[services]
consultation = {{ queue = "advice" }}
business = {{ queue = "business" }}
query = {{ queue = "queries" }}
cancel = {{ queue = "cancels" }}
[[agents]]
number = "1003"
skills = {{ queries = 2 }}
[[agents]]
number = "1004"
skills = {{ queries = 3 }}
[[agents]]
number = "1007"
queues = ["repairs"]
[[agents]]
number = "1008"
supervisor = true
[classes.government]
requires = {{ contracts = 1 }}
[[agents]]
number = "1005"
skills = {{ contracts = 1 }}
""" + "".join(
    f'[[seats]]\nnumber = "{number}"\npassword = "secret-{number}"\n{more}\n'
    for number, more in [
        *((str(n), "auto_login = true") for n in range(1001, 1009)),
        ("1010", "auto_login = true\nauto_answer = true"),
        *((str(n), 'auto_login = true\ndedicated_to = ["vip"]') for n in (1901, 1902)),
        ("1009", ""),
    ]
)
REPRESENTED = "13900000001"  # the VIP customer whose named representative is the agent at seat 1902
CUSTOMERS = "phone,name,tier,class,representative,birth_year,language\n" + "".join(
    f"1390000000{n},,vip,,{'1902' if n == 1 else ''},,\n" for n in range(1, 10)
)
MINISTRY = "13700000001"
GOLD, ELDERLY = "13700000002", "13700000003"
CUSTOMERS += f"{MINISTRY},,ordinary,government,,,\n{GOLD},,gold,,,,\n{ELDERLY},,ordinary,,,1940,\n"
_callers = itertools.count(1)
_vips = itertools.cycle(range(2, 10))


def write_site(folder: Path, more: str = "") -> Path:
    """Writes the hotline's site file with `more` at its end, and what it names: the calendar file `days.toml`, a folder of recordings."""
    (folder / "recordings" / "zh-CN").mkdir(parents=True)
    (folder / "days.toml").touch()
    path = folder / "site.toml"
    path.write_text(f"{SITE}\n{more}", encoding="utf-8")
    return path


class Hotline:
    """The running site. Waiting for something has a deadline and says at its end what was seen instead."""

    def __init__(self, var: Path, calendar_file: Path) -> None:
        self.var, self.calendar_file = var, calendar_file
        self.site = RunningSite.load(var)
        self.sip = f"127.0.0.1:{self.site.ports.sip}"
        self.engine = open_engine(self.site.database_url)

    def agent(self, seat: str, **how: Any) -> AbstractAsyncContextManager[Agent]:
        """A softphone registered at `seat`, its agent ready; gone from the site again at the end."""

        @asynccontextmanager
        async def at_seat() -> AsyncIterator[Agent]:
            async with Agent(self.sip, seat, f"secret-{seat}", **how) as agent:
                if seat != "1009":
                    await self.until(
                        lambda s: _state_of(s, seat) not in (None, "logged_out"), f"{seat} to be logged in"
                    )
                yield agent
                await agent.phone.unregister()
            await self.until(lambda s: _state_of(s, seat) in (None, "logged_out"), f"{seat} to be logged out", 15)

        return at_seat()

    def caller(self, number: str = "", **how: Any) -> Caller:
        """Somebody who dials the hotline now; an ordinary customer unless a number is given."""
        return Caller(self.sip, number or f"135{next(_callers):08d}", **how)

    def customer(self, **how: Any) -> Customer:
        """Whoever is called through the trunk."""
        return Customer(CARRIER_PORT, **how)

    def vip(self, **how: Any) -> Caller:
        """A VIP customer who dials the hotline now."""
        return self.caller(f"1390000000{next(_vips)}", **how)

    def gold(self, **how: Any) -> Caller:
        """A customer of a tier that meets the menu, as VIPs do not."""
        return self.caller(GOLD, **how)

    @asynccontextmanager
    async def one_talks_one_waits(self) -> AsyncIterator[tuple[Agent, Caller, Caller]]:
        """The agent at 1001 talks with the first caller, the second one waits: nobody else is there."""
        async with self.agent("1001") as agent, self.caller() as talking:
            await self.asks_for_a_person(talking)
            await agent.talks()
            await self.agent_is("1001", "talking")
            async with self.caller() as waiting:
                await self.asks_for_a_person(waiting)
                await self.until(lambda s: s["calls"]["waiting"] == 1, "the second caller to wait")
                yield agent, talking, waiting

    async def asks_for_a_person(self, caller: Caller, tier: str = "ordinary") -> None:
        """The caller is met by the menu, presses 0 and is in the queue (or already rings)."""
        before = self.metric("jietong_calls_offered_total", tier=tier)
        await caller.is_answered()
        await caller.phone.wait_for("media")
        caller.press("0")
        await self.until_metric(
            lambda: self.metric("jietong_calls_offered_total", tier=tier) > before, "the caller to be queued"
        )

    async def asks_for(self, caller: Caller, key: str) -> None:
        """The caller is met by the menu, presses `key` and 0 for an agent of that service, and is in its queue (or already rings)."""
        before = self.metric("jietong_calls_offered_total")
        await caller.is_answered()
        await caller.phone.wait_for("media")
        caller.press(f"{key}0")
        await self.until_metric(lambda: self.metric("jietong_calls_offered_total") > before, "the caller to be queued")

    def leader_pid(self) -> int:
        """Process id of the router that leads, or led last."""
        return int((self.var / "run" / "leader").read_text().split("\n")[0].split(":")[-2])

    def status(self) -> dict[str, Any]:
        """What `jietong status --json` prints."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.ports.http}/status", timeout=5) as page:
            told: dict[str, Any] = json.load(page)
            return told

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of that name with those labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.ports.http}/metrics", timeout=5) as page:
            families = list(text_string_to_metric_families(page.read().decode()))
        samples = [s for f in families for s in f.samples if s.name == name and labels.items() <= s.labels.items()]
        return sum(sample.value for sample in samples)

    def records(self, caller: str = "") -> list[CallRecord]:
        """Call records, of one caller if named."""
        return [r for r in recent_calls(self.engine, 100_000) if not caller or r.caller == caller]

    async def record_of(self, caller: Caller, within_s: float = 10.0) -> CallRecord:
        """The last record of that caller's call, once one is written; not of an earlier call from the same number."""
        deadline = time.monotonic() + within_s
        while not (found := [r for r in self.records(caller.number) if r.arrived_at >= caller.dialled_at - CLOCKS_S]):
            assert time.monotonic() < deadline, f"no record of {caller.number}: {self.status()}"
            await asyncio.sleep(0.05)
        return found[-1]

    async def agent_is(self, agent: str, state: str, within_s: float = 10.0) -> None:
        """Waits until the agent is in that state."""
        await self.until(lambda s: _state_of(s, agent) == state, f"agent {agent} to be {state}", within_s)

    async def one_talks(self, waiting: int, within_s: float = 10.0) -> None:
        """Waits until one caller talks, so many wait and no other call is there. ("Talking" alone may be the agent's last call: records and status are written by different processes.)"""
        expected = {"menu": 0, "waiting": waiting, "ringing": 0, "talking": 1}
        await self.until(lambda s: s["calls"] == expected, f"one caller to talk and {waiting} to wait", within_s)

    async def until(self, is_true: Callable[[dict[str, Any]], bool], what: str, within_s: float = 10.0) -> None:
        """Waits for a condition on the status."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                told = await asyncio.to_thread(self.status)
                if is_true(told):
                    return
            except (urllib.error.URLError, OSError) as error:
                told = {"error": str(error)}
            assert time.monotonic() < deadline, (
                f"waited {within_s:g} s for {what}, but: {json.dumps(told, ensure_ascii=False)}"
            )
            await asyncio.sleep(0.05)

    def health(self) -> str:
        """What `/healthz` says: empty when all is well, else the reasons."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.site.ports.http}/healthz", timeout=5):
                return ""
        except urllib.error.HTTPError as told:
            with told:
                return told.read().decode()

    def warnings(self) -> str:
        """What `/healthz` says while calls can be served."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.ports.http}/healthz", timeout=5) as page:
            told: str = page.read().decode()
            return told

    async def until_metric(self, is_true: Callable[[], bool], what: str, within_s: float = 10.0) -> None:
        """Waits for a condition on the metrics."""
        deadline = time.monotonic() + within_s
        while not await asyncio.to_thread(is_true):
            assert time.monotonic() < deadline, f"waited {within_s:g} s for {what}: {self.status()}"
            await asyncio.sleep(0.05)

    async def asterisk_shows(self, command: str, text: str, within_s: float) -> None:
        """Waits until Asterisk's command line prints that text."""
        await self.until_metric(lambda: text in self.cli(command), f"Asterisk to show {text} for {command}", within_s)

    def cli(self, command: str) -> str:
        """What Asterisk's command line prints."""
        argv = [*self.site.asterisk_argv, "-C", str(conf_file(self.site.layout.asterisk)), "-rx", command]
        return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True).stdout

    async def tell_agent(self, word: str, agent: str) -> None:
        """What a supervisor does from the console."""
        assert await asyncio.to_thread(agent_command.main, self.var, word, agent) == 0

    async def reload(self) -> tuple[int, str]:
        """Exit code and complaints of `jietong reload`."""
        command = [sys.executable, "-m", "jietong", "reload", "--var", str(self.var)]
        child = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        async with asyncio.timeout(60):
            _, told = await child.communicate()
        assert child.returncode is not None
        return child.returncode, told.decode()

    async def is_quiet(self) -> None:
        """Waits until no call is left and nobody is at a seat, so that the next story begins afresh."""
        await self.until(
            lambda s: not any(s["calls"].values()) and all(a["state"] == "logged_out" for a in s["agents"]), "quiet", 20
        )

    def close(self) -> None:
        """Lets the database go."""
        self.engine.dispose()


def _state_of(told: dict[str, Any], agent: str) -> str | None:
    return next((row["state"] for row in told["agents"] if row["agent"] == agent), None)

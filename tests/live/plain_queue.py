"""A plain app_queue beside our hotline: a second Asterisk with its own queue_log, for callers and agents who do the same on both sides.

Owns that Asterisk's queues, and how agents come and pause there. Must not know a story. Nothing of ours runs in it: its dialplan answers and queues.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from asterisk_conf import names
from asterisk_conf.render import conf_file
from asterisk_conf.settings import SeatSettings
from tests.adapters.asterisk_fixture import PrivateAsterisk, private_asterisk
from tests.live.hotline import COMPLAINTS_CODE, RING_S
from tests.robots.people import Agent, Caller

SEATS = ("1001", "1002", "1006")
QUEUES = ("hotline", "complaints")
# What an agent may send a caller to; the same context is named in our own lines
DIALPLAN = f"""
[general]
static=yes
[{names.ENTER}]
exten => 10010,1,Set(__TRANSFER_CONTEXT=jietong)
 same => n,Answer()
 same => n,Queue(hotline)
 same => n,Hangup()
[jietong]
exten => {COMPLAINTS_CODE},1,Queue(complaints)
 same => n,Hangup()
"""


@asynccontextmanager
async def plain_queue(port_base: int, folder: Path, autopause: str) -> AsyncIterator["PlainQueue"]:
    """Starts it; ends it afterwards. `autopause`: what becomes of an agent who lets it ring (all or no)."""
    async with private_asterisk(
        port_base,
        folder,
        seats=tuple(SeatSettings(seat, f"secret-{seat}") for seat in SEATS),
        rtp_start=port_base + 9000,  # above our own hotline's
        rtp_end=port_base + 9199,
        fallback_after_s=1,  # so that app_queue is loaded
    ) as asterisk:
        etc = conf_file(folder).parent
        (etc / "extensions.conf").write_text(DIALPLAN, encoding="utf-8")
        (etc / "queues.conf").write_text(_queues(autopause), encoding="utf-8")
        logger = etc / "logger.conf"
        logger.write_text(logger.read_text(encoding="utf-8").replace("queue_log = no", "queue_log = yes"), "utf-8")
        for command in ("dialplan reload", "queue reload all", "logger reload"):
            await asterisk.cli(command)
        shown = await asterisk.cli("queue show")
        assert all(queue in shown for queue in QUEUES), f"app_queue did not take its queues: {shown}"
        yield PlainQueue(asterisk)


def _queues(autopause: str) -> str:
    settings = (
        f"strategy=leastrecent\nautofill=yes\nringinuse=no\nretry=1\ntimeout={RING_S}\nwrapuptime=0\nmusicclass=jietong\n"
        f"joinempty=yes\nleavewhenempty=no\nannounce-frequency=0\nannounce-position=no\nautopause={autopause}\n"
    )
    # The name of a member in every line, as tools that read the log ask for it
    return "[general]\npersistentmembers=no\nlog_membername_as_agent=yes\n" + "".join(
        f"[{queue}]\n{settings}" for queue in QUEUES
    )


class PlainQueue:
    """The running app_queue."""

    def __init__(self, asterisk: PrivateAsterisk) -> None:
        self._asterisk = asterisk
        self.sip = f"127.0.0.1:{asterisk.settings.sip_port}"

    @asynccontextmanager
    async def agent(self, seat: str, queues: Sequence[str] = ("hotline",), **how: Any) -> AsyncIterator[Agent]:
        """A softphone registered at `seat`, its agent a member of `queues`; no member any more at the end."""
        async with Agent(self.sip, seat, f"secret-{seat}", **how) as agent:
            for queue in queues:
                await self._asterisk.cli(f"queue add member PJSIP/{seat} to {queue} penalty 0 as Agent/{seat}")
            yield agent
            for queue in queues:
                await self._asterisk.cli(f"queue remove member PJSIP/{seat} from {queue}")

    def caller(self, number: str) -> Caller:
        """Somebody who dials the hotline now."""
        return Caller(self.sip, number)

    async def asks_for_a_person(self, caller: Caller) -> None:
        """The caller is in the queue (or already rings): there is no menu."""
        await caller.is_answered()

    async def pause(self, seat: str) -> None:
        """The agent is not ready. By AMI: Asterisk's command line knows no reason for all queues at once."""
        await self._ask("QueuePause", Interface=f"PJSIP/{seat}", Paused="true", Reason="supervisor")

    async def ready(self, seat: str) -> None:
        """The agent is ready again."""
        await self._ask("QueuePause", Interface=f"PJSIP/{seat}", Paused="false")

    async def _ask(self, action: str, **fields: str) -> None:
        settings = self._asterisk.settings
        reader, writer = await asyncio.open_connection("127.0.0.1", settings.ami_port)
        try:
            for name, given in (
                ("Login", {"Username": settings.ami_user, "Secret": settings.ami_secret, "Events": "off"}),
                (action, fields),
            ):
                words = "".join(f"{key}: {value}\r\n" for key, value in {"Action": name, **given}.items())
                writer.write(f"{words}\r\n".encode())
                async with asyncio.timeout(10):
                    told = await reader.readuntil(b"\r\n\r\n")
                assert b"Response: Success" in told, told
        finally:
            writer.close()
            await writer.wait_closed()

    def lines(self) -> list[list[str]]:
        """Its queue_log: time, call, queue, agent, event, data."""
        file = self._asterisk.folder / "logs" / "queue_log"
        return [line.split("|") for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []

"""Stories of a hotline whose routers can no longer reach Asterisk, while Asterisk and its calls go on."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.adapters.up_fixture import processes_of
from tests.live.hotline import FALLBACK_AFTER_S, Hotline

NOTICED_WITHIN_S = 30.0
TRIES_A_SECOND = 30  # of two routers, whose first tries follow each other quickly


class Relay:
    """The line between routers and Asterisk. Cut, it carries nothing and tells nobody; refused, it hangs up at once."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._is_open, self._is_refused = asyncio.Event(), False
        self._is_open.set()
        self._calls: set[asyncio.Task[None]] = set()
        self.tries = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a router, until either side ends it."""
        self.tries += 1
        task = asyncio.current_task()
        assert task is not None
        self._calls.add(task)
        try:
            if self._is_refused:
                return
            there, back = await asyncio.open_connection("127.0.0.1", self._to_port)
            ways = [asyncio.ensure_future(self._way(reader, back)), asyncio.ensure_future(self._way(there, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                back.close()
        except asyncio.CancelledError:
            pass
        finally:
            self._calls.discard(task)
            writer.close()

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while words := await reader.read(65536):
                await self._is_open.wait()
                writer.write(words)
                await writer.drain()

    def cut(self) -> None:
        """From now on nothing passes, either way."""
        self._is_open.clear()

    def refuse(self) -> None:
        """From now on every connection, old or new, is ended at once."""
        self._is_refused = True
        for call in list(self._calls):
            call.cancel()

    def mend(self) -> None:
        """All is well again; what was held back is carried on."""
        self._is_refused = False
        self._is_open.set()

    def end(self) -> None:
        """Every connection ends."""
        self.refuse()


@asynccontextmanager
async def routers_by(hotline: Hotline) -> AsyncIterator[Relay]:
    """Routers that reach Asterisk by a relay; afterwards they reach it as before."""
    relay = Relay(hotline.site.ports.ami)
    server = await asyncio.start_server(relay.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hotline.site.model_copy(update={"ports": hotline.site.ports.model_copy(update={"ami": port})}).save()
    try:
        await _new_routers(hotline)
        assert relay.tries >= 1
        yield relay
    finally:
        relay.mend()
        hotline.site.save()
        await _new_routers(hotline)
        server.close()
        relay.end()


async def _new_routers(hotline: Hotline) -> None:
    old = {pid for pid, line in processes_of(hotline.var).items() if " router " in line}
    for pid in old:
        os.kill(pid, signal.SIGKILL)

    def is_there() -> bool:
        routers = {pid for pid, line in processes_of(hotline.var).items() if " router " in line}
        return not routers & old and len(routers) == len(old) and hotline.leader_pid() in routers

    await hotline.until_metric(is_there, "new routers", 20)
    await hotline.until_metric(lambda: hotline.health() == "" or "agent" in hotline.health(), "them to be well", 20)


def _says_so(hotline: Hotline) -> bool:
    return "no connection to Asterisk" in hotline.health()


async def test_the_line_to_asterisk_is_cut(hotline: Hotline) -> None:
    """The routers hear nothing of Asterisk any more: health says so, the talk goes on, who waits is served by Asterisk's own queue; when the line is mended everybody is where they are, and both calls are on record once."""
    async with routers_by(hotline) as line, hotline.one_talks_one_waits() as (agent, talking, waiting):
        line.cut()
        await hotline.until_metric(lambda: _says_so(hotline), "health to say so", NOTICED_WITHIN_S)
        assert not talking.phone.seen("disconnected") and not waiting.phone.seen("disconnected"), "a call was cut"
        talking.hang_up()
        await agent.phone.wait_for("disconnected")
        await agent.talks(3 * FALLBACK_AFTER_S + 10)
        line.mend()
        await hotline.until_metric(lambda: hotline.health() == "", "all to be well", NOTICED_WITHIN_S)
        await hotline.one_talks(waiting=0)
        waiting.hang_up()
        records = [await hotline.record_of(caller) for caller in (talking, waiting)]
        await hotline.agent_is("1001", "ready", 15)
    assert [(record.outcome.value, record.agent) for record in records] == [("answered", "1001")] * 2
    assert len(hotline.records(talking.number)) == len(hotline.records(waiting.number)) == 1


@pytest.mark.parametrize("how", ["refuse", "cut"])
async def test_a_short_cut_costs_a_waiting_caller_nothing(hotline: Hotline, how: str) -> None:
    """The line is gone for a moment while a caller waits: the routers try again, not too often, and the caller is rung as soon as it is back and somebody is free."""
    async with routers_by(hotline) as line, hotline.one_talks_one_waits() as (agent, talking, waiting):
        before, began = line.tries, asyncio.get_running_loop().time()
        getattr(line, how)()
        if how == "refuse":
            await hotline.until_metric(lambda: _says_so(hotline), "health to say so", NOTICED_WITHIN_S)
        lasted_s = asyncio.get_running_loop().time() - began
        assert line.tries - before <= 10 + TRIES_A_SECOND * lasted_s
        line.mend()
        await hotline.until_metric(lambda: hotline.health() == "", "all to be well", NOTICED_WITHIN_S)
        talking.hang_up()
        await agent.phone.wait_for("disconnected")
        await agent.talks(15)
        await hotline.one_talks(waiting=0, within_s=15)
        waiting.hang_up()
        record = await hotline.record_of(waiting)
    assert (record.outcome.value, record.agent, len(hotline.records(waiting.number))) == ("answered", "1001", 1)

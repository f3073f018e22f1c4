"""The router process: lease, state, Asterisk, inbox and journal put together.

Owns the order in which one router starts and stops. Must not decide anything about calls: routing/ does.
Rules: design.md sections 2 to 4.
"""

import asyncio
import contextlib
import gc
import logging
import os
import secrets
import signal
import socket
import sys
from pathlib import Path

from jietong.logs import configure
from jietong.rules_of_site import rules_of
from jietong.running import RunningSite
from routing import snapshot
from routing.adapters.ami import AmiAddress
from routing.adapters.asterisk_link import AsteriskLink
from routing.adapters.desk import serve_desk
from routing.adapters.heartbeat import Heartbeat
from routing.adapters.inbox import Inbox
from routing.adapters.journal import JournalWriter
from routing.adapters.lease import Lease
from routing.adapters.recovery import recover
from routing.adapters.redis_clients import StoreAway, prefix_of
from routing.adapters.router_loop import RouterLoop, SteadyClock
from routing.adapters.snapshots import Snapshot, Snapshots
from routing.events import AsteriskLost

log = logging.getLogger(__name__)

LEASE_TRY_S = 0.25
LEASE_RENEW_S = 0.5
SNAPSHOT_EVERY_S = 15.0
STOP_WITHIN_S = 2.0
LOST_LEASE = 3  # exit code: another router has taken over


def main(var: Path) -> int:
    """Runs the router of the site in folder `var` until SIGTERM; returns the exit code."""
    configure("router")
    return asyncio.run(_run(RunningSite.load(var)))


async def _run(site: RunningSite) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url, prefix = site.store_url, prefix_of(site.site.hotline.number)
    lease = Lease(url, prefix, f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
    is_leader = await _take_lease(lease, stop)
    if stop.is_set():
        await lease.close()
        return 0
    state = await recover(url, prefix, rules_of(site.site))
    journal = JournalWriter(url, prefix)
    await journal.start()
    clock = SteadyClock()
    loop = RouterLoop(state, journal, clock)
    loop.tell(AsteriskLost(clock()))
    _spare_the_collector()
    address = AmiAddress("127.0.0.1", site.ports.ami, site.ami_user, site.ami_secret)
    inbox, snapshots, heartbeat = Inbox(url, prefix), Snapshots(url, prefix), Heartbeat(url, prefix, loop)

    async def say_ready() -> None:
        await heartbeat.beat()
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    link = AsteriskLink(address, loop, on_synced=say_ready)
    keeper = asyncio.create_task(_keep_lease(lease, is_leader, stop), name="lease")
    tasks = [
        asyncio.create_task(link.run(), name="asterisk"),
        asyncio.create_task(serve_desk(inbox, loop), name="desk"),
        asyncio.create_task(_keep_snapshots(loop, journal, snapshots), name="snapshots"),
        asyncio.create_task(heartbeat.run(), name="heartbeat"),
        keeper,
    ]
    code = await _until_stopped(stop, tasks)
    loop.stop()
    with contextlib.suppress(StoreAway, TimeoutError):
        async with asyncio.timeout(STOP_WITHIN_S):
            await journal.close(STOP_WITHIN_S / 2)
            if code == 0:
                await snapshots.save(Snapshot(journal.last_id, clock(), snapshot.to_plain(loop.state)))
                await lease.release()
    for closing in (inbox, snapshots, heartbeat, lease):
        await closing.close()
    return code


async def _until_stopped(stop: asyncio.Event, tasks: list["asyncio.Task[None]"]) -> int:
    """Waits for the stop signal or for a task that ends, which none should; returns the exit code."""
    waiting = asyncio.create_task(stop.wait(), name="stop")
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    code = 0
    for task in done - {waiting}:
        error = task.exception()
        code = LOST_LEASE if isinstance(error, LeaseLost) else 1
        log.error("the router stops: %s failed", task.get_name(), exc_info=error)
    for task in [waiting, *tasks]:
        task.cancel()
    await asyncio.gather(waiting, *tasks, return_exceptions=True)
    return code


class LeaseLost(Exception):
    """Another router holds the lease: this one must not give another order."""


async def _take_lease(lease: Lease, stop: asyncio.Event) -> bool:
    """Waits until this router may decide; False when the store is away, then it decides without a lease (the only router that Asterisk hears)."""
    told = False
    while not stop.is_set():
        try:
            if await lease.acquire():
                return True
        except StoreAway as error:
            log.error("no lease, going on alone: %s", error)
            return False
        if not told:
            log.info("another router is active, standing by", extra={"holder": await lease.holder()})
            told = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LEASE_TRY_S)
    return False


async def _keep_lease(lease: Lease, is_held: bool, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(LEASE_RENEW_S)
        with contextlib.suppress(StoreAway):
            if not is_held or not await lease.renew():
                # The store may have lost it (restarted empty) with nobody else there: then it is taken again.
                if not await lease.acquire():
                    raise LeaseLost(f"held by {await lease.holder()}")
                is_held = True


async def _keep_snapshots(loop: RouterLoop, journal: JournalWriter, snapshots: Snapshots) -> None:
    saved = ""
    while True:
        await asyncio.sleep(SNAPSHOT_EVERY_S)
        if journal.last_id == saved:
            continue
        taken = Snapshot(journal.last_id, loop.clock(), snapshot.to_plain(loop.state))
        with contextlib.suppress(StoreAway):
            await snapshots.save(taken)
            saved = taken.journal_id


def _spare_the_collector() -> None:
    """What exists now stays: the garbage collector need not look at it again in the middle of a decision."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

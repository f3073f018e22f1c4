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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from sqlalchemy.exc import SQLAlchemyError

from jietong.database import open_engine
from jietong.hours_for_router import HoursForRouter, tell_hours
from jietong.life import Signs
from jietong.logs import configure
from jietong.opening_hours import OpeningHours
from jietong.rules_of_site import rules_of
from jietong.running import RunningSite
from routing import snapshot
from routing.adapters.ami import AmiAddress
from routing.adapters.asterisk_link import AsteriskLink
from routing.adapters.bystander import Bystander, missed
from routing.adapters.desk import serve_desk
from routing.adapters.heartbeat import Heartbeat
from routing.adapters.inbox import Inbox
from routing.adapters.journal import Fenced, JournalWriter
from routing.adapters.leader_file import LeaderFile
from routing.adapters.lease import Lease
from routing.adapters.promises import open_callbacks
from routing.adapters.recovery import Recovered, recover
from routing.adapters.redis_clients import StoreAway, prefix_of
from routing.adapters.router_loop import RouterLoop
from routing.adapters.snapshots import EncodedSnapshot, Snapshot, Snapshots
from routing.adapters.steady_clock import CLOCK_FILE, SteadyClock, clock_of
from routing.adapters.tenure import LeaseLost, Tenure
from routing.adapters.unheard_calls import take_unheard
from routing.events import AsteriskLost, CallbackRestored

log = logging.getLogger(__name__)

LEADER_FILE = "leader"  # under DIR/run
SNAPSHOT_EVERY_S = 15.0
STOP_WITHIN_S = 2.0
LOST_LEASE = 3  # exit code: another router has taken over


def main(var: Path) -> int:
    """Runs the router of the site in folder `var` until SIGTERM; returns the exit code."""
    configure("router")
    return uvloop.run(_live(RunningSite.load(var)))


@dataclass(frozen=True)
class _Memory:
    """What a router begins with: the stored state, callbacks that only the database knows, and what it heard while it stood by."""

    found: Recovered
    promised: list[dict[str, Any]]
    heard: Bystander


def _address_of(site: RunningSite) -> AmiAddress:
    return AmiAddress("127.0.0.1", site.ports.ami, site.ami_user, site.ami_secret)


async def _live(site: RunningSite) -> int:
    living = asyncio.create_task(Signs().give_in_loop(), name="life")
    try:
        return await _run(site)
    finally:
        living.cancel()


async def _run(site: RunningSite) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url, prefix = site.store_url, prefix_of(site.site.hotline.number)
    lease = Lease(url, prefix, f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
    tenure = Tenure(lease, LeaderFile(site.layout.run / LEADER_FILE))
    rules = rules_of(site.site)
    _spare_the_collector()
    bystander = Bystander(_address_of(site))
    bystander.start()
    if not await tenure.take(stop, _say_ready):
        bystander.close()
        await tenure.close()
        return 0
    bystander.attend()
    keeper = asyncio.create_task(tenure.keep(), name="lease")
    try:
        found = await recover(url, prefix, rules)
        promised = await asyncio.to_thread(_promised, site) if found.is_fresh else []
        return await _lead(site, tenure, _Memory(found, promised, bystander), keeper, stop)
    finally:
        keeper.cancel()
        await tenure.close()


def _promised(site: RunningSite) -> list[dict[str, Any]]:
    """Open callbacks as the database has them: no channel carries one, so that a router without memory would forget them."""
    engine = open_engine(site.database_url)
    try:
        return open_callbacks(engine)
    except SQLAlchemyError as error:
        log.error("open callbacks cannot be read: %s", type(error).__name__)
        return []
    finally:
        engine.dispose()


async def _lead(
    site: RunningSite,
    tenure: Tenure,
    memory: _Memory,
    keeper: "asyncio.Task[None]",
    stop: asyncio.Event,
) -> int:
    """Decides until stopped or replaced; returns the exit code."""
    url, prefix = site.store_url, prefix_of(site.site.hotline.number)
    journal = JournalWriter(
        url, prefix, keep=site.site.store.journal_entries, fence=tenure.lease_number, owner=tenure.owner
    )
    await journal.start()
    state = memory.found.state
    file = site.layout.run / CLOCK_FILE
    clock = clock_of(file, begin_anew=not file.exists() or not (state.calls or state.deadlines))
    loop = RouterLoop(state, journal, clock, tenure)
    tenure.on_sure = loop.go_on
    hours = HoursForRouter(OpeningHours(site.site), rules_of(site.site).queue_names())
    first = await asyncio.to_thread(hours.look, clock())
    inbox, snapshots, heartbeat = Inbox(url, prefix), Snapshots(url, prefix), Heartbeat(url, prefix, loop)

    async def say_ready() -> None:
        await heartbeat.beat()
        _say_ready()

    emptied = asyncio.Event()

    def store_again() -> None:
        journal.look()
        emptied.set()

    tenure.on_regained = store_again
    has_static_queues = site.site.router.fallback_after_s > 0
    link = AsteriskLink(
        _address_of(site), loop, say_ready, tenure, clock.from_wall, has_static_queues=has_static_queues
    )
    _hear_missed(loop, link, memory, clock)
    if first is not None:
        loop.tell(first)
    for row in memory.promised:
        loop.tell(CallbackRestored(clock(), **row))
    _spare_the_collector()
    noted = await take_unheard(url, prefix, loop)
    if noted:
        log.info("calls that nobody heard of are on record", extra={"calls": noted})
    for event in memory.heard.take(clock.offset_s):
        link.hear(event)
    tasks = [
        asyncio.create_task(link.run(memory.heard.give_connection(link.on_event)), name="asterisk"),
        asyncio.create_task(serve_desk(inbox, loop), name="desk"),
        asyncio.create_task(_keep_snapshots(loop, journal, snapshots, tenure, emptied), name="snapshots"),
        asyncio.create_task(heartbeat.run(), name="heartbeat"),
        asyncio.create_task(tell_hours(hours, loop), name="hours"),
        asyncio.create_task(journal.watch(), name="journal"),
        keeper,
    ]
    code = await _until_stopped(stop, tasks)
    loop.stop()
    with contextlib.suppress(StoreAway, TimeoutError, Fenced):
        async with asyncio.timeout(STOP_WITHIN_S):
            is_written = await journal.close(0 if code == LOST_LEASE else STOP_WITHIN_S / 2)
            if code == 0:
                if is_written:
                    taken = Snapshot(journal.last_id, clock(), snapshot.to_plain(loop.state))
                    await snapshots.save(taken, tenure.lease_number())
                await tenure.leave()
    for closing in (inbox, snapshots, heartbeat):
        await closing.close()
    return code


def _hear_missed(loop: RouterLoop, link: AsteriskLink, memory: _Memory, clock: SteadyClock) -> None:
    """Nobody decided since the last word of the journal; what Asterisk has said since then is heard now."""
    until = memory.found.until
    loop.tell(AsteriskLost(clock() if until is None else until))
    heard = memory.heard.take(clock.offset_s)
    events = [] if until is None else missed(heard, memory.found.told, until)
    for event in events:
        link.hear(event)
    log.info("heard while standing by", extra={"events": len(events)})


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


async def _until_stopped(stop: asyncio.Event, tasks: list["asyncio.Task[None]"]) -> int:
    """Waits for the stop signal or for a task that ends, which none should; returns the exit code."""
    waiting = asyncio.create_task(stop.wait(), name="stop")
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    code = 0
    for task in done - {waiting}:
        error = task.exception()
        code = LOST_LEASE if isinstance(error, LeaseLost | Fenced) else 1
        log.error("the router stops: %s failed", task.get_name(), exc_info=error)
    for task in [waiting, *tasks]:
        task.cancel()
    ended, left = await asyncio.wait([waiting, *tasks], timeout=STOP_WITHIN_S)
    for task in ended - done:
        if not task.cancelled() and task.exception() is not None:
            log.error("%s failed while the router stopped", task.get_name(), exc_info=task.exception())
    if left:
        log.error("tasks do not end", extra={"tasks": sorted(task.get_name() for task in left)})
    return code


async def _keep_snapshots(
    loop: RouterLoop, journal: JournalWriter, snapshots: Snapshots, tenure: Tenure, emptied: asyncio.Event
) -> None:
    """Saves the state now and then, and at once when the store may have lost it; never ahead of the journal: whoever goes on from it would miss
    the facts of what it knows already.
    """
    saved = ""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SNAPSHOT_EVERY_S):
                await emptied.wait()
        is_due = emptied.is_set() or journal.last_id != saved
        emptied.clear()
        if not is_due or not tenure.lease_number():
            continue
        at, encoded = loop.clock(), msgspec.Raw(msgspec.json.encode(snapshot.to_plain(loop.state)))
        entry_id = await journal.confirmed(SNAPSHOT_EVERY_S)
        if entry_id is None:
            continue
        with contextlib.suppress(StoreAway):
            await snapshots.save(EncodedSnapshot(entry_id, at, encoded), tenure.lease_number())
            saved = entry_id


def _spare_the_collector() -> None:
    """What exists now stays: the garbage collector need not look at it again in the middle of a decision."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

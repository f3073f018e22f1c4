"""Whether this router may decide: taking the lead, keeping it, and holding orders back while that is in doubt.

Owns the lease, the leader's file and the age of the last confirmation. Must not know calls or orders.
Rules: design.md section 4. The lease decides; the file tells of a death at once and stands in while the store is away;
Asterisk passes on who announced itself with the highest number.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from routing.adapters.leader_file import LeaderFile
from routing.adapters.lease import TTL_S, Lease
from routing.adapters.redis_clients import StoreAway
from routing.adapters.steady_clock import since_boot_s

log = logging.getLogger(__name__)

LOOK_S = 0.1  # between two looks of a standby at the file
ASK_S = 0.25  # between two of its questions to the store, which wake the store as well
RENEW_S = 0.3
GRACE_S = 0.7  # an emptied store has no lease: a leader that lives takes it again within RENEW_S


class LeaseLost(Exception):
    """Another router leads: this one must not give another order."""


class Tenure:
    """One router's time as leader.

    on_sure      called each time the lead was confirmed: what was held back may go on
    on_regained  called when the lease was gone and is ours again: the store may have lost everything else, too
    """

    def __init__(self, lease: Lease, file: LeaderFile, clock: Callable[[], float] = since_boot_s) -> None:
        self.fence = 0
        self.on_sure: Callable[[], None] = lambda: None
        self.on_regained: Callable[[], None] = lambda: None
        self._lease = lease
        self._file = file
        self._clock = clock
        self._sure_at = clock()
        self._doubted = False
        self._look = asyncio.Event()
        self._lost = ""

    @property
    def owner(self) -> str:
        """Id of this router."""
        return self._lease.owner

    def lease_number(self) -> int:
        """The number of the lease held now; 0 when none is: nothing may be written then."""
        return self._lease.fence

    def is_sure(self) -> bool:
        """Whether nobody else can lead: the last confirmation is younger than the lease lives. A router that was
        stopped or starved for longer finds False here and has to ask first.
        """
        if not self._lost and self._clock() - self._sure_at < TTL_S:
            return True
        self._look.set()
        return False

    def hear(self, owner: str, fence: int) -> bool:
        """A router has announced itself to Asterisk. True when it is a lower one that should hear of us."""
        if owner == self.owner:
            return False
        if fence > self.fence:
            self._lost = f"{owner} has announced itself with number {fence}"
            self._look.set()
        return fence < self.fence

    async def take(self, stop: asyncio.Event, on_standby: Callable[[], None]) -> bool:
        """Waits until this router leads; False when `stop` came first. `on_standby` is called once if another leads.

        A dead leader of this folder is replaced at once, one on another machine or a frozen one when its lease has
        run out. While the store is away the one that has the file leads.
        """
        told, missing_since, ask_at = False, None, 0.0
        while not stop.is_set():
            is_taken = False
            try:
                if self._file.take():
                    is_taken = await self._lease.acquire(self._file.owner())
                elif self._clock() >= ask_at:
                    holder = await self._lease.holder()
                    ask_at = self._clock() + ASK_S if holder else 0.0
                    missing_since = None if holder else missing_since or self._clock()
                    is_late = missing_since is not None and self._clock() - missing_since > GRACE_S
                    is_taken = is_late and await self._lease.acquire()
            except StoreAway as error:
                is_taken, missing_since = self._file.is_mine, None
                if is_taken:
                    log.warning("leading without a lease: %s", error)
            if is_taken:
                self._begin()
                return True
            self._file.leave()
            if not told:
                log.info("another router leads, standing by")
                on_standby()
                told = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()
        return False

    async def keep(self) -> None:
        """Renews until cancelled; raises LeaseLost when another router leads."""
        this = asyncio.current_task()
        assert this is not None
        while True:
            # Once seen: the cancellation met an error of the store's client, and the task lived on for ever
            if this.cancelling():
                raise asyncio.CancelledError
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    await self._look.wait()
            self._look.clear()
            if self._lost:
                raise LeaseLost(self._lost)
            began = self._clock()
            try:
                await self._renew()
            except StoreAway:
                # Nobody can have taken the lease while we asked in vain. But whoever slept first hears what Asterisk
                # has to say about another leader.
                if began - self._sure_at >= TTL_S and not self._doubted:
                    self._doubted = True
                    await asyncio.sleep(RENEW_S)
                    continue
            self._doubted = False
            self._sure_at = began
            if not self._lost:
                self.on_sure()

    async def leave(self) -> None:
        """Gives the lead up in order, so that a standby takes it at once. Raises StoreAway."""
        try:
            await self._lease.release()
        finally:
            self._file.leave()

    async def close(self) -> None:
        """Ends the connection and lets the file go; the lease is left to expire."""
        self._file.leave()
        await self._lease.close()

    def _begin(self) -> None:
        self.fence = self._lease.fence
        self._sure_at = self._clock()
        if self._file.is_mine:
            self._file.sign(self.owner)
        log.info("this router leads", extra={"fence": self.fence})

    async def _renew(self) -> None:
        if not self._lease.fence or not await self._lease.renew():
            # The store may have lost it (restarted empty) with nobody else there: then it is taken again.
            if not await self._lease.acquire():
                raise LeaseLost(f"held by {await self._lease.holder()}")
            self.fence = self._lease.fence
            self.on_regained()
        if not self._file.is_mine and self._file.take():
            self._file.sign(self.owner)

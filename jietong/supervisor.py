"""Keeps the processes of a site running: starts them in order, starts again what dies, ends all of them.

Owns order, back-off and the end; must not know what the children do. Rules: design.md section 5 (everything stops
within 10 s, nothing is left behind); a child that fails at the first start fails the whole start.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jietong.child import Child, ChildFailedError, ChildPlan
from jietong.log_file import LogFile

STOP_ALL_WITHIN_S = 9.0  # of the 10 s that are promised
KEPT_FOR_LATER_S = 0.5  # that each wave leaves to every wave after it


@dataclass(frozen=True)
class BackOff:
    """How long a child that died is away: doubling, and from the start again once it ran for `stable_s`."""

    first_s: float = 0.5
    longest_s: float = 10
    stable_s: float = 30

    def after(self, previous_s: float | None, ran_s: float) -> float:
        """The next pause, from the previous one (None: never died) and how long the child ran."""
        if previous_s is None or ran_s >= self.stable_s:
            return self.first_s
        return min(previous_s * 2, self.longest_s)


class Supervisor:
    """The children of one site.

    plans   any order; `after` of each names children among them
    tell    called with one line for people whenever a child died or came back
    """

    def __init__(
        self, plans: Sequence[ChildPlan], logs: Path, tell: Callable[[str], None], back_off: BackOff | None = None
    ) -> None:
        self._plans = plans
        self._tell = tell
        self._back_off = back_off or BackOff()
        self._logs = {plan.name: LogFile(logs / f"{plan.name}.log") for plan in plans}
        self._log_folder = logs
        self._children: dict[str, Child] = {}
        self._was_ready = {plan.name: asyncio.Event() for plan in plans}
        self._keepers: list[asyncio.Task[None]] = []
        self._hurry = asyncio.Event()
        self._renewals: dict[str, asyncio.Future[None]] = {}
        self.restarts = dict.fromkeys(self._was_ready, 0)

    async def start(self) -> None:
        """Starts every child and returns once all are ready; raises ChildFailedError. Call `stop` in any case."""
        self._keepers = [asyncio.create_task(self._keep(plan), name=plan.name) for plan in self._plans]
        all_ready = asyncio.create_task(self._wait_all_ready())
        try:
            await asyncio.wait({all_ready, *self._keepers}, return_when=asyncio.FIRST_COMPLETED)
            for keeper in self._keepers:
                if keeper.done():
                    keeper.result()
        finally:
            all_ready.cancel()
            await asyncio.gather(all_ready, return_exceptions=True)

    async def wait_broken(self) -> None:
        """Returns never; raises what broke the supervision of a child, which only an error of ours can do."""
        await asyncio.gather(*self._keepers)

    async def stop(self) -> None:
        """Ends all children, the last started first, within 10 s; `hurry` cuts the waiting short."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        deadline = asyncio.get_running_loop().time() + STOP_ALL_WITHIN_S
        waves = self._waves()
        for number, wave in enumerate(waves):
            left_s = deadline - asyncio.get_running_loop().time() - KEPT_FOR_LATER_S * (len(waves) - number)
            await asyncio.gather(*(self._stop_child(child, left_s) for child in wave))
        for log in self._logs.values():
            log.close()

    async def renew(self, name: str) -> None:
        """Ends one child in order and starts it again at once; returns when it is ready, raises ChildFailedError when
        it cannot start any more (it is then tried on and on like one that died).
        """
        renewal: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        child = self._children[name]
        self._renewals[name] = renewal
        try:
            await child.stop(child.plan.stop_within_s)
            await renewal
        finally:
            self._renewals.pop(name, None)

    def hurry(self) -> None:
        """Lets a running or coming `stop` kill at once."""
        self._hurry.set()

    def pids(self) -> dict[str, int]:
        """Name -> process id of the children that run now."""
        return {name: child.pid for name, child in self._children.items()}

    async def _wait_all_ready(self) -> None:
        for event in self._was_ready.values():
            await event.wait()

    async def _stop_child(self, child: Child, left_s: float) -> None:
        within_s = 0.0 if self._hurry.is_set() else max(0.0, min(child.plan.stop_within_s, left_s))
        stopping = asyncio.ensure_future(child.stop(within_s))
        hurrying = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({stopping, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            child.kill()
        await stopping
        hurrying.cancel()

    def _waves(self) -> list[list[Child]]:
        """Running children, those that others wait for last; children of one wave may end at the same time."""
        plans = {plan.name: plan for plan in self._plans}

        def depth(name: str) -> int:
            return max((depth(before) + 1 for before in plans[name].after), default=0)

        depths = sorted({depth(name) for name in self._children}, reverse=True)
        return [[child for name, child in self._children.items() if depth(name) == d] for d in depths]

    async def _keep(self, plan: ChildPlan) -> None:
        """Runs one child for as long as the site runs."""
        for name in plan.after:
            await self._was_ready[name].wait()
        pause_s: float | None = None
        while True:
            began = asyncio.get_running_loop().time()
            reason = await self._run_once(plan)
            renewal = self._renewals.get(plan.name)
            if renewal is not None and not renewal.done():
                continue
            self.restarts[plan.name] += 1
            pause_s = self._back_off.after(pause_s, asyncio.get_running_loop().time() - began)
            self._tell(f"{reason}: starting it again in {pause_s:g} s; see {self._log_folder / plan.name}.log")
            await asyncio.sleep(pause_s)

    async def _run_once(self, plan: ChildPlan) -> str:
        """Runs a child until it ends and says how; raises ChildFailedError when it never was ready at all."""
        try:
            child = await Child.start(plan, self._logs[plan.name])
            self._children[plan.name] = child
            await child.wait_ready()
        except ChildFailedError as error:
            if not self._was_ready[plan.name].is_set():
                raise
            self._settle(plan.name, error)
            if plan.name in self._children:
                await self._children.pop(plan.name).stop(within_s=0)
            return str(error)
        if self.restarts[plan.name]:
            self._tell(f"{plan.name} runs again")
        self._was_ready[plan.name].set()
        self._settle(plan.name)
        how = await child.wait_over()
        child.kill()  # whatever it left in its session
        self._children.pop(plan.name, None)
        return f"{plan.name} {how}"

    def _settle(self, name: str, error: ChildFailedError | None = None) -> None:
        renewal = self._renewals.get(name)
        if renewal is None or renewal.done():
            return
        if error is None:
            renewal.set_result(None)
        else:
            renewal.set_exception(error)

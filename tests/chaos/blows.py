"""What is struck in the chaos suite: which process of a site, by which signal.

Owns the list of blows. Must not know what is measured afterwards.
Rules: design.md section 4, a row each; only processes of the given site are struck.
"""

import asyncio
import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.adapters.up_fixture import processes_of
from tests.live.hotline import Hotline

Find = Callable[[Hotline], list[int]]


@dataclass(frozen=True)
class Blow:
    """`hold_s` None: kill -9. Else the process stands still for so long, unless its supervisor ends it before.

    `ends_calls`: the process carries the calls, they end with it; whoever was on the line hangs up and dials again.
    """

    name: str
    find: Find
    hold_s: float | None = None
    ends_calls: bool = False

    @property
    def how(self) -> str:
        """For the table."""
        return "kill -9" if self.hold_s is None else f"stands still {self.hold_s:g} s"

    async def strike(self, hotline: Hotline, dice: random.Random) -> None:
        """Strikes one of the processes that are meant; returns when it may go on."""
        pid = dice.choice(self.find(hotline))
        if self.hold_s is None:
            os.kill(pid, signal.SIGKILL)
            return
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(self.hold_s)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _running(command: str) -> Find:
    return lambda hotline: [pid for pid, line in processes_of(hotline.var).items() if f" {command} " in line]


def _leader(hotline: Hotline) -> list[int]:
    return [hotline.leader_pid()]


def _standby(hotline: Hotline) -> list[int]:
    return [pid for pid in _running("router")(hotline) if pid != hotline.leader_pid()]


def _store(hotline: Hotline) -> list[int]:
    return [pid for pid, line in processes_of(hotline.var).items() if "valkey-server" in line]


def _asterisk(hotline: Hotline) -> list[int]:
    return [int((hotline.site.layout.run / "asterisk.pid").read_text())]


def is_whole(hotline: Hotline) -> bool:
    """Every process runs, and both routers listen to Asterisk: the next blow is not a second one on the same wound."""
    counts = [len(_running(command)(hotline)) for command in ("router", "agi", "records", "metrics")]
    return (
        counts == [2, 2, 1, 1]
        and len(_store(hotline)) == 1
        and hotline.cli("manager show connected").count(hotline.site.ami_user) == 2
    )


BLOWS = (
    Blow("router that leads", _leader),
    Blow("router that leads", _leader, 3.0),
    Blow("standby router", _standby),
    Blow("Valkey", _store),
    Blow("Valkey", _store, 3.0),
    Blow("AGI worker", _running("agi")),
    Blow("AGI worker", _running("agi"), 3.0),
    Blow("records", _running("records")),
    Blow("metrics", _running("metrics")),
    Blow("Asterisk", _asterisk, 1.5),
    Blow("Asterisk", _asterisk, ends_calls=True),
)

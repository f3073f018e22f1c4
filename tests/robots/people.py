"""An agent and a caller, in one line each: the softphone with the steps every story begins with.

Owns these two beginnings; must not know queues, tiers or menus.
Rules: an agent has an account at the site, a caller has only a number (design.md, demo site).
"""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.robots.driver import Event, Softphone


class Agent:
    """A registered seat that treats calls as told. `async with Agent(...) as agent`."""

    def __init__(
        self,
        server: str,
        number: str,
        password: str,
        mode: str = "answer",
        after_s: float = 0.0,
        talk_s: float | None = None,
        play: Path | None = None,
        record: Path | None = None,
    ) -> None:
        self.number = number
        self._server, self._password = server, password
        self._mode, self._after_s, self._talk_s = mode, after_s, talk_s
        self._play, self._record = play, record
        self.phone: Softphone

    async def __aenter__(self) -> Self:
        self.phone = await Softphone.start(name=f"agent {self.number}")
        try:
            await self.phone.behave(self._mode, self._after_s, self._talk_s, self._play, self._record)
            await self.phone.register(self._server, self.number, self._password)
        except BaseException:
            await self.phone.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.phone.close()

    async def rings(self, timeout_s: float = 10.0) -> Event:
        """Waits until a call rings here."""
        return await self.phone.wait_for("incoming", timeout_s)

    async def talks(self, timeout_s: float = 10.0) -> Event:
        """Waits until a call is answered here."""
        return await self.phone.wait_for("answered", timeout_s)


class Customer:
    """A telephone behind the carrier, at a port of its own. `async with Customer(port) as customer`."""

    def __init__(self, port: int, mode: str = "answer", after_s: float = 0.0, record: Path | None = None) -> None:
        self._port, self._mode, self._after_s, self._record = port, mode, after_s, record
        self.phone: Softphone

    async def __aenter__(self) -> Self:
        self.phone = await Softphone.start(self._port, name="customer")
        try:
            await self.phone.behave(self._mode, self._after_s, None, None, self._record)
            self.phone.tell("stand_by", number="customer")
            await self.phone.wait_for("standing_by")
        except BaseException:
            await self.phone.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.phone.close()

    async def rings(self, timeout_s: float = 10.0) -> Event:
        """Waits until a call rings here."""
        return await self.phone.wait_for("incoming", timeout_s)


class Caller:
    """A caller of a number, dialling at once. `async with Caller(server, "13800000001") as caller`."""

    def __init__(
        self,
        server: str,
        number: str,
        to: str = "10010",
        display_name: str | None = None,
        play: Path | None = None,
        record: Path | None = None,
    ) -> None:
        self.number = number
        self._server, self._to, self._display_name = server, to, display_name
        self._play, self._record = play, record
        self.dialled_at = 0.0
        self.phone: Softphone

    async def __aenter__(self) -> Self:
        self.phone = await Softphone.start(name=f"caller {self.number}")
        self.dialled_at = time.time()
        try:
            await self.phone.dial(
                f"sip:{self._to}@{self._server}", self.number, self._display_name, self._play, self._record
            )
        except BaseException:
            await self.phone.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.phone.close()

    async def is_answered(self, timeout_s: float = 10.0) -> Event:
        """Waits until the hotline picks up."""
        return await self.phone.wait_for("answered", timeout_s)

    async def is_over(self, timeout_s: float = 10.0) -> Event:
        """Waits until the call has ended, whoever ended it."""
        return await self.phone.wait_for("disconnected", timeout_s)

    def press(self, digits: str) -> None:
        """Presses keys."""
        self.phone.press(digits)

    def hang_up(self) -> None:
        """Ends the call."""
        self.phone.hang_up()

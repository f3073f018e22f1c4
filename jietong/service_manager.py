"""Tells a service manager such as systemd that the site is ready, works, and stops.

Owns the datagrams of sd_notify(3). Must not know what a site is. Without a manager that listens nothing is said.
"""

import asyncio
import contextlib
import os
import socket

SOCKET, WATCHDOG = "NOTIFY_SOCKET", "WATCHDOG_USEC"
SHARE = 3  # signs within the time that the manager waits for one


class ServiceManager:
    """Our end; takes the manager's variables out of the environment, so that no child speaks for us."""

    def __init__(self) -> None:
        path = os.environ.pop(SOCKET, "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        wanted_us = os.environ.pop(WATCHDOG, "")
        self._every_s = int(wanted_us) / 1e6 / SHARE if wanted_us.isdecimal() and int(wanted_us) else None

    def tell_ready(self) -> None:
        """Everything runs."""
        self._tell("READY=1")

    def tell_stopping(self) -> None:
        """The end has begun."""
        self._tell("STOPPING=1")

    async def give_signs(self) -> None:
        """Says in time, until cancelled, that our event loop turns; ends at once when nobody wants to know."""
        while self._every_s is not None:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self._every_s)

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.setblocking(False)
            manager.sendto(text.encode(), self._address)

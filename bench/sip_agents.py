"""Up to 1,000 SIP seats in one process over one UDP socket, without media: agents for measurements under load.

Owns the socket, the seats and their figures; must not know the product (it measures any SIP server alike).
Rules: asterisk.md, the measured pattern: from an agent's BYE (sent) to that agent's next INVITE (arrived), one monotonic clock.

    python -m bench.sip_agents --server 127.0.0.1:5060 --seats 1001-1050 --password 'secret-{seat}' --talk-s 10 --run-s 60
"""

import argparse
import asyncio
import contextlib
import csv
import json
import math
import socket
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from bench import sip_messages as sip
from bench.sip_seat import Gap, Habit, SipSeat
from bench.sip_transactions import Line, seat_of_branch

BUFFER_BYTES = 4 << 20  # a burst of a thousand INVITEs must fit while Python is busy
REGISTERS_AT_ONCE = 50  # unanswered REGISTERs; more would only be retransmitted


class SipAgents(asyncio.DatagramProtocol):
    """Many seats. `async with SipAgents(server, {"1001": "secret"}) as agents: ...; agents.gaps()`."""

    def __init__(
        self,
        server: str,
        passwords: Mapping[str, str],
        habit: Habit | None = None,
        port: int = 0,
        seed: int = 1,
        host: str = "127.0.0.1",
    ) -> None:
        self.server = server
        self.broken_datagrams = 0
        self.seats: dict[str, SipSeat] = {}
        self._passwords, self._habit, self._seed = dict(passwords), habit or Habit(), seed
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.setblocking(False)
        self._socket.bind((host, port))
        self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # takes RTP that nobody reads: no ICMP refusals
        self._sink.bind((host, 0))
        server_host, _, server_port = server.rpartition(":")
        self._address = (server_host, int(server_port))
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=self._socket)
        host, port = self._socket.getsockname()
        line = Line(host, port, self.server, self._sink.getsockname()[1], self._send, loop.call_later, time.monotonic)
        self.seats = {
            number: SipSeat(number, password, line, self._habit, self._seed)
            for number, password in self._passwords.items()
        }
        try:
            await self._register_all(None)
            refused = {seat.number: seat.refusal for seat in self.seats.values() if not seat.is_registered}
            if refused:
                raise ConnectionRefusedError(
                    f"{len(refused)} of {len(self.seats)} seats are not registered: {dict(list(refused.items())[:5])}"
                )
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for seat in self.seats.values():
            seat.hang_up()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._register_all(0)
        self._close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pass

    def error_received(self, exc: Exception) -> None:
        pass  # the server is away: the transactions time out by themselves

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        at = time.monotonic()
        try:
            message = sip.parse(data)
            seat = self._seat_of(message)
            if seat is not None:
                seat.on_message(message, at)
            elif message.method and message.method != "ACK":
                self._send(sip.response(message, 404, "Not Found", "none"))
        except sip.SipSyntaxError:
            self.broken_datagrams += 1

    def gaps(self, freed_by: str = "own_bye") -> list[Gap]:
        """All measured gaps that began so, in the order in which the seats were rung."""
        return sorted(
            (gap for seat in self.seats.values() for gap in seat.gaps if gap.freed_by == freed_by),
            key=lambda gap: gap.rung_at,
        )

    def counts(self) -> Counter[str]:
        """Counts of all seats together."""
        return sum((seat.counts for seat in self.seats.values()), Counter[str]())

    def set_habit(self, habit: Habit) -> None:
        """How all seats treat calls from the next one on."""
        for seat in self.seats.values():
            seat.habit = habit

    def summary(self) -> dict[str, Any]:
        """Figures as one JSON-able object: gaps in milliseconds, counts, retransmissions, broken datagrams."""
        gaps = sorted(gap.gap_ms for gap in self.gaps())
        return {
            "seats": len(self.seats),
            "gaps": len(gaps),
            "gap_ms": {f"p{share}": quantile(gaps, share / 100) for share in (50, 95, 99)}
            | {"max": gaps[-1] if gaps else None},
            "counts": dict(sorted(self.counts().items())),
            "broken_datagrams": self.broken_datagrams,
        }

    def _seat_of(self, message: sip.SipMessage) -> SipSeat | None:
        if message.method:
            return self.seats.get(sip.user_of(message.uri)) or self.seats.get(
                sip.user_of(sip.uri_of(message.get("to")))
            )
        return self.seats.get(seat_of_branch(message.branch))

    async def _register_all(self, expires_s: int | None) -> None:
        gate = asyncio.Semaphore(REGISTERS_AT_ONCE)

        async def one(seat: SipSeat) -> None:
            async with gate:
                done = asyncio.Event()
                seat.on_registration = done.set
                seat.register(expires_s)
                await done.wait()
                seat.on_registration = lambda: None

        await asyncio.gather(*(one(seat) for seat in self.seats.values()))

    def _send(self, datagram: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(datagram, self._address)

    def _close(self) -> None:
        for seat in self.seats.values():
            seat.stop()
        if self._transport is not None:
            self._transport.close()
        self._sink.close()


def quantile(ordered: list[float], share: float) -> float | None:
    """The value at `share` (0..1) of an ascending list: the smallest that at least this share does not exceed; None when empty."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def seats_of(text: str) -> list[str]:
    """The seats of `1001-1050,1901`; raises ValueError for anything else."""
    seats: list[str] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and (not last.isdigit() or int(last) < int(first))):
            raise ValueError(f"seats {part!r}: write 1001 or 1001-1050")
        seats += [str(number) for number in range(int(first), int(last or first) + 1)]
    return seats


def write_gaps(gaps: list[Gap], out: TextIO) -> None:
    """One CSV line a gap: seat, freed_by, freed_at, rung_at (monotonic seconds), gap_ms."""
    table = csv.writer(out)
    table.writerow(["seat", "freed_by", "freed_at", "rung_at", "gap_ms"])
    table.writerows(
        [gap.seat, gap.freed_by, f"{gap.freed_at:.6f}", f"{gap.rung_at:.6f}", f"{gap.gap_ms:.3f}"] for gap in gaps
    )


async def _run(args: argparse.Namespace) -> None:
    habit = Habit(args.mode, args.answer_after_s, args.talk_s, args.exponential, args.expires_s)
    passwords = {seat: args.password.replace("{seat}", seat) for seat in seats_of(args.seats)}
    async with SipAgents(args.server, passwords, habit, args.port, args.seed) as agents:
        print(json.dumps({"event": "registered", "seats": len(agents.seats)}), flush=True)
        until = time.monotonic() + args.run_s
        while time.monotonic() < until:
            await asyncio.sleep(min(args.report_s, max(0.0, until - time.monotonic())))
            print(json.dumps({"event": "so far", **agents.summary()}), flush=True)
        if args.csv:
            with Path(args.csv).open("w", newline="", encoding="utf-8") as out:
                write_gaps(agents.gaps(), out)
    print(json.dumps({"event": "end", **agents.summary()}), flush=True)


def main() -> None:
    """Runs seats from the command line; figures come as JSON lines."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.sip_agents", description="Many SIP seats over UDP, without media."
    )
    parser.add_argument("--server", required=True, help="host:port of the registrar")
    parser.add_argument("--seats", required=True, help="such as 1001-1050,1901")
    parser.add_argument("--password", required=True, help="{seat} in it becomes the seat's number")
    parser.add_argument("--mode", choices=("answer", "ignore", "reject", "busy"), default="answer")
    parser.add_argument("--answer-after-s", type=float, default=0.0)
    parser.add_argument("--talk-s", type=float, default=10.0, help="the mean with --exponential")
    parser.add_argument("--exponential", action="store_true")
    parser.add_argument("--expires-s", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0, help="own SIP port; 0 = any")
    parser.add_argument("--run-s", type=float, default=60.0)
    parser.add_argument("--report-s", type=float, default=10.0)
    parser.add_argument("--csv", help="file for all gaps")
    try:
        asyncio.run(_run(parser.parse_args()))
    except (ConnectionRefusedError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

"""Packets of some ports on the loopback with the kernel's own times: what two programs said to each other, seen by neither.

Owns the capture and the reading of IPv4, UDP and TCP headers; must not know any protocol above them. Needs root or CAP_NET_RAW.
Sources: packet(7) for the socket and its packet types, RFC 791, 768 and 9293 for the headers.
"""

import asyncio
import ctypes
import socket
import struct
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from bench.turns import NoFigure

BUFFER_BYTES = 64 << 20
MOST_BYTES = 70_000  # the loopback's packets are at most 65,536 long, headers included
IPV4, TCP, UDP = 0x0800, 6, 17
SO_ATTACH_FILTER, SO_RCVBUFFORCE, SO_TIMESTAMPNS = 26, 33, 35
OUTGOING = 4  # every packet of the loopback is seen twice: on its way out and coming in
ETHERNET_BYTES, UDP_BYTES = 14, 8


@dataclass(frozen=True)
class Packet:
    """One packet with something in it. `at`: epoch seconds when the kernel delivered it."""

    at: float
    protocol: int
    source: int
    target: int
    payload: bytes


class WireTap:
    """`async with WireTap({5060}) as tap: ...; tap.packets`: those from or to any of the ports, oldest first.

    raises  NoFigure where packets may not be captured
    """

    def __init__(self, ports: Collection[int]) -> None:
        self.packets: list[Packet] = []
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError:
            raise NoFigure("packets are captured by root, or with CAP_NET_RAW, only") from None
        program = _filter(ports)
        code = ctypes.create_string_buffer(program)
        self._socket.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(program) // 8, ctypes.addressof(code))
        )
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setblocking(False)

    async def __aenter__(self) -> Self:
        self._socket.bind(("lo", IPV4))
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._read()
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        while True:
            try:
                frame, ancillary, _, address = self._socket.recvmsg(MOST_BYTES, 64)
            except BlockingIOError:
                return
            if address[2] == OUTGOING:
                continue
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
            packet = packet_of(frame, seconds + nanoseconds / 1e9)
            if packet is not None:
                self.packets.append(packet)


def packet_of(frame: bytes, at: float) -> Packet | None:
    """What is in an Ethernet frame; None when it is no UDP or TCP of IPv4, or carries nothing, as a bare acknowledgement does."""
    datagram = frame[ETHERNET_BYTES:]
    if len(datagram) < 20 or datagram[0] >> 4 != 4 or datagram[9] not in (TCP, UDP):
        return None
    whole, head = struct.unpack("!H", datagram[2:4])[0], (datagram[0] & 15) * 4
    segment = datagram[head:whole]
    if len(segment) < (20 if datagram[9] == TCP else UDP_BYTES):
        return None
    source, target = struct.unpack("!HH", segment[:4])
    payload = segment[UDP_BYTES if datagram[9] == UDP else (segment[12] >> 4) * 4 :]
    return Packet(at, datagram[9], source, target, payload) if payload else None


def _filter(ports: Collection[int]) -> bytes:
    """A classic BPF program: the whole packet when either of its ports is one of these, else nothing of it."""
    load_head, load_half, is_equal, give = 0xB1, 0x48, 0x15, 0x06
    steps = [(load_head, ETHERNET_BYTES)]  # the index register is the length of the IPv4 header
    for field in (0, 2):
        steps += [(load_half, ETHERNET_BYTES + field), *((is_equal, port) for port in ports)]
    steps += [(give, 0), (give, MOST_BYTES)]
    last = len(steps) - 1
    return b"".join(
        struct.pack("HBBI", code, last - place - 1 if code == is_equal else 0, 0, value)
        for place, (code, value) in enumerate(steps)
    )

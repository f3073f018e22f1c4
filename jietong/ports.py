"""Says which ports of a site are taken before anything starts.

Owns that check; must not choose ports. Asterisk needs it: on a taken SIP port it starts as if all were well and gets
no calls (asterisk.md, start-up traps).
"""

import errno
import os
import socket

from jietong.running import Ports

HIGHEST_PORT = 65535
LOWEST_BASE = 1024  # below it ports belong to the system
RTP_OFFSET_END = 8999  # design.md section 5: RTP N+1000..N+8999
LOOPBACK = "127.0.0.1"


def wrong_base(port_base: int) -> str | None:
    """Says why `--port-base` cannot be used, or None."""
    highest = HIGHEST_PORT - RTP_OFFSET_END
    if LOWEST_BASE <= port_base <= highest:
        return None
    return f"--port-base {port_base} is out of range: use a number from {LOWEST_BASE} to {highest}"


def taken_ports(ports: Ports, bind: str) -> list[str]:
    """Returns one sentence for each port that cannot be had: which, what it is for, what to change."""
    wanted = [
        (ports.sip, socket.SOCK_DGRAM, bind, "SIP", "network.sip_port"),
        (ports.agi, socket.SOCK_STREAM, LOOPBACK, "FastAGI", "network.agi_port"),
        (ports.ami, socket.SOCK_STREAM, LOOPBACK, "Asterisk's manager interface", "network.ami_port"),
        (ports.http, socket.SOCK_STREAM, bind, "HTTP", "network.http_port"),
    ]
    found = []
    for port, kind, address, purpose, key in wanted:
        error = _bind_error(address, port, kind)
        if error is not None:
            protocol = "UDP" if kind == socket.SOCK_DGRAM else "TCP"
            found.append(
                f"{protocol} port {port} on {address} ({purpose}) {_reason(error)}: "
                f"stop the program that has it, change {key} in the site file, or use --port-base N"
            )
    return found


def _bind_error(address: str, port: int, kind: socket.SocketKind) -> OSError | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # connections that ended a moment ago don't count
        try:
            probe.bind((address, port))
            if kind == socket.SOCK_STREAM:
                probe.listen(1)
        except OSError as error:
            return error
    return None


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "is in use"
    if error.errno == errno.EACCES:
        return "needs more rights than we have"
    if error.errno == errno.EADDRNOTAVAIL:
        return "cannot be opened, this machine has no such address"
    return f"cannot be opened ({os.strerror(error.errno or 0)})"

"""Free UDP ports for robots.

Owns the choice of a port nobody holds; must not know who wants it.
Rules: loopback only, below the system's own ephemeral range so that no outgoing socket takes it meanwhile.
"""

import itertools
import os
import socket

FIRST, LAST = 12000, 19900  # outside every site made by --port-base from 20000 on, below the ephemeral ports
_starts = itertools.count(os.getpid() % 700 * 10)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True when nobody holds the UDP `port` right now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_block(size: int = 10) -> int:
    """First of `size` neighbouring free UDP ports, an even number; blocks of one process never overlap.

    raises  OSError when a whole round finds none
    """
    span = LAST - FIRST - size
    for _ in range(span // 10):
        first = FIRST + next(_starts) * 10 % span // 2 * 2
        if all(is_free(port) for port in range(first, first + size)):
            for _ in range((size - 1) // 10):
                next(_starts)
            return first
    raise OSError(f"no {size} neighbouring free UDP ports between {FIRST} and {LAST}")

"""What this machine must offer before an Asterisk can run well on it.

Owns the checks that `jietong up` makes at start; must not start or change anything.
Rules: asterisk.md (start-up traps): a host name that doesn't resolve blocks each call for seconds.
"""

import resource
import socket

FILES_PER_CALL = 16  # caller and seat: two voice sockets, a pipe and a timer each, the AGI socket; doubled for safety
FILES_BESIDE = 512


def host_problems() -> list[str]:
    """One sentence for each thing that would make calls slow or fail; empty when all is well. Looks up the own host name."""
    name = socket.gethostname()
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return [f"this machine's name {name!r} has no address: add a line `127.0.1.1 {name}` to /etc/hosts"]
    return []


def open_files_for(max_calls: int) -> int:
    """How many open files Asterisk shall ask for: enough for `max_calls`, at most what this process may hand on."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_BESIDE + FILES_PER_CALL * max_calls
    return wanted if hard == resource.RLIM_INFINITY else max(256, min(wanted, hard))

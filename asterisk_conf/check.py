"""What this machine must offer before an Asterisk can run well on it.

Owns the checks that `jietong up` makes at start; must not start or change anything.
Rules: asterisk.md (start-up traps): a host name that doesn't resolve blocks each call for seconds.
"""

import socket


def host_problems() -> list[str]:
    """One sentence for each thing that would make calls slow or fail; empty when all is well. Looks up the own host name."""
    name = socket.gethostname()
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return [f"this machine's name {name!r} has no address: add a line `127.0.1.1 {name}` to /etc/hosts"]
    return []

"""Who types a command, for what is kept on record about it.

Owns that one word. Must not know the command. Rules: it names a login of this machine and proves nothing.
"""

import getpass


def login_name() -> str:
    """The login of whoever runs this process; unknown for one without a name, such as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

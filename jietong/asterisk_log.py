"""Asterisk's own log lines as they are kept: callers masked, without what happens at each registration.

Owns what a line looks like in DIR/logs/asterisk.log; must not know who writes it.
Rules: domain.md C3. Asterisk names a caller in full when it refuses a call from an address it does not know.
"""

import re

from jietong.masking import mask_number

ROUTINE = (
    b'Severity="Informational"'  # a security event of a phone that is let in: thousands an hour, and nothing is wrong
)
# A channel's or call's own number is what explains a line, and no telephone number.
_DIGITS = re.compile(r"(?P<own>PJSIP/[\w-]+-[0-9a-f]{8}|(?<!\d)\d{10}\.\d+)|(?P<number>\+?\d{7,})")


def kept(line: bytes) -> bytes | None:
    """The line as it goes into the log; None: it does not."""
    if ROUTINE in line and b"SecurityEvent=" in line:
        return None
    return _DIGITS.sub(_masked, line.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _masked(found: re.Match[str]) -> str:
    return found["own"] or mask_number(found["number"])

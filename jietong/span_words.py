"""Lengths of time as an operator types them: 90m, 2h, 1d, 1h30m.

Owns that spelling. Must not know what is timed. Rules: docs/guide/announcements.md.
"""

import re

UNITS_S = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", re.ASCII)


def span_s(text: str) -> int:
    """Seconds of such a text, more than none; raises ValueError."""
    found = _SPAN.fullmatch(text.strip().lower())
    seconds = (
        sum(int(count or 0) * unit_s for count, unit_s in zip(found.groups(), UNITS_S.values(), strict=True))
        if found
        else 0
    )
    if not seconds:
        raise ValueError("is no length of time such as 90m, 2h or 1d")
    return seconds

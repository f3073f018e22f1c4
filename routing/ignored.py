"""Why an event changed nothing, as one of a few words.

Owns the closed set of reasons that metrics and logs use. Must not know who counts.
Rules: issue of routing in full, bad input: nonsense events are ignored with one counted warning.
"""

REASONS = ("late", "duplicate", "unknown", "refused", "unreadable", "other")
UNREADABLE = "unreadable: not what Asterisk says"
_BEGINNINGS = (
    ("late", "late"),
    ("already", "duplicate"),
    ("no such", "unknown"),
    ("not logged in", "refused"),
    ("on a call", "refused"),
    ("unreadable", "unreadable"),
)


def reason_of(because: str) -> str:
    """The word of REASONS for an `EventIgnored`'s text."""
    return next((reason for beginning, reason in _BEGINNINGS if because.startswith(beginning)), "other")

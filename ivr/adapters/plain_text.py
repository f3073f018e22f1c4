"""Words from a channel as a database and a terminal take them.

Owns what is left out. Must not know what a word means.
Rules: PostgreSQL takes no NUL, JSON no lone surrogate, and a control character writes on a terminal.
"""

MOST = 200


def plain(text: str, most: int = MOST) -> str:
    """`text` without control characters and what is no Unicode, at most `most` characters."""
    cut = text[:most]
    return cut if cut.isprintable() else "".join(c for c in cut if c.isprintable())

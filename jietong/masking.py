"""Masks phone numbers before they reach a log, a metric label or a screen.

Owns the one masking rule of the product; knows nothing of who asks.
The rule: domain.md C3, personal data is masked wherever it isn't needed.
"""


def mask_number(number: str) -> str:
    """Returns `number` with its middle hidden: 13900000001 -> 139****0001.

    Numbers of seven characters or fewer keep only their last two (1001 -> **01), anything empty is "withheld".
    Characters other than digits, `+`, `*` and `#` are dropped first, so that hostile caller ids cannot reach a log.
    """
    kept = "".join(c for c in number if c in "0123456789+*#")[:32]
    if not kept:
        return "withheld"
    if len(kept) <= 7:
        return "**" + kept[-2:]
    return f"{kept[:3]}****{kept[-4:]}"

"""Phone numbers as the customer table writes them: one spelling for each subscriber.

Owns that one spelling. Must not know who has a number.
Rules: Chinese numbering: mobiles 1xxxxxxxxxx, landlines with their area code and its 0, 400 and 800 numbers; the country code 86 is left out.
"""

import re

_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_SERVICE = re.compile(r"[48]00\d{7}", re.ASCII)
MIN_DIGITS, MAX_DIGITS = 2, 20


def normal_phone(text: str) -> str:
    """`text` in the table's spelling, digits only; empty when there is no number in it (withheld, words, anything hostile).

    Spaces, hyphens and parentheses are left out. 13900000001, +86 139-0000-0001, 008613900000001, 8613900000001 and a carrier's
    013900000001 are the same; so are 02112345678, +862112345678 and 862112345678. Numbers of other countries begin with 00: +1 415 555 0100
    is 0014155550100 and never a mobile of ours.
    """
    kept = "".join(c for c in text.strip() if c not in " -()\t")
    is_international, kept = kept.startswith("+"), kept.removeprefix("+")
    if not kept.isascii() or not kept.isdigit() or not MIN_DIGITS <= len(kept) <= MAX_DIGITS:
        return ""
    if kept.startswith("00") and not is_international:
        is_international, kept = True, kept[2:]
    if kept.startswith("86") and (is_international or len(kept) in (12, 13) or kept.startswith("860")):
        return _national(kept[2:])
    return f"00{kept}" if is_international else _without_carrier_0(kept)


def _national(number: str) -> str:
    """What stood behind the country code: landlines got rid of their 0 there."""
    if number.startswith("0"):
        return _without_carrier_0(number)
    is_landline = len(number) in (9, 10, 11) and not _MOBILE.fullmatch(number) and not _SERVICE.fullmatch(number)
    return f"0{number}" if is_landline else number


def _without_carrier_0(number: str) -> str:
    return number[1:] if number.startswith("0") and _MOBILE.fullmatch(number[1:]) else number

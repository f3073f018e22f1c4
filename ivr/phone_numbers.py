"""Phone numbers as the customer table writes them: one spelling for each subscriber.

Owns that one spelling. Must not know who has a number.
Rules: Chinese numbering: mobiles 1xxxxxxxxxx, landlines with their area code and its 0; the country code is left out.
"""


def normal_phone(text: str) -> str:
    """`text` in the table's spelling: digits only, without 0086, +86 or 86 before a mobile or an area code; empty when there is no number.

    Spaces, hyphens and parentheses are left out; anything else that is not a digit makes it no number. 13900000001, +86 139-0000-0001,
    008613900000001 and 8613900000001 are the same; so are 02112345678 and +862112345678. A carrier's leading 0 before a mobile goes too.
    """
    kept = "".join(c for c in text.strip() if c not in " -()\t")
    plus, kept = kept.startswith("+"), kept.removeprefix("+")
    if not kept.isascii() or not kept.isdigit() or not 2 <= len(kept) <= 20:
        return ""
    if kept.startswith("0086"):
        kept, plus = kept[2:], True
    if kept.startswith("86") and (plus or (len(kept) == 13 and kept[2] == "1")):
        kept = kept[2:]
        if not (len(kept) == 11 and kept.startswith("1")) and not kept.startswith("0"):
            kept = "0" + kept
    if len(kept) == 12 and kept.startswith("01") and kept[2] != "0":
        kept = kept[1:]
    return kept

"""Whether digits that a caller typed can be right.

Owns the checks that a flow file may ask for. Must not know a flow.
Rules: Luhn, ISO/IEC 7812-1; phone numbers as ivr/phone_numbers.py knows them.
"""

import re

from ivr.phone_numbers import normal_phone

CHECKS = ("luhn", "phone")
MIN_PHONE, MAX_PHONE = 5, 15  # 10010 is a number too; 15: E.164


def is_right(digits: str, least: int, most: int, check: str = "", pattern: str = "") -> bool:
    """Whether there are `least` to `most` digits which pass `check` ("", "luhn", "phone") and are `pattern` from end to end."""
    if not (digits.isascii() and digits.isdigit() and least <= len(digits) <= most):
        return False
    if check == "luhn" and not passes_luhn(digits):
        return False
    if check == "phone" and not (MIN_PHONE <= len(digits) <= MAX_PHONE and normal_phone(digits)):
        return False
    return not pattern or re.fullmatch(pattern, digits, re.ASCII) is not None


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0

"""One spelling for each subscriber, whatever carriers and spreadsheets make of the number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.phone_numbers import normal_phone

SAME = {
    "13900000001": [
        "13900000001",
        "+8613900000001",
        "008613900000001",
        "8613900000001",
        "013900000001",
        "+86 139-0000-0001",
        " (139) 0000 0001 ",
        "86 0 13900000001",
    ],
    "02112345678": ["02112345678", "+862112345678", "862112345678", "+8602112345678", "86021 12345678"],
    "01012345678": ["010-12345678", "+861012345678", "861012345678", "8601012345678"],
    "075512345678": ["0755 1234 5678", "+8675512345678", "8675512345678"],
    "4001234567": ["400-123-4567", "+864001234567", "864001234567"],
    "10010": ["10010", "+8610010"],
    "1001": ["1001"],
    "0014155550100": ["+1 415 555 0100", "0014155550100"],
    "": [
        "",
        "anonymous",
        "unknown",
        "+",
        "1",
        "1390000000a",
        "139\n00000001",
        "13900000001;DROP TABLE customers",
        "${CALLERID(num)}",
        "1" * 21,
        "１３９",
        "\x00",
        "139" * 2000,
    ],
}


@pytest.mark.parametrize(("spelling", "number"), [(s, n) for n, spellings in SAME.items() for s in spellings])
def test_spellings_of_one_number_are_one(spelling: str, number: str) -> None:
    """A customer is found however the carrier writes its number; what is no number finds nobody."""
    assert normal_phone(spelling) == number


@given(st.text(max_size=40))
def test_anything_gives_digits_or_nothing(text: str) -> None:
    """No caller id can reach the database as anything but digits."""
    number = normal_phone(text)
    assert number == "" or (number.isascii() and number.isdigit())


@given(st.from_regex(r"1[3-9][0-9]{9}|0[1-9][0-9]{9,10}|[48]00[0-9]{7}", fullmatch=True))
def test_the_tables_spelling_stays(number: str) -> None:
    """A number that was stored is found again by itself, also with the country code before it."""
    kept = normal_phone(number)
    assert normal_phone(kept) == kept
    assert normal_phone("+86" + kept) == kept
    assert normal_phone("0086" + kept) == kept

"""Cases: their numbers, their deadlines, and who is told about one."""

import pytest

from ivr.case import CaseState, case_number, deadlines_of, may_hear, overdue

NEW_YEAR = 1_767_225_600.0  # 2026-01-01 00:00 UTC
DAY_S = 86_400


@pytest.mark.parametrize(
    ("at", "lot", "number"),
    [
        (NEW_YEAR, 0, "100000000"),
        (NEW_YEAR + 327 * DAY_S, 12345, "132712345"),
        (NEW_YEAR + 327 * DAY_S - 1, 99999, "132699999"),
        (0.0, 7, "100000007"),  # a clock that is wrong
        (NEW_YEAR * 3, 7, "999900007"),
    ],
)
def test_a_number_is_nine_digits_that_begin_with_the_day(at: float, lot: int, number: str) -> None:
    """Short enough to be written down while it is said, and never with a 0 in front."""
    assert case_number(at, lot) == number


def test_a_complaint_is_replied_to_in_an_hour() -> None:
    """One hour, a day for a complaint about service; 48 hours to the answer."""
    assert deadlines_of("complaint") == (3600, 172_800)
    assert deadlines_of("service_complaint") == (86_400, 172_800)
    with pytest.raises(ValueError, match="allowed: complaint, service_complaint"):
        deadlines_of("poem")


@pytest.mark.parametrize(
    ("state", "at", "late"),
    [
        ("open", 10.0, ""),
        ("open", 10.1, "first_reply"),
        ("dispatched", 10.1, ""),
        ("open", 20.1, "answer"),
        ("dispatched", 20.1, "answer"),
        ("handled", 20.1, "answer"),
        ("answered", 20.1, ""),
        ("closed", 99.0, ""),
    ],
)
def test_what_is_late(state: str, at: float, late: str) -> None:
    """First reply by 10, answer by 20: whoever has not been told by then waits too long."""
    assert overdue(CaseState(state), 10.0, 20.0, at) == late


@pytest.mark.parametrize(
    ("phone", "caller", "last_four", "told"),
    [
        ("13900000001", "13900000001", "", True),
        ("13900000001", "13900000002", "", False),
        ("13900000001", "", "0001", True),
        ("13900000001", "13900000002", "0002", False),
        ("13900000001", "", "1", False),
        ("13900000001", "", "", False),
        ("", "", "", False),
        ("", "", "0001", False),
        ("1001", "13900000002", "1001", False),
        ("1001", "1001", "", True),
    ],
)
def test_who_is_told_about_a_case(phone: str, caller: str, last_four: str, told: bool) -> None:
    """The number that opened it, or who knows its last four digits; a withheld number is nobody."""
    assert may_hear(phone, caller, last_four) is told

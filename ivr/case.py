"""A case: what a caller complained of, by when it must be answered, and how far it is.

Owns types, states, deadlines and the form of the number. Must not know where cases are kept nor who handles them.
Rules: domain.md T1 (states), T2 and T3 (deadlines); docs/discussions.md, "Why a case number is nine digits".
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

HOUR_S = 3600
DAY_S = 86_400
FIRST_DAY = 20_454  # 2026-01-01, in days since 1970
DAYS_BEGIN, DAYS_END = 1000, 9999  # four digits, the first is never 0
NUMBERS_A_DAY = 100_000  # five digits


class CaseState(Enum):
    """How far a case is, in order; people at a desk may also set one back."""

    OPEN = "open"  # nobody has it yet
    DISPATCHED = "dispatched"  # somebody works on it
    HANDLED = "handled"  # done, the customer does not know yet
    ANSWERED = "answered"  # the customer was told
    CLOSED = "closed"


class Deadlines(NamedTuple):
    """Seconds from opening to the first reply, and to the answer."""

    first_reply_s: int
    due_s: int


COMPLAINT = "complaint"
TYPES = {
    COMPLAINT: Deadlines(HOUR_S, 48 * HOUR_S),
    "service_complaint": Deadlines(24 * HOUR_S, 48 * HOUR_S),  # about how somebody was served
}


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it was opened. Times are epoch seconds; empty words are not known; `recording` is a file's name."""

    number: str
    phone: str
    type: str
    description: str
    recording: str
    opened_at: float
    first_reply_due_at: float
    due_at: float
    agent: str
    queue: str
    call: str
    language: str


def deadlines_of(type_: str) -> Deadlines:
    """By when a case of that type is answered; raises ValueError for a type that is none."""
    if type_ not in TYPES:
        raise ValueError(f"no type of case {type_[:40]!r} (allowed: {', '.join(TYPES)})")
    return TYPES[type_]


def case_number(at: float, below_hundred_thousand: int) -> str:
    """The number of a case opened at epoch second `at`: four digits that tell the day (UTC), five that tell it from the day's others."""
    day = DAYS_BEGIN + int(at // DAY_S) - FIRST_DAY
    return f"{min(max(day, DAYS_BEGIN), DAYS_END)}{below_hundred_thousand % NUMBERS_A_DAY:05d}"


def overdue(state: CaseState, first_reply_due_at: float, due_at: float, at: float) -> str:
    """What is late at epoch second `at`: "answer", "first_reply" (nobody has taken the case up), or nothing."""
    if state in (CaseState.ANSWERED, CaseState.CLOSED):
        return ""
    if at > due_at:
        return "answer"
    return "first_reply" if state is CaseState.OPEN and at > first_reply_due_at else ""


def may_hear(phone: str, caller: str, last_four: str) -> bool:
    """Whether a caller is told about a case that `phone` opened: from that number, or by its last four digits.

    phone, caller   in the spelling of ivr/phone_numbers.py; empty: withheld, which is nobody
    """
    if not phone:
        return False
    return caller == phone or (len(last_four) == 4 and len(phone) > 4 and phone.endswith(last_four))

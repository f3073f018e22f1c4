"""Cases as callers open them and ask for them: the doors that flows ask.

Owns both doors. Must not know how a caller is asked, nor what people at a desk do.
Rules: domain.md T1, T2; design.md section 4: with the database away a case waits in the store, with the store away it is
written at once; its caller hears a number either way.
"""

import time
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy import Engine

from ivr.adapters.case_numbers import CaseNumbers, random_number
from ivr.adapters.case_rows import case_of, write_case
from ivr.adapters.notes import Notes
from ivr.adapters.plain_text import plain
from ivr.case import COMPLAINT, Case, CaseState, deadlines_of, may_hear
from ivr.look_up import LookedUp
from ivr.phone_numbers import normal_phone
from routing.adapters.redis_clients import StoreAway

OPENED, UNKNOWN = "opened", "unknown"
MOST_DESCRIBED = 2000
log = structlog.get_logger("agi")


class OpenCaseDoor:
    """The door `open_case`: values type (left out: complaint), recording (a file's name or path), description, agent, queue, language;
    outcome OPENED with the value number. `now` gives epoch seconds.
    """

    def __init__(
        self, numbers: CaseNumbers, notes: Notes, engine: Engine, now: Callable[[], float] = time.time
    ) -> None:
        self._numbers, self._notes, self._engine, self._now = numbers, notes, engine, now

    def __call__(self, caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        """Opens a case. Raises ValueError for a type that is none, SQLAlchemy's errors with store and database away: no case is open then."""
        at, phone = self._now(), normal_phone(caller)
        try:
            case = _case_of(self._numbers.take(phone, at), phone, call, values, at)
            self._notes.keep(case)
            number = case.number
        except StoreAway:
            with self._engine.begin() as connection:
                number = write_case(connection, _case_of(random_number(at), phone, call, values, at))
        log.info("case opened", call=call, caller=phone, number=number)
        return LookedUp(OPENED, {"number": number})


class CaseStatusDoor:
    """The door `case_status`: values number, last_four; outcome a word of CaseState, or UNKNOWN."""

    def __init__(self, numbers: CaseNumbers, engine: Engine) -> None:
        self._numbers, self._engine = numbers, engine

    def __call__(self, caller: str, call: str, values: Mapping[str, str]) -> LookedUp:  # noqa: ARG002 - a door's shape
        """How far a case is; UNKNOWN for anyone but the number that opened it, or who knows its last four digits. Raises SQLAlchemy's errors."""
        number, last_four = plain(values.get("number", "")), values.get("last_four", "")
        found = case_of(self._engine, number)
        # Without a row the case may still be on its way from the store.
        phone, state = found if found is not None else (self._numbers.taken_by(number), CaseState.OPEN.value)
        return LookedUp(state if may_hear(phone, normal_phone(caller), last_four) else UNKNOWN, {})


def _case_of(number: str, phone: str, call: str, values: Mapping[str, str], at: float) -> Case:
    type_ = values.get("type", "") or COMPLAINT
    deadlines = deadlines_of(type_)
    return Case(
        number=number,
        phone=phone,
        type=type_,
        description=plain(values.get("description", ""), MOST_DESCRIBED),
        recording=plain(values.get("recording", "")).rpartition("/")[2],
        opened_at=at,
        first_reply_due_at=at + deadlines.first_reply_s,
        due_at=at + deadlines.due_s,
        agent=plain(values.get("agent", "")),
        queue=plain(values.get("queue", "")),
        call=plain(call),
        language=plain(values.get("language", "")),
    )

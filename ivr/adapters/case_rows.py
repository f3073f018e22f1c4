"""Cases and their histories in the database.

Owns these rows. Must not know how a case comes, nor terminals. Rules: domain.md T1; every state is on record with who set it.
All functions raise SQLAlchemy's errors; what changes rows then changes nothing.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, func, insert, select, update

from ivr.adapters.case_numbers import random_number
from ivr.adapters.insert_once import insert_once
from ivr.adapters.service_tables import case_history, cases
from ivr.case import Case, CaseState

CALLER = "caller"  # who opens a case
MOST_TRIES = 50
log = structlog.get_logger("notes")


class NoSuchCase(LookupError):
    """There is no case of that number: `jietong cases` lists them."""


def write_case(connection: Connection, case: Case, another: Callable[[float], str] = random_number) -> str:
    """Writes a case once, however often it comes; returns its number.

    That is another one (logged) when the number was taken by then: the store forgot its marks.
    """
    number = case.number
    for _ in range(MOST_TRIES):
        if insert_once(connection, cases, asdict(case) | {"number": number, "state": CaseState.OPEN.value}):
            _note(connection, number, CaseState.OPEN, CALLER, case.opened_at)
            if number != case.number:
                log.error("a case number was taken, the case has another one", call=case.call, number=number)
            return number
        written = select(cases.c.number).where(cases.c.call == case.call, cases.c.opened_at == case.opened_at)
        if there := connection.scalar(written):
            return str(there)
        number = another(case.opened_at)
    raise ValueError("no free case number")


def case_of(engine: Engine, number: str) -> tuple[str, str] | None:
    """Phone and state of a case; None when there is none."""
    with engine.connect() as connection:
        found = connection.execute(select(cases.c.phone, cases.c.state).where(cases.c.number == number)).first()
        return (found.phone, found.state) if found is not None else None


def all_cases(engine: Engine) -> list[dict[str, Any]]:
    """Every case as its row, with its `history` (at, state, by), the oldest first."""
    with engine.connect() as connection:
        query = select(cases).order_by(cases.c.opened_at, cases.c.number)
        found = {row["number"]: dict(row) | {"history": []} for row in connection.execute(query).mappings()}
        lines = select(case_history).order_by(case_history.c.number, case_history.c.seq)
        for line in connection.execute(lines).mappings():
            if line["number"] in found:  # else opened between the two queries
                found[line["number"]]["history"].append({name: line[name] for name in ("at", "state", "by")})
    return list(found.values())


def set_state(engine: Engine, number: str, state: CaseState, by: str, at: float) -> str:
    """Sets the state of a case, with a line in its history; returns the state before. The same state again changes nothing.

    engine   one that locks when it begins (jietong.database.writing)
    raises   NoSuchCase
    """
    with engine.begin() as connection:
        query = select(cases.c.state).where(cases.c.number == number).with_for_update()
        before = connection.scalar(query)
        if before is None:
            raise NoSuchCase(number)
        if before != state.value:
            connection.execute(update(cases).where(cases.c.number == number).values(state=state.value))
            _note(connection, number, state, by, at)
        return str(before)


def _note(connection: Connection, number: str, state: CaseState, by: str, at: float) -> None:
    last = select(func.max(case_history.c.seq)).where(case_history.c.number == number)
    seq = (connection.scalar(last) or 0) + 1
    row = {"number": number, "seq": seq, "at": at, "state": state.value, "by": by}
    connection.execute(insert(case_history), row)

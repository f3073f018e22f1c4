"""Results of test calls in the database.

Owns writing and reading them. Must not judge. Rules: domain.md H7: a result that is written is never changed.
"""

from typing import Any

from sqlalchemy import Engine, func, insert, select

from probing.adapters.tables import probe_tests
from probing.statistics import ProbeResult
from probing.words import Condition, Reason, Result


def keep(engine: Engine, result: ProbeResult) -> None:
    """Adds one result; raises SQLAlchemy's errors."""
    row = {
        "at": result.at,
        "tester": result.tester,
        "condition": result.condition.value,
        "result": result.result.value,
        "reason": result.reason.value,
        "remark": result.remark,
        "call": result.call,
        "wait_s": result.wait_s,
    }
    with engine.begin() as connection:
        connection.execute(insert(probe_tests), row)


def results_between(engine: Engine, since: float, until: float | None = None) -> list[ProbeResult]:
    """Results from epoch second `since` on, before `until` (None: to the last), the oldest first; raises SQLAlchemy's errors."""
    rows = select(probe_tests).where(probe_tests.c.at >= since).order_by(probe_tests.c.at, probe_tests.c.id)
    if until is not None:
        rows = rows.where(probe_tests.c.at < until)
    with engine.connect() as connection:
        return [_result_of(row) for row in connection.execute(rows).mappings()]


def last_results(engine: Engine) -> dict[Condition, ProbeResult]:
    """The newest result of each condition that has any; raises SQLAlchemy's errors."""
    newest = select(func.max(probe_tests.c.id)).group_by(probe_tests.c.condition)
    with engine.connect() as connection:
        rows = connection.execute(select(probe_tests).where(probe_tests.c.id.in_(newest))).mappings()
        found = [_result_of(row) for row in rows]
    return {result.condition: result for result in found}


def _result_of(row: Any) -> ProbeResult:
    return ProbeResult(
        at=row["at"],
        tester=row["tester"],
        condition=Condition(row["condition"]),
        result=Result(row["result"]),
        reason=Reason(row["reason"]),
        remark=row["remark"],
        call=row["call"],
        wait_s=row["wait_s"],
    )

"""Results of test calls in the database, on SQLite and PostgreSQL: kept as they were told, listed in order, the last ones exported."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from jietong.database import migrate, open_engine
from jietong.processes.metrics import last_probes
from probing.adapters.results import keep, last_results, results_between
from probing.statistics import ProbeResult
from probing.words import Condition, Reason, Result

FAILED = ProbeResult(200.0, "张三", Condition.RANDOM, Result.FAILED, Reason.LATE, "answered after 31.0 s", "c-2", 31.0)
PASSED = ProbeResult(100.0, "probe", Condition.RANDOM, Result.PASSED, Reason.NONE, "", "c-1", 4.0)
OTHER = ProbeResult(150.0, "probe", Condition.OTHER, Result.PASSED, Reason.NONE, "")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database with three results."""
    migrate(database_url)
    opened = open_engine(database_url)
    for result in (PASSED, FAILED, OTHER):
        keep(opened, result)
    yield opened
    opened.dispose()


def test_results_are_listed_as_they_were_kept(engine: Engine) -> None:
    """A supervisor reads date, tester, condition, result and remark, the oldest first, of any span of time."""
    assert results_between(engine, 0) == [PASSED, OTHER, FAILED]
    assert results_between(engine, 120, 200) == [OTHER]
    assert last_results(engine) == {Condition.RANDOM: FAILED, Condition.OTHER: OTHER}


def test_the_last_result_of_each_kind_is_exported(engine: Engine) -> None:
    """An alert sees whether the newest test of a kind passed; one that could not be made did not."""
    keep(engine, ProbeResult(300.0, "probe", Condition.OTHER, Result.NOT_MADE, Reason.NO_TEST_CALLER, "no program"))
    probes = last_probes(engine)
    assert {kind: (probe.is_ok, probe.at) for kind, probe in probes.items()} == {
        "random": (False, 200.0),
        "other": (False, 300.0),
    }

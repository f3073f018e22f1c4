"""Which tests run side by side: live stories and chaos in one process, as they share ports and sites, all others in another.

`make test` starts both; without xdist's `-n 2` everything runs in one process, in order.
"""

import os
import sys

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# No example fails for being slow on a busy machine. CI tries the same examples each time: new ones are looked for by `make check` and `make fuzz`.
hypothesis.settings.register_profile(
    "jietong",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("jietong")

TALKS = ("tests/live/",)


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    """Two lots: who needs the site of the live stories, and all others. (xdist's own groups do nothing with pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        return "talks" if nodeid.startswith(TALKS) else "rest"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Who failed is told at once: the summary comes after half an hour, and not at all from a run that is cut off."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        sys.stderr.write(f"\n{report.outcome.upper()} {report.nodeid} ({report.when})\n")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    """How tests are shared out with `-n 2`."""
    return ByFolder(config, log)

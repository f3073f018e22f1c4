"""Which tests run side by side: live stories and chaos in one process, as they share ports and sites, all others in another.

`make test` starts both; without xdist's `-n 2` everything runs in one process, in order.
"""

import os
from pathlib import Path

import hypothesis
import pytest

# No example fails for being slow on a busy machine. CI tries the same examples each time: new ones are looked for by `make check` and `make fuzz`.
hypothesis.settings.register_profile(
    "jietong",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("jietong")

TALKS = frozenset({"live", "chaos"})  # folders


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test gets the group of its folder."""
    here = Path(__file__).parent
    for item in items:
        is_talk = item.path.relative_to(here).parts[0] in TALKS
        item.add_marker(pytest.mark.xdist_group("talks" if is_talk else "rest"))

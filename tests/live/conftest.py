"""One running hotline for all live stories; each leaves it quiet."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from jietong.processes.customers_import import import_into
from jietong.running import RunningSite
from tests.adapters.up_fixture import jietong_up
from tests.live.hotline import CUSTOMERS, Hotline, write_site

PORT_BASE = os.environ.get("JIETONG_LIVE_PORT_BASE", "28000")  # another one lets two runs go side by side


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder talks to a real Asterisk."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def running_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """`jietong up` with the small site, its VIP customers imported."""
    folder = tmp_path_factory.mktemp("live")
    config = write_site(folder)
    (folder / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    kept = os.environ.get("JIETONG_LIVE_VAR")  # a folder that is looked into afterwards
    var = Path(kept) if kept else None
    with jietong_up("--config", str(config), "--port-base", PORT_BASE, var=var) as up:
        up.wait_ready()
        assert import_into(RunningSite.load(up.var), folder / "customers.csv") == 0
        hotline = Hotline(up.var, folder / "days.toml")
        yield hotline
        hotline.close()


@pytest.fixture
async def hotline(running_hotline: Hotline) -> AsyncIterator[Hotline]:
    """The hotline, quiet before and after."""
    await running_hotline.is_quiet()
    yield running_hotline
    await running_hotline.is_quiet()

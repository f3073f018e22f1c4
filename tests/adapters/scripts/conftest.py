"""The site of this folder's tests, with its customers and agents in either database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from ivr.adapters.customers import Customers
from jietong.database import migrate, open_engine, sqlite_url
from jietong.pins import store_agents
from tests.adapters.scripts.script_site import CUSTOMERS, Site, a_site


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A site's database with three customers and two agents."""
    folder = tmp_path_factory.mktemp("site")
    is_file = request.param == "sqlite"
    url = sqlite_url(folder / "site.db") if is_file else request.getfixturevalue("postgres").new_database()
    migrate(url)
    made = open_engine(url)
    Customers(made).store(CUSTOMERS)
    store_agents(made, {"5001": ("张伟", "4711"), "5002": ("李娜", "0000")}, folder / "pin.key")
    yield made
    made.dispose()


@pytest.fixture
def site(engine: Engine) -> Iterator[Site]:
    """The usual site."""
    with a_site(engine) as made:
        yield made

"""Stories of a hotline whose database is PostgreSQL."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ivr.adapters.customers import Customer, Customers
from jietong.database import migrate, open_engine
from tests.adapters.postgres_server import PASSWORD, PostgresServer, a_postgres
from tests.adapters.up_fixture import jietong_up
from tests.live.conftest import PORT_BASE
from tests.live.hotline import Hotline, write_site


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A database server that nobody else uses."""
    with a_postgres() as running:
        yield running


def a_site(folder: Path, url: str) -> list[str]:
    """The arguments of `jietong up` with a site on that database."""
    config = write_site(folder, f'[database]\nurl = "{url}"\n')
    base = str(int(os.environ.get("JIETONG_LIVE_PORT_BASE", PORT_BASE)) + 200)
    return ["--config", str(config), "--port-base", base]


@pytest.mark.parametrize(
    ("strike", "heal"),
    [(PostgresServer.kill, PostgresServer.start), (PostgresServer.freeze, PostgresServer.thaw)],
    ids=["killed", "stands still"],
)
async def test_the_database_is_gone_during_a_talk(
    server: PostgresServer,
    tmp_path: Path,
    strike: Callable[[PostgresServer], None],
    heal: Callable[[PostgresServer], None],
) -> None:
    """PostgreSQL dies or hangs while a caller talks: the talk goes on, the next VIP is a VIP and is served; both are on record, once, when it is back."""
    url = server.new_database()
    migrate(url)
    engine = open_engine(url)
    Customers(engine).store([Customer(f"1390000000{n}", tier="vip") for n in range(1, 10)])
    engine.dispose()
    with jietong_up(*a_site(tmp_path, url)) as up:
        up.wait_ready()
        hotline = Hotline(up.var, tmp_path / "days.toml")
        async with hotline.agent("1001") as agent, hotline.agent("1901") as vip_agent, hotline.caller() as caller:
            await hotline.asks_for_a_person(caller)
            await agent.talks()
            await hotline.agent_is("1001", "talking")
            strike(server)
            async with hotline.vip() as vip:
                await hotline.asks_for_a_person(vip, "vip")
                await vip_agent.talks()
                await hotline.agent_is("1901", "talking")
                assert not caller.phone.seen("disconnected")
                vip.hang_up()
                caller.hang_up()
                await hotline.agent_is("1001", "ready")
                heal(server)
                records = [await hotline.record_of(one, 30) for one in (caller, vip)]
        assert [(r.outcome.value, r.tier, r.agent) for r in records] == [
            ("answered", "ordinary", "1001"),
            ("answered", "vip", "1901"),
        ]
        assert [len(hotline.records(one.number)) for one in (caller, vip)] == [1, 1]
        hotline.close()
        logs = "".join(file.read_text(encoding="utf-8") for file in (up.var / "logs").glob("*.log"))
        assert PASSWORD not in logs
        assert "database away" in logs or strike is PostgresServer.freeze  # one that hangs says nothing


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda url: url.replace(PASSWORD, "wrong-word"), "password authentication failed"),
        (lambda url: url.rsplit("/", 1)[0] + "/nowhere", 'database "nowhere" does not exist'),
        (lambda url: re.sub(r":\d+/", ":1/", url), "refused"),
    ],
    ids=["wrong password", "no such database", "nobody there"],
)
def test_a_database_that_cannot_be_used(
    server: PostgresServer, tmp_path: Path, change: Callable[[str], str], told: str
) -> None:
    """The operator reads what is wrong with the database before anything starts, without the password."""
    with jietong_up(*a_site(tmp_path, change(server.new_database()))) as up:
        assert up.wait_ended() == 1
    assert told in up.err and "wrong-word" not in up.err and PASSWORD not in up.err
    assert len(up.err.splitlines()) <= 3, up.err

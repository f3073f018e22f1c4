"""`jietong customers import` and the look-up: all or nothing, quick, and one spelling for each subscriber."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import IntegrityError

from ivr.adapters.customers import Customer, Customers
from jietong.database import POSTGRESQL, migrate, open_engine
from jietong.processes.customers_import import import_into
from jietong.running import Ports, RunningSite
from jietong.site import Site

HEADER = "phone,name,tier,class,representative,birth_year,language\n"
GOOD = HEADER + "13900000001,张伟,vip,personal_business,1901,1962,zh-CN\n+8613900000002,,ordinary,,,,\n"


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> RunningSite:
    """A site with two tiers and one seat, its database migrated."""
    config = Site.model_validate(
        {
            "hotline": {"number": "10010"},
            "trunks": [{"name": "carrier", "match": ["127.0.0.1"]}],
            "tiers": {"vip": {"answer_within_s": 10, "goal": 0.95}, "ordinary": {"answer_within_s": 20, "goal": 0.9}},
            "seats": [{"number": "1901"}],
        }
    )
    migrate(database_url)
    return RunningSite(
        var=tmp_path,
        site=config,
        ports=Ports.of(config.network, 24000),
        store_url="unix:///nowhere",
        database_url=database_url,
        ami_user="router",
        ami_secret="x",
        seat_passwords={},
        agent_pins={},
        asterisk_argv=("asterisk",),
        socket_dir=tmp_path,
    )


@pytest.fixture
def engine(site: RunningSite) -> Iterator[Engine]:
    """The site's database."""
    made = open_engine(site.database_url)
    yield made
    made.dispose()


def written(tmp_path: Path, content: str | bytes) -> Path:
    """A file as the operator has it."""
    path = tmp_path / "customers.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_an_import_is_found_by_every_spelling(
    site: RunningSite, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the import the caller is known however the carrier writes its number."""
    assert import_into(site, written(tmp_path, GOOD)) == 0
    assert capsys.readouterr().out == "2 customers imported\n"
    zhang = Customer("13900000001", "张伟", "vip", "personal_business", "1901", 1962, "zh-CN")
    table = Customers(engine)
    assert [table.look_up(n) for n in ("13900000001", "+8613900000001", "013900000001")] == [zhang] * 3
    assert table.look_up("13900000002") == Customer("13900000002", tier="ordinary")
    assert table.look_up("13900000003") is None


@pytest.mark.parametrize("number", ["", "anonymous", "' OR '1'='1", "1" * 5000, "\0", "张三", "\ud800"])
def test_a_hostile_number_is_nobody(site: RunningSite, engine: Engine, tmp_path: Path, number: str) -> None:
    """No caller id finds anyone but its owner."""
    import_into(site, written(tmp_path, GOOD), quiet=True)
    assert Customers(engine).look_up(number) is None


def test_importing_again_replaces(site: RunningSite, engine: Engine, tmp_path: Path) -> None:
    """The new line of a customer counts; others stay."""
    import_into(site, written(tmp_path, GOOD), quiet=True)
    assert import_into(site, written(tmp_path, HEADER + "013900000001,张,ordinary,,,,\n"), quiet=True) == 0
    table = Customers(engine)
    found = table.look_up("13900000001")
    assert found is not None
    assert (found.tier, found.birth_year, table.count()) == ("ordinary", 0, 2)


def test_one_mistake_imports_nothing(
    site: RunningSite, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All mistakes are told, exit code 2, and the table is as before."""
    assert import_into(site, written(tmp_path, GOOD + "x,,gold,,,,\n")) == 2
    assert capsys.readouterr().err.splitlines() == [
        "customers.csv:4: phone: not a phone number (digits, with +86 or without)",
        "customers.csv:4: tier: 'gold' is not one of vip, ordinary",
        "2 mistakes, nothing imported",
    ]
    assert Customers(engine).count() == 0


@pytest.mark.parametrize("what", ["missing", "folder", "no rights"])
def test_a_file_that_cannot_be_read_is_said(
    site: RunningSite, tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's name and the reason, exit code 1."""
    path = {"missing": tmp_path / "no.csv", "folder": tmp_path}.get(what) or written(tmp_path, GOOD)
    if what == "no rights":  # root may read anything, so the system's refusal is put in its place

        def refuse(path: Path) -> bytes:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_bytes", refuse)
    assert import_into(site, path) == 1
    assert capsys.readouterr().err.startswith(f"jietong: {path}: ")


def test_a_database_that_writes_elsewhere_refuses_whole(
    site: RunningSite,
    engine: Engine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While another import holds the database for too long, this one says so and changes nothing."""
    monkeypatch.setattr("jietong.database.BUSY_S", 0.1)
    monkeypatch.setitem(POSTGRESQL, "options", "-c lock_timeout=100")
    with engine.connect() as other:
        held = "LOCK TABLE customers" if engine.dialect.name == "postgresql" else "UPDATE customers SET name = ''"
        other.execute(text(held))
        assert import_into(site, written(tmp_path, GOOD)) == 1
    assert "nothing imported" in capsys.readouterr().err
    assert Customers(engine).count() == 0


def test_a_failure_in_the_middle_leaves_nothing(engine: Engine) -> None:
    """A database that fails after some of the lines has none of them."""
    rows = [Customer(f"1390000{n:04d}", tier="vip") for n in range(1500)]
    rows.append(Customer("13900009999", tier=None))  # type: ignore[arg-type]
    with pytest.raises(IntegrityError, match=r"(?i)not.null") as refused:
        Customers(engine).store(rows)
    assert "13900009999" not in str(refused.value)
    assert Customers(engine).count() == 0


def test_a_large_file_is_imported_and_again(site: RunningSite, engine: Engine, tmp_path: Path) -> None:
    """Thirty thousand customers, in many pieces: each is there once, also after the same file again."""
    lines = "".join(f"1390{n:07d},张伟,vip,personal_business,1901,1962,zh-CN\n" for n in range(30_000))
    path = written(tmp_path, HEADER + lines)
    for _ in range(2):
        assert import_into(site, path, quiet=True) == 0
    table = Customers(engine)
    assert table.count() == 30_000
    assert all(table.look_up(f"1390{n:07d}") for n in range(0, 30_000, 1000))


def test_a_look_up_is_one_indexed_query(engine: Engine) -> None:
    """The database finds a caller by its key, it does not search."""
    seen: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *a: seen.append(a[2:4]) if "BEGIN" not in a[2] else None)
    Customers(engine).look_up("13900000001")
    ((query, values),) = seen
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))  # a table of three rows would be read whole
            plan = connection.exec_driver_sql(f"EXPLAIN {query}", values).all()
        else:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all()
    assert "USING INDEX" in str(plan) or "Index Scan" in str(plan)

"""Subscriptions: a number is told what it has, cancels it once and on record, and never another number's."""

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from typer.testing import CliRunner

from ivr.adapters.service_tables import subscriptions
from ivr.adapters.subscription_rows import product_counts, store_products, store_subscriptions
from ivr.adapters.subscriptions import CancelDoor, SubscriptionsDoor
from ivr.subscription_file import Product, SubscriptionRow
from jietong import cli
from jietong.database import migrate, open_engine
from jietong.prepare import demo_file
from tests.adapters.service_fixture import site_for_commands

NEWS = Product("news", "手机报", "Mobile news", "product-news", 300)
VIDEO = Product("video", "视频会员", "Video membership", "product-video", 1990)
ME, OTHER = "13900000001", "13900000002"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Two products; one number has both, another one of them."""
    migrate(database_url)
    made = open_engine(database_url)
    store_products(made, [NEWS, VIDEO])
    rows = [(ME, "video", "2026-01-01"), (ME, "news", "2026-02-01"), (OTHER, "news", "2026-03-01")]
    assert store_subscriptions(made, [SubscriptionRow(*row) for row in rows]) == 3
    yield made
    made.dispose()


def cancelled(engine: Engine) -> list[tuple[str, str, float, str]]:
    """Number, product, when and call of every cancellation."""
    with engine.connect() as connection:
        columns = subscriptions.c
        found = select(columns.phone, columns.product, columns.cancelled_at, columns.cancelled_by)
        return [tuple(row) for row in connection.execute(found.where(columns.cancelled_at.is_not(None)))]


def cancel(engine: Engine, caller: str, call: str = "1.1", product: str = "news", at: float = 50.0) -> str:
    """Somebody asks for a cancellation; the outcome."""
    return CancelDoor(engine, lambda: at)(caller, call, {"product": product}).outcome


def test_a_caller_is_told_what_the_number_has(engine: Engine) -> None:
    """However the carrier writes the number: each product with its prompt and fee, the oldest first."""
    for spelling in (ME, "+86" + ME, "0" + ME):
        assert SubscriptionsDoor(engine)(spelling, "1.1", {}) == (
            "some",
            {
                "count": "2",
                "item_1_code": "video",
                "item_1_prompt": "product-video",
                "item_1_fee": "1990",
                "item_1_since": "2026-01-01",
                "item_2_code": "news",
                "item_2_prompt": "product-news",
                "item_2_fee": "300",
                "item_2_since": "2026-02-01",
            },
        )


@pytest.mark.parametrize(
    ("caller", "outcome"),
    [("13900000003", "none"), ("", "withheld"), ("anonymous", "withheld"), ("' OR 1=1", "withheld")],
)
def test_whoever_has_nothing_is_told_so(engine: Engine, caller: str, outcome: str) -> None:
    """A number without orders has none; without a number nothing can be asked."""
    found = SubscriptionsDoor(engine)(caller, "1.1", {})
    assert (found.outcome, found.values.get("count", "0")) == (outcome, "0")


def test_nine_can_be_chosen_all_are_counted(engine: Engine) -> None:
    """A number with twelve products hears twelve, and a key for each of the oldest nine."""
    store_products(engine, [Product(f"p{n}", "名", "Name", "product-other", n) for n in range(10)])
    store_subscriptions(engine, [SubscriptionRow(ME, f"p{n}", "2026-05-01") for n in range(10)])
    values = SubscriptionsDoor(engine)(ME, "1.1", {}).values
    assert values["count"] == "12"
    assert [key for key in values if key.endswith("_code")] == [f"item_{n}_code" for n in range(1, 10)]


def test_a_cancellation_is_on_record_with_its_call(engine: Engine) -> None:
    """Who, when, in which call; the caller's other product and the other number's news stay."""
    assert cancel(engine, "+86" + ME) == "cancelled"
    assert cancelled(engine) == [(ME, "news", 50.0, "1.1")]
    assert SubscriptionsDoor(engine)(ME, "1.1", {}).values["item_1_code"] == "video"
    assert SubscriptionsDoor(engine)(OTHER, "1.1", {}).values["count"] == "1"


def test_asking_again_changes_nothing(engine: Engine) -> None:
    """The same call hears that it is done, a later one that it was done already; the record is the first."""
    outcomes = [cancel(engine, ME), cancel(engine, ME, at=60.0), cancel(engine, ME, call="1.2", at=70.0)]
    assert outcomes == ["cancelled", "cancelled", "already"]
    assert cancelled(engine) == [(ME, "news", 50.0, "1.1")]


@pytest.mark.parametrize(
    ("caller", "product", "outcome"),
    [
        (OTHER, "video", "failed"),  # the other number has no video: mine stays
        ("13900000003", "news", "failed"),
        (ME, "gold", "failed"),
        (ME, "", "failed"),
        (ME, "' OR '1'='1", "failed"),
        ("", "news", "withheld"),
        ("anonymous", "news", "withheld"),
    ],
)
def test_nothing_else_is_cancelled(engine: Engine, caller: str, product: str, outcome: str) -> None:
    """Only the caller's own number, and only what it has."""
    assert cancel(engine, caller, product=product) == outcome
    assert cancelled(engine) == []


def test_two_calls_at_once_cancel_once(engine: Engine) -> None:
    """Two phones of one number press the key in the same moment: one is told it is done, the other that it was."""
    outcomes: list[str] = []
    gate = threading.Barrier(4)

    def press(n: int) -> None:
        gate.wait()
        outcomes.append(cancel(engine, ME, call=f"1.{n}"))

    threads = [threading.Thread(target=press, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already"] * 3 + ["cancelled"]


def test_who_orders_again_has_it_again(engine: Engine) -> None:
    """The cancelled order stays on record beside the new one; importing the old line does not revive it."""
    cancel(engine, ME)
    assert store_subscriptions(engine, [SubscriptionRow(ME, "news", "2026-02-01")]) == 0
    assert SubscriptionsDoor(engine)(ME, "1.1", {}).values["count"] == "1"
    assert store_subscriptions(engine, [SubscriptionRow(ME, "news", "2026-11-01")]) == 1
    assert store_subscriptions(engine, [SubscriptionRow(ME, "news", "2026-11-02")]) == 0
    assert SubscriptionsDoor(engine)(ME, "1.1", {}).values["count"] == "2"
    assert [(row.product.code, row.subscribed, row.cancelled) for row in product_counts(engine)] == [
        ("news", 2, 1),
        ("video", 1, 0),
    ]
    assert cancel(engine, ME, call="1.2", at=60.0) == "cancelled"
    assert cancel(engine, ME, call="1.1", at=70.0) == "already"


def test_an_order_of_no_product_is_refused(engine: Engine) -> None:
    """Whatever goes wrong, no row is half there."""
    rows = [SubscriptionRow("13900000009", "video", "2026-01-01"), SubscriptionRow("13900000009", "gold", "2026-01-01")]
    with pytest.raises(IntegrityError):
        store_subscriptions(engine, rows)
    assert SubscriptionsDoor(engine)("13900000009", "1.1", {}).outcome == "none"


def test_an_operator_imports_and_counts(engine: Engine, database_url: str, tmp_path: Path) -> None:
    """The demo's files go in, twice without harm; counts, one number's orders and cancellations are listed, masked."""
    site_for_commands(tmp_path, "unix:///nowhere", database_url)

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli.app, [*words, "--var", str(tmp_path)])
        return done.exit_code, done.stdout

    assert run("products", "import", str(demo_file("products.csv"))) == (0, "6 products imported\n")
    orders = str(demo_file("subscriptions.csv"))
    assert run("subscriptions", "import", orders) == (0, "10 subscriptions imported, 1 were there\n")
    assert run("subscriptions", "import", orders) == (0, "0 subscriptions imported, 11 were there\n")
    cancel(engine, ME, at=1_795_000_000.0)
    assert "news  手机报  Mobile news  3.00 yuan a month  subscribed 2  cancelled 1\n" in run("subscriptions")[1]
    assert json.loads(run("products", "--json")[1])[2]["code"] == "music-box"
    assert run("subscriptions", "--cancelled")[1] == (
        "139****0001  news  since 2026-02-01  cancelled 2026-11-18 19:06:40 in call 1.1\n"
    )
    found = json.loads(run("subscriptions", "--phone", "+86" + ME, "--json", "--full-numbers")[1])
    assert [(row["phone"], row["product"]) for row in found][:2] == [(ME, "video"), (ME, "flow-bag")]


def test_an_import_stands_beside_calls_that_are_written(engine: Engine, database_url: str, tmp_path: Path) -> None:
    """A record that is written while an import counts what was there does not end the import."""
    site_for_commands(tmp_path, "unix:///nowhere", database_url)
    written: list[str] = []

    def another_process(*now: Any) -> None:
        if "count(*)" in now[2] and not written:
            written.append(now[2])
            with contextlib.suppress(OperationalError), engine.begin() as connection:
                if engine.dialect.name == "sqlite":
                    connection.execute(text("PRAGMA busy_timeout = 0"))
                store_beside = text("UPDATE products SET monthly_fee_fen = 1 WHERE code = 'news'")
                connection.execute(store_beside)

    event.listen(Engine, "after_cursor_execute", another_process)
    try:
        orders = ["subscriptions", "import", str(demo_file("subscriptions.csv")), "--var", str(tmp_path)]
        CliRunner().invoke(cli.app, ["products", "import", str(demo_file("products.csv")), "--var", str(tmp_path)])
        assert CliRunner().invoke(cli.app, orders).stdout == "10 subscriptions imported, 1 were there\n"
    finally:
        event.remove(Engine, "after_cursor_execute", another_process)
    assert written


def test_a_wrong_file_imports_nothing(engine: Engine, database_url: str, tmp_path: Path) -> None:
    """The nearest prompt is named, exit code 2; with the database without tables one line says so, exit code 1."""
    site_for_commands(tmp_path, "unix:///nowhere", database_url)
    file = tmp_path / "p.csv"
    file.write_text("code,name_zh,name_en,prompt,monthly_fee_fen\nx,新,New,product-new,1\n", encoding="utf-8")
    words = ["products", "import", str(file), "--var", str(tmp_path)]
    done = CliRunner().invoke(cli.app, words)
    assert (done.exit_code, done.stderr.splitlines()) == (
        2,
        ["p.csv:2: prompt: no prompt 'product-new'; did you mean product-news?", "1 mistake, nothing imported"],
    )
    file.write_text("code,name_zh,name_en,prompt,monthly_fee_fen\nx,新,New,product-news,1\n", encoding="utf-8")
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE subscriptions"))
        connection.execute(text("DROP TABLE products"))
    done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 1
    assert "nothing imported" in done.stderr

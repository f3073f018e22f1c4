"""`jietong products import` and `jietong subscriptions import`: a CSV file into the database, all or nothing.

Owns what is asked of site and database for it. Must not judge a line: ivr/subscription_file.py does.
Rules: docs/guide/self-service.md.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.adapters.subscription_rows import product_codes, store_products, store_subscriptions
from ivr.subscription_file import Product, SubscriptionRow, parse_products, parse_subscriptions
from jietong.database import writing
from jietong.processes.csv_import import import_file
from jietong.processes.site_database import ask_database
from jietong.prompt_words import wrong_prompt_of
from jietong.running import RunningSite


def import_products(var: Path, file: Path) -> int:
    """Imports products into the site of folder `var`; returns 0, 1 (file or database unusable) or 2 (mistakes in the file)."""
    return import_products_into(RunningSite.load(var), file)


def import_subscriptions(var: Path, file: Path) -> int:
    """The same for subscriptions."""
    return import_subscriptions_into(RunningSite.load(var), file)


def import_products_into(site: RunningSite, file: Path, *, quiet: bool = False) -> int:
    """The same for a site at hand; `quiet` says nothing when all went well."""

    def store(rows: list[Product]) -> str:
        ask_database(site, lambda engine: store_products(engine, rows))
        return f"{len(rows)} products imported"

    wrong_prompt: Callable[[str], str] = wrong_prompt_of(site.site)
    return import_file(file, lambda content: parse_products(content, file.name, wrong_prompt), store, quiet=quiet)


def import_subscriptions_into(site: RunningSite, file: Path, *, quiet: bool = False) -> int:
    """The same for a site at hand."""
    today = datetime.now(ZoneInfo(site.site.hotline.timezone)).date()

    def store(rows: list[SubscriptionRow]) -> str:
        new = ask_database(site, lambda engine: store_subscriptions(writing(engine), rows))
        return f"{new} subscriptions imported, {len(rows) - new} were there"

    def parse(content: bytes) -> list[SubscriptionRow]:
        return parse_subscriptions(content, file.name, ask_database(site, product_codes), today)

    return import_file(file, parse, store, quiet=quiet)

"""The operator's CSV files of products and of subscriptions: lines to rows, with every mistake by line.

Owns what a line may hold. Must not read files nor a database.
Rules: domain.md T8; docs/guide/self-service.md (columns).
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from ivr.csv_lines import CsvFileError, csv_lines
from ivr.phone_numbers import normal_phone

PRODUCT_COLUMNS = ("code", "name_zh", "name_en", "prompt", "monthly_fee_fen")
SUBSCRIPTION_COLUMNS = ("phone", "product", "since")
MAX_NAME = 100
MAX_FEE_FEN = 10_000_000
T = TypeVar("T")
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Product:
    """Something ordered by the month. `prompt` says its name, in every language; the fee is in fen."""

    code: str
    name_zh: str
    name_en: str
    prompt: str
    monthly_fee_fen: int


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A number's order of a product, since a date such as 2026-11-24."""

    phone: str
    product: str
    since: str


def parse_products(content: bytes, name: str, wrong_prompt: Callable[[str], str]) -> list[Product]:
    """Every product of a CSV file called `name`.

    wrong_prompt   what is wrong with a prompt's name; empty: nothing
    raises         CsvFileError with all mistakes; then nothing of the file may be used
    """
    mistakes: list[str] = []
    found: dict[str, Product] = {}
    lines: dict[str, int] = {}
    for line, values in csv_lines(content, name, PRODUCT_COLUMNS, mistakes):
        wrong = list(_product_mistakes(values, wrong_prompt))
        code = values["code"]
        if (first := lines.setdefault(code, line)) != line:
            wrong.append(f"code: the same as in line {first}")
        mistakes += [f"{name}:{line}: {mistake}" for mistake in wrong]
        if not wrong:
            found[code] = Product(
                code, values["name_zh"], values["name_en"], values["prompt"], int(values["monthly_fee_fen"])
            )
    return _all_or_nothing(list(found.values()), mistakes, f"{name}: no products in it")


def parse_subscriptions(content: bytes, name: str, codes: Collection[str], today: date) -> list[SubscriptionRow]:
    """Every subscription of a CSV file called `name`.

    codes    products that there are
    today    the latest date of an order
    raises   CsvFileError with all mistakes; then nothing of the file may be used
    """
    mistakes: list[str] = []
    found: list[SubscriptionRow] = []
    lines: dict[tuple[str, str], int] = {}
    for line, values in csv_lines(content, name, SUBSCRIPTION_COLUMNS, mistakes):
        wrong = list(_subscription_mistakes(values, codes, today))
        key = (normal_phone(values["phone"]), values["product"])
        if key[0] and (first := lines.setdefault(key, line)) != line:
            wrong.append(f"phone: the same number and product as in line {first}")
        mistakes += [f"{name}:{line}: {mistake}" for mistake in wrong]
        if not wrong:
            found.append(SubscriptionRow(*key, values["since"]))
    return _all_or_nothing(found, mistakes, f"{name}: no subscriptions in it")


def _all_or_nothing(found: list[T], mistakes: list[str], nothing: str) -> list[T]:
    if not found and not mistakes:
        mistakes.append(nothing)
    if mistakes:
        raise CsvFileError(mistakes)
    return found


def _product_mistakes(values: Mapping[str, str], wrong_prompt: Callable[[str], str]) -> Iterator[str]:
    if not _CODE.fullmatch(values["code"]):
        yield f"code: {values['code'][:40]!r} is not allowed (small letters, digits, - and _, at most 40)"
    for column in ("name_zh", "name_en"):
        if not values[column].isprintable() or not 0 < len(values[column]) <= MAX_NAME:
            yield f"{column}: empty, longer than {MAX_NAME} characters, or with control characters"
    if wrong := wrong_prompt(values["prompt"]):
        yield f"prompt: {wrong}"
    fee = values["monthly_fee_fen"]
    if not re.fullmatch(r"[0-9]{1,8}", fee, re.ASCII) or int(fee) > MAX_FEE_FEN:
        yield f"monthly_fee_fen: {fee[:40]!r} is no number of fen from 0 to {MAX_FEE_FEN} (5 yuan are 500)"


def _subscription_mistakes(values: Mapping[str, str], codes: Collection[str], today: date) -> Iterator[str]:
    """Each mistake of one line. A telephone number is personal: it is never repeated."""
    if not normal_phone(values["phone"]):
        yield "phone: not a phone number (digits, with +86 or without)"
    if values["product"] not in codes:
        yield f"product: {values['product'][:40]!r} is no product (jietong products lists them)"
    since = values["since"]
    try:
        day = date.fromisoformat(since) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", since, re.ASCII) else None
    except ValueError:
        day = None
    if day is None:
        yield f"since: {since[:40]!r} is no date such as 2026-11-24"
    elif day > today:
        yield f"since: {since} is in the future"

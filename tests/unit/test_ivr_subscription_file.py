"""Files of products and subscriptions as operators write them: right ones are read, wrong ones told by line, all at once."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.csv_lines import CsvFileError
from ivr.subscription_file import Product, SubscriptionRow, parse_products, parse_subscriptions

PRODUCTS = "code,name_zh,name_en,prompt,monthly_fee_fen\n"
ORDERS = "phone,product,since\n"
TODAY = date(2026, 11, 24)


def wrong_prompt(name: str) -> str:
    """Only prompts of products are there."""
    return "" if name.startswith("product-") else f"no prompt {name!r}"


def products(text: str) -> list[Product]:
    """The file `p.csv`."""
    return parse_products(text.encode(), "p.csv", wrong_prompt)


def orders(text: str) -> list[SubscriptionRow]:
    """The file `s.csv` of an operator that sells `news` and `video`."""
    return parse_subscriptions(text.encode(), "s.csv", {"news", "video"}, TODAY)


def test_a_product_is_read() -> None:
    """The fee is in fen."""
    assert products(PRODUCTS + "news,手机报,Mobile news,product-news,300\n") == [
        Product("news", "手机报", "Mobile news", "product-news", 300)
    ]


def test_an_order_is_read_in_one_spelling_of_the_number() -> None:
    """The country code is left out, the date stays as it is written."""
    assert orders(ORDERS + "+86 13900000001,news,2026-11-24\n13900000001,video,2024-02-29\n") == [
        SubscriptionRow("13900000001", "news", "2026-11-24"),
        SubscriptionRow("13900000001", "video", "2024-02-29"),
    ]


def test_every_mistake_of_a_product_is_told() -> None:
    """Code, names, prompt and fee, each by its line."""
    with pytest.raises(CsvFileError) as caught:
        products(PRODUCTS + "A b,,x\x07y,welcome,5.00\nnews,新,News,product-news,1\nnews,新,News,product-news,-1\n")
    assert caught.value.mistakes == [
        "p.csv:2: code: 'A b' is not allowed (small letters, digits, - and _, at most 40)",
        "p.csv:2: name_zh: empty, longer than 100 characters, or with control characters",
        "p.csv:2: name_en: empty, longer than 100 characters, or with control characters",
        "p.csv:2: prompt: no prompt 'welcome'",
        "p.csv:2: monthly_fee_fen: '5.00' is no number of fen from 0 to 10000000 (5 yuan are 500)",
        "p.csv:4: monthly_fee_fen: '-1' is no number of fen from 0 to 10000000 (5 yuan are 500)",
        "p.csv:4: code: the same as in line 3",
    ]


def test_every_mistake_of_an_order_is_told_without_its_number() -> None:
    """A wrong number is never repeated on the terminal."""
    text = "x139,gold,yesterday\n13900000001,news,2026-11-25\n013900000001,news,2026-13-01\n"
    with pytest.raises(CsvFileError) as caught:
        orders(ORDERS + text)
    assert caught.value.mistakes == [
        "s.csv:2: phone: not a phone number (digits, with +86 or without)",
        "s.csv:2: product: 'gold' is no product (jietong products lists them)",
        "s.csv:2: since: 'yesterday' is no date such as 2026-11-24",
        "s.csv:3: since: 2026-11-25 is in the future",
        "s.csv:4: since: '2026-13-01' is no date such as 2026-11-24",
        "s.csv:4: phone: the same number and product as in line 3",
    ]


@pytest.mark.parametrize(("header", "read"), [(PRODUCTS, products), (ORDERS, orders)])
def test_an_empty_file_is_a_mistake(header: str, read: object) -> None:
    """Whoever imports a file with nothing but its header took the wrong one."""
    assert callable(read)
    with pytest.raises(CsvFileError, match="in it"):
        read(header)


@given(st.text(max_size=200))
def test_nothing_in_a_file_is_a_crash(text: str) -> None:
    """Whatever a file holds, the answer is rows or mistakes."""
    for header, read in ((PRODUCTS, products), (ORDERS, orders)):
        try:
            read(header + text.encode("utf-8", "replace").decode())
        except CsvFileError as error:
            assert error.mistakes  # noqa: PT017

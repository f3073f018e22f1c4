"""Customers' files as operators and spreadsheets write them: right ones are read, wrong ones told by line, all at once."""

import time
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.csv_lines import CsvFileError
from ivr.customer_file import CLASSES, CustomerRow, parse_customers
from jietong.site import CustomerClass

HEADER = "phone,name,tier,class,representative,birth_year,language"
TIERS = ("vip", "ordinary")
PEOPLE = {"1901", "5001"}


def read(content: str | bytes) -> list[CustomerRow]:
    """The file `c.csv` of a site with two tiers, one seat and one agent, in 2026."""
    raw = content if isinstance(content, bytes) else content.encode()
    return parse_customers(raw, "c.csv", TIERS, PEOPLE, 2026)


def mistakes_of(content: str | bytes) -> list[str]:
    """What the operator is told."""
    with pytest.raises(CsvFileError) as caught:
        read(content)
    return caught.value.mistakes


ZHANG = CustomerRow("13900000001", "张伟", "vip", "personal_business", "1901", 1962, "zh-CN")
LINE = "13900000001,张伟,vip,personal_business,1901,1962,zh-CN"
GOOD = {
    "plain": f"{HEADER}\n{LINE}\n",
    "no end of line": f"{HEADER}\n{LINE}",
    "Windows": f"{HEADER}\r\n{LINE}\r\n",
    "UTF-8 with a mark": b"\xef\xbb\xbf" + f"{HEADER}\n{LINE}\n".encode(),
    "GB18030": f"{HEADER}\n{LINE}\n".encode("gb18030"),
    "blank lines": f"{HEADER}\n\n,,,,,,\n{LINE}\n\n",
    "spaces": f" {HEADER.replace(',', ' , ')}\n {LINE.replace(',', ' , ')}\n",
    "everything quoted": "\n".join(
        ",".join(f'"{w}"' for w in line.split(",")) for line in f"{HEADER}\n{LINE}".split("\n")
    ),
    "other order": "language,phone,name,tier,class,representative,birth_year\nzh-CN,+86 13900000001,张伟,vip,personal_business,1901,1962\n",
}


@pytest.mark.parametrize("title", GOOD)
def test_a_good_file_is_read(title: str) -> None:
    """Whatever program saved it, the customer is the same."""
    assert read(GOOD[title]) == [ZHANG]


def test_what_is_not_known_may_be_left_empty() -> None:
    """Only phone and tier are needed."""
    assert read(f"{HEADER}\n13900000002,,ordinary,,,,\n") == [CustomerRow("13900000002", "", "ordinary", "", "", 0, "")]


def test_a_quoted_name_may_hold_a_comma() -> None:
    """Quotes work as in any spreadsheet."""
    assert read(f'{HEADER}\n13900000002,"Li, ""Na""",vip,,,,en\n')[0].name == 'Li, "Na"'


BAD: dict[str, tuple[str | bytes, list[str]]] = {
    "nothing": ("", ["c.csv:1: missing columns: phone, name, tier, class, representative, birth_year, language"]),
    "only a header": (HEADER, ["c.csv: no customers in it"]),
    "a missing column": ("phone,name,tier,class,representative,birth_year\n", ["c.csv:1: missing columns: language"]),
    "an unknown column": (f"{HEADER},colour\n", ["c.csv:1: unknown columns: 'colour' (allowed: phone,name,tier,class,representative,birth_year,language)"]),
    "a column twice": (f"{HEADER},tier\n", ["c.csv:1: columns given twice: tier"]),
    "too few fields": (f"{HEADER}\n13900000001,x\n{LINE}", ["c.csv:2: 2 fields, the header has 7"]),
    "semicolons": (HEADER.replace(",", ";") + "\n", ["c.csv:1: missing columns: phone, name, tier, class, representative, birth_year, language", "c.csv:1: unknown columns: 'phone;name;tier;class;representative;bir' (allowed: phone,name,tier,class,representative,birth_year,language)"]),
    "no phone": (f"{HEADER}\nabc,,vip,,,,\n", ["c.csv:2: phone: not a phone number (digits, with +86 or without)"]),
    "an unknown tier": (f"{HEADER}\n13900000001,,VIP,,,,\n", ["c.csv:2: tier: 'VIP' is not one of vip, ordinary"]),
    "an unknown class": (f"{HEADER}\n13900000001,,vip,rich,,,\n", ["c.csv:2: class: 'rich' is not one of household, personal_business, large_enterprise, small_enterprise, government, or empty"]),
    "a stranger as representative": (f"{HEADER}\n13900000001,,vip,,9999,,\n", ["c.csv:2: representative: '9999' is no seat or agent of the site, or empty"]),
    "a year to come": (f"{HEADER}\n13900000001,,vip,,,2027,\n", ["c.csv:2: birth_year: '2027' is not a year from 1900 to 2026, or empty"]),
    "a year in words": (f"{HEADER}\n13900000001,,vip,,,１９６２,\n", ["c.csv:2: birth_year: '１９６２' is not a year from 1900 to 2026, or empty"]),
    "an unknown language": (f"{HEADER}\n13900000001,,vip,,,,fr\n", ["c.csv:2: language: 'fr' is not one of zh-CN, en, or empty"]),
    "a name of 4 KB": (f"{HEADER}\n13900000001,{'x' * 4096},vip,,,,\n", ["c.csv:2: name: longer than 100 characters, or with control characters"]),
    "a line break in a name": (f'{HEADER}\n13900000001,"a\nb",vip,,,,\n', ["c.csv:3: name: longer than 100 characters, or with control characters"]),
    "the same number twice, spelt apart": (f"{HEADER}\n{LINE}\n\n+8613900000001,,vip,,,,\n", ["c.csv:4: phone: the same number as in line 2"]),
    "a NUL": (f"{HEADER}\n13900000001,\0,vip,,,,\n", ["c.csv: holds NUL bytes: save it as CSV in UTF-8"]),
    "UTF-16": (f"{HEADER}\n{LINE}".encode("utf-16"), ["c.csv: holds NUL bytes: save it as CSV in UTF-8"]),
    "no text at all": (b"\xff\xff\xff\x80", ["c.csv: neither UTF-8 nor GB18030: save it as CSV in UTF-8"]),
    "an open quote": (f'{HEADER}\n13900000001,"x,vip,,,,\n', ["c.csv:2: not CSV: unexpected end of data"]),
    "a field of 200 KB": (f"{HEADER}\n13900000001,{'x' * 200_000},vip,,,,\n", ["c.csv:2: not CSV: field larger than field limit (131072)"]),
}  # fmt: skip


@pytest.mark.parametrize("title", BAD)
def test_a_mistake_is_told_with_its_line_and_what_is_allowed(title: str) -> None:
    """Each kind of mistake has one clear line."""
    content, expected = BAD[title]
    assert mistakes_of(content) == expected


def test_all_mistakes_are_told_at_once() -> None:
    """An operator corrects a file in one go, not in ten."""
    told = mistakes_of(f"{HEADER}\nx,,gold,rich,1,12,fr\n{LINE}\n{LINE}\n1,2\n")
    assert [mistake.split(": ")[:2] for mistake in told] == [
        ["c.csv:2", "phone"],
        ["c.csv:2", "tier"],
        ["c.csv:2", "class"],
        ["c.csv:2", "representative"],
        ["c.csv:2", "birth_year"],
        ["c.csv:2", "language"],
        ["c.csv:4", "phone"],
        ["c.csv:5", "2 fields, the header has 7"],
    ]


def test_mistakes_repeat_no_number_and_no_name() -> None:
    """Personal data stays in the file."""
    told = " ".join(mistakes_of(f"{HEADER}\n13900000001x,王{'芳' * 200},gold,,,,\n{LINE}\n{LINE}"))
    assert "1390000" not in told
    assert "芳" not in told


@given(st.binary(max_size=500))
def test_any_bytes_are_customers_or_mistakes(content: bytes) -> None:
    """A file that is no CSV at all gives mistakes, not a crash."""
    told: list[str] = []
    rows: list[CustomerRow] = []
    try:
        rows = read(HEADER.encode() + b"\n" + content)
    except CsvFileError as error:
        told = error.mistakes
    assert bool(rows) != bool(told)


def test_ten_times_the_lines_take_ten_times_as_long() -> None:
    """A whole province's list is read while the operator watches: nothing in it grows with the square of its length."""
    spent_s = []
    for count in (5_000, 50_000):
        lines = "\n".join(f"1390{n:07d},张伟,vip,personal_business,1901,1962,zh-CN" for n in range(count))
        began = time.process_time()
        assert len(read(f"{HEADER}\n{lines}\n")) == count
        spent_s.append(time.process_time() - began)
    assert spent_s[1] < 40 * spent_s[0]  # ten times as it is, a hundred times if it were the square


def test_site_file_and_customer_file_know_the_same_classes() -> None:
    """A class that customers can have can be named in the site file, and no other."""
    assert get_args(CustomerClass) == CLASSES

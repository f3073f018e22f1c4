"""The customers' CSV file: lines to customers, with every mistake by line.

Owns what a line may hold. Must not read files nor a database.
Rules: design.md section 5 (columns), domain.md C1 (classes).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ivr.csv_lines import CsvFileError, csv_lines
from ivr.phone_numbers import normal_phone

COLUMNS = ("phone", "name", "tier", "class", "representative", "birth_year", "language")
# 家庭, 个人商务, 大型企业, 中小企业, 政府机关
CLASSES = ("household", "personal_business", "large_enterprise", "small_enterprise", "government")
LANGUAGES = ("zh-CN", "en")
MAX_NAME = 100
FIRST_BIRTH_YEAR = 1900


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One line that is right. Empty words and birth year 0: not known."""

    phone: str
    name: str
    tier: str
    class_: str
    representative: str
    birth_year: int
    language: str


def parse_customers(
    content: bytes, name: str, tiers: Collection[str], people: Collection[str], this_year: int
) -> list[CustomerRow]:
    """Every customer of a CSV file called `name`.

    tiers      words allowed as tier          people     seat and agent numbers allowed as representative
    this_year  the latest birth year
    raises     CsvFileError with all mistakes; then nothing of the file may be used
    """
    mistakes: list[str] = []
    rows: list[CustomerRow] = []
    lines: dict[str, int] = {}
    for line, values in csv_lines(content, name, COLUMNS, mistakes):
        found = list(_row_mistakes(values, tiers, people, this_year))
        phone = normal_phone(values["phone"])
        first = lines.setdefault(phone, line)
        if phone and first != line:
            found.append(f"phone: the same number as in line {first}")
        mistakes += [f"{name}:{line}: {mistake}" for mistake in found]
        if not found:
            rows.append(_row(values, phone))
    if not rows and not mistakes:
        mistakes.append(f"{name}: no customers in it")
    if mistakes:
        raise CsvFileError(mistakes)
    return rows


def _row_mistakes(
    values: dict[str, str], tiers: Collection[str], people: Collection[str], this_year: int
) -> Iterator[str]:
    """Each mistake of one line. Phone numbers and names are personal: they are never repeated."""
    if not normal_phone(values["phone"]):
        yield "phone: not a phone number (digits, with +86 or without)"
    if len(values["name"]) > MAX_NAME or any(ord(c) < 32 or c == "\x7f" for c in values["name"]):
        yield f"name: longer than {MAX_NAME} characters, or with control characters"
    if values["tier"] not in tiers:
        yield f"tier: {values['tier'][:40]!r} is not one of {', '.join(tiers)}"
    if values["class"] and values["class"] not in CLASSES:
        yield f"class: {values['class'][:40]!r} is not one of {', '.join(CLASSES)}, or empty"
    if values["representative"] and values["representative"] not in people:
        yield f"representative: {values['representative'][:40]!r} is no seat or agent of the site, or empty"
    year = values["birth_year"]
    if year and not (re.fullmatch(r"[0-9]{4}", year) and FIRST_BIRTH_YEAR <= int(year) <= this_year):
        yield f"birth_year: {year[:40]!r} is not a year from {FIRST_BIRTH_YEAR} to {this_year}, or empty"
    if values["language"] and values["language"] not in LANGUAGES:
        yield f"language: {values['language'][:40]!r} is not one of {', '.join(LANGUAGES)}, or empty"


def _row(values: dict[str, str], phone: str) -> CustomerRow:
    return CustomerRow(
        phone=phone,
        name=values["name"],
        tier=values["tier"],
        class_=values["class"],
        representative=values["representative"],
        birth_year=int(values["birth_year"] or 0),
        language=values["language"],
    )

"""The customers' CSV file: lines to customers, with every mistake by line.

Owns what a line may hold. Must not read files nor a database.
Rules: design.md section 5 (columns), domain.md C1 (classes).
"""

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ivr.phone_numbers import normal_phone

COLUMNS = ("phone", "name", "tier", "class", "representative", "birth_year", "language")
# 家庭, 个人商务, 大型企业, 中小企业, 政府机关
CLASSES = ("household", "personal_business", "large_enterprise", "small_enterprise", "government")
LANGUAGES = ("zh-CN", "en")
MAX_NAME = 100
BIRTH_YEARS = (1900, 2100)
ENCODINGS = ("utf-8-sig", "gb18030")  # what spreadsheets in China write


class CustomerFileError(Exception):
    """The file was not imported: `mistakes` has every one, with its line."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


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


def parse_customers(content: bytes, name: str, tiers: Collection[str], people: Collection[str]) -> list[CustomerRow]:
    """Every customer of a CSV file called `name`.

    tiers    words allowed as tier          people   seat and agent numbers allowed as representative
    raises   CustomerFileError with all mistakes; then nothing of the file may be used
    """
    text = _decoded(content, name)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    mistakes: list[str] = []
    rows: list[CustomerRow] = []
    seen: dict[str, int] = {}
    try:
        header = [column.strip() for column in next(reader, [])]
        mistakes += _header_mistakes(header, name)
        if mistakes:
            raise CustomerFileError(mistakes)
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            where = f"{name}:{reader.line_num}"
            if len(fields) != len(header):
                mistakes.append(f"{where}: {len(fields)} fields, the header has {len(header)}")
                continue
            values = {column: field.strip() for column, field in zip(header, fields, strict=True)}
            found = [f"{where}: {mistake}" for mistake in _row_mistakes(values, tiers, people)]
            phone = normal_phone(values["phone"])
            if phone and phone in seen:
                found.append(f"{where}: phone: the same number as in line {seen[phone]}")
            seen.setdefault(phone, reader.line_num)
            mistakes += found
            if not found:
                rows.append(_row(values, phone))
    except csv.Error as error:
        mistakes.append(f"{name}:{reader.line_num}: not CSV: {error}")
    if not rows and not mistakes:
        mistakes.append(f"{name}: no customers in it")
    if mistakes:
        raise CustomerFileError(mistakes)
    return rows


def _decoded(content: bytes, name: str) -> str:
    if b"\0" in content:
        raise CustomerFileError([f"{name}: holds NUL bytes: save it as CSV in UTF-8"])
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CustomerFileError([f"{name}: neither UTF-8 nor GB18030: save it as CSV in UTF-8"])


def _header_mistakes(header: list[str], name: str) -> list[str]:
    missing = [column for column in COLUMNS if column not in header]
    unknown = [column for column in header if column not in COLUMNS]
    twice = sorted({column for column in header if header.count(column) > 1})
    mistakes = []
    if missing:
        mistakes.append(f"{name}:1: missing columns: {', '.join(missing)}")
    if unknown:
        shown = ", ".join(repr(column[:40]) for column in unknown[:10])
        mistakes.append(f"{name}:1: unknown columns: {shown} (allowed: {','.join(COLUMNS)})")
    if twice:
        mistakes.append(f"{name}:1: columns given twice: {', '.join(column[:40] for column in twice)}")
    return mistakes


def _row_mistakes(values: dict[str, str], tiers: Collection[str], people: Collection[str]) -> Iterator[str]:
    """Each mistake of one line. Phone numbers and names are personal: they are never repeated."""
    if not normal_phone(values["phone"]):
        yield "phone: not a phone number (digits, with +86 or without)"
    if len(values["name"]) > MAX_NAME or any(ord(c) < 32 for c in values["name"]):
        yield f"name: longer than {MAX_NAME} characters, or with control characters"
    if values["tier"] not in tiers:
        yield f"tier: {values['tier'][:40]!r} is not one of {', '.join(tiers)}"
    if values["class"] and values["class"] not in CLASSES:
        yield f"class: {values['class'][:40]!r} is not one of {', '.join(CLASSES)}, or empty"
    if values["representative"] and values["representative"] not in people:
        yield f"representative: {values['representative'][:40]!r} is no seat or agent of the site, or empty"
    year = values["birth_year"]
    first, last = BIRTH_YEARS
    if year and not (re.fullmatch(r"[0-9]{4}", year) and first <= int(year) <= last):
        yield f"birth_year: {year[:40]!r} is not a year from {first} to {last}, or empty"
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

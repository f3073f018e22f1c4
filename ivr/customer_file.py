"""The customers' CSV file: lines to customers, with every mistake by line.

Owns what a line may hold. Must not read files nor a database.
Rules: design.md section 5 (columns), domain.md C1 (classes).
"""

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr.phone_numbers import normal_phone

if TYPE_CHECKING:
    from _csv import Reader  # the class has no public name

COLUMNS = ("phone", "name", "tier", "class", "representative", "birth_year", "language")
# 家庭, 个人商务, 大型企业, 中小企业, 政府机关
CLASSES = ("household", "personal_business", "large_enterprise", "small_enterprise", "government")
LANGUAGES = ("zh-CN", "en")
MAX_NAME = 100
FIRST_BIRTH_YEAR = 1900
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


def parse_customers(
    content: bytes, name: str, tiers: Collection[str], people: Collection[str], this_year: int
) -> list[CustomerRow]:
    """Every customer of a CSV file called `name`.

    tiers      words allowed as tier          people     seat and agent numbers allowed as representative
    this_year  the latest birth year
    raises     CustomerFileError with all mistakes; then nothing of the file may be used
    """
    reader = csv.reader(io.StringIO(_decoded(content, name), newline=""), strict=True)
    mistakes: list[str] = []
    rows: list[CustomerRow] = []
    lines: dict[str, int] = {}
    try:
        for line, values in _records(reader, name, mistakes):
            found = list(_row_mistakes(values, tiers, people, this_year))
            phone = normal_phone(values["phone"])
            first = lines.setdefault(phone, line)
            if phone and first != line:
                found.append(f"phone: the same number as in line {first}")
            mistakes += [f"{name}:{line}: {mistake}" for mistake in found]
            if not found:
                rows.append(_row(values, phone))
    except csv.Error as error:
        mistakes.append(f"{name}:{reader.line_num}: not CSV: {error}")
    if not rows and not mistakes:
        mistakes.append(f"{name}: no customers in it")
    if mistakes:
        raise CustomerFileError(mistakes)
    return rows


def _records(reader: "Reader", name: str, mistakes: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and values by column of each line that is as long as the header; adds to `mistakes` what is wrong with the others."""
    header = [column.strip() for column in next(reader, [])]
    mistakes += _header_mistakes(header, name)
    if mistakes:
        return
    for fields in reader:
        if not any(field.strip() for field in fields):
            continue
        if len(fields) == len(header):
            yield reader.line_num, {column: field.strip() for column, field in zip(header, fields, strict=True)}
        else:
            mistakes.append(f"{name}:{reader.line_num}: {len(fields)} fields, the header has {len(header)}")


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

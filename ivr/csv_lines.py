"""An operator's CSV file, line by line, with every mistake that needs no knowledge of what stands in it.

Owns encoding, header and length of lines. Must not read files nor judge a value.
Rules: what spreadsheets in China write; all mistakes at once, each with file and line.
"""

import csv
import io
from collections.abc import Iterator, Sequence

ENCODINGS = ("utf-8-sig", "gb18030")  # what spreadsheets in China write


class CsvFileError(Exception):
    """The file was not imported: `mistakes` has every one, with its line."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def csv_lines(
    content: bytes, name: str, columns: Sequence[str], mistakes: list[str], optional: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and values by column of each line of the file called `name` that is as long as its header.

    `columns` must be there, `optional` ones may be.
    Adds to `mistakes` what is wrong with the header and with other lines; blank lines are left out.
    raises   CsvFileError for what is no text
    """
    reader = csv.reader(io.StringIO(_decoded(content, name), newline=""), strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
        mistakes += (wrong := _header_mistakes(header, name, columns, optional))
        if wrong:
            return
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if len(fields) == len(header):
                yield reader.line_num, {column: field.strip() for column, field in zip(header, fields, strict=True)}
            else:
                mistakes.append(f"{name}:{reader.line_num}: {len(fields)} fields, the header has {len(header)}")
    except csv.Error as error:
        mistakes.append(f"{name}:{reader.line_num}: not CSV: {error}")


def _decoded(content: bytes, name: str) -> str:
    if b"\0" in content:
        raise CsvFileError([f"{name}: holds NUL bytes: save it as CSV in UTF-8"])
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CsvFileError([f"{name}: neither UTF-8 nor GB18030: save it as CSV in UTF-8"])


def _header_mistakes(header: list[str], name: str, columns: Sequence[str], optional: Sequence[str]) -> list[str]:
    missing = [column for column in columns if column not in header]
    allowed = (*columns, *optional)
    unknown = [column for column in header if column not in allowed]
    twice = sorted({column for column in header if header.count(column) > 1})
    mistakes = []
    if missing:
        mistakes.append(f"{name}:1: missing columns: {', '.join(missing)}")
    if unknown:
        shown = ", ".join(repr(column[:40]) for column in unknown[:10])
        mistakes.append(f"{name}:1: unknown columns: {shown} (allowed: {','.join(allowed)})")
    if twice:
        mistakes.append(f"{name}:1: columns given twice: {', '.join(column[:40] for column in twice)}")
    return mistakes

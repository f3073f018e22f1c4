"""The hotline's flows as files: the shipped ones, and an operator's own over them.

Owns the way from a folder to flows, with every mistake at its line. Must not know what a flow means: ivr/flow_read.py does.
Rules: docs/flows.md: a file of the same name replaces the shipped one whole.
"""

import tomllib
from pathlib import Path
from typing import Any

import ivr
from ivr.flow import Flow
from ivr.flow_read import read_flow
from jietong.operator_file import Unreadable, read_bytes
from jietong.toml_lines import KeyPath, line_numbers

SHIPPED = Path(ivr.__file__).parent / "flows"
MAX_BYTES = 500_000  # a thousand nodes take a tenth of it


def read_flows(folder: Path | None) -> tuple[dict[str, Flow], list[str]]:
    """The flows of `folder` laid over the shipped ones, and what is wrong with its files: `FILE:LINE: key: text`, in the files' order.

    A file that cannot be read leaves its flow out.
    """
    files = {file.stem: file for file in sorted(SHIPPED.glob("*.toml"))}
    mistakes: list[str] = []
    if folder is not None:
        files |= {file.stem: file for file in sorted(folder.glob("*.toml"))}
    flows: dict[str, Flow] = {}
    for name, file in files.items():
        raw, lines, found = _parsed(file)
        mistakes += found
        if raw is not None:
            read = read_flow(name, raw)
            mistakes += [place(file, lines, mistake.path) + mistake.text for mistake in read.mistakes]
            flows[name] = read.flow
    return flows, mistakes


def lines_of(file: Path) -> dict[KeyPath, int]:
    """On which line each key of a flow file stands; empty when it cannot be read."""
    return _parsed(file)[1]


def place(file: Path, lines: dict[KeyPath, int], path: KeyPath) -> str:
    """`FILE:LINE: key: ` of a mistake; the nearest table when the key itself is missing."""
    found = path
    while found and found not in lines:
        found = found[:-1]
    key = ".".join(str(part) for part in path if isinstance(part, str))
    return f"{file}:{lines.get(found, 1)}: {key + ': ' if key else ''}"


def _parsed(file: Path) -> tuple[dict[str, Any] | None, dict[KeyPath, int], list[str]]:
    try:
        text = read_bytes(file, MAX_BYTES, "flow file").decode("utf-8-sig")
        return tomllib.loads(text), line_numbers(text), []
    except FileNotFoundError:
        return None, {}, [f"{file}: no such file"]
    except Unreadable as error:
        return None, {}, [f"{file}: {error}"]
    except UnicodeDecodeError:
        return None, {}, [f"{file}:1: not UTF-8: save it as UTF-8"]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return None, {}, [f"{file}: not TOML: {error}"]

"""The hotline's flows as files: the shipped ones, and an operator's own over them.

Owns the way from a folder to flows, with every mistake at its line. Must not know what a flow means: ivr/flow_read.py does.
Rules: docs/flows.md: a file of the same name replaces the shipped one whole.
"""

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import ivr
from ivr.flow import Flow
from ivr.flow_check import Surroundings, check_flows
from ivr.flow_read import read_flow
from jietong.operator_file import Unreadable, read_bytes
from jietong.recordings import prompt_names
from jietong.site import ServiceName, Site
from jietong.toml_lines import KeyPath, line_numbers

SHIPPED = Path(ivr.__file__).parent / "flows"
# The parser's words for what operators do most.
IN_OUR_WORDS = {
    "Cannot overwrite a value": "this key stands in the table twice: a key can lead to one place only",
}
MAX_BYTES = 500_000  # a thousand nodes take a tenth of it


def read_flows(folder: Path | None) -> tuple[dict[str, Flow], list[str]]:
    """The flows of `folder` laid over the shipped ones, and what is wrong with its files: `FILE:LINE: key: text`, in the files' order.

    A file that cannot be read leaves its flow out.
    """
    flows, mistakes = _read(_files(folder))
    return flows, [text for found in mistakes.values() for text in found]


def check_folder(folder: Path | None, around: Surroundings) -> list[str]:
    """Everything that is wrong with the flows that callers would meet: `FILE:LINE: key: text`, by file and line.

    Flows as a whole are judged only when each file can be read: a node that is missing for its own mistake would make many more.
    """
    files = _files(folder)
    flows, mistakes = _read(files)
    missing: list[str] = []
    lines: dict[str, dict[KeyPath, int]] = {}
    damaged = frozenset(name for name, found in mistakes.items() if found)
    for name, mistake in check_flows(flows, replace(around, damaged=damaged)):
        if name not in files:
            missing.append(mistake.text)
            continue
        if name not in lines:
            lines[name] = _parsed(files[name])[1]
        mistakes[name].append(_place(files[name], lines[name], mistake.path) + mistake.text)
    return [*missing, *(text for found in mistakes.values() for text in sorted(found, key=_line))]


def surroundings_of(site: Site | None) -> Surroundings:
    """What flows may name in a site; without one, what every site has."""
    prompts = Path(site.prompts.folder) if site is not None and site.prompts.folder is not None else None
    outside = frozenset(site.outside.numbers.values()) if site is not None else None
    return Surroundings(prompt_names(prompts), frozenset(get_args(ServiceName)), outside)


def _read(files: dict[str, Path]) -> tuple[dict[str, Flow], dict[str, list[str]]]:
    """The flows that can be read, and the mistakes of every file by its name."""
    flows: dict[str, Flow] = {}
    mistakes: dict[str, list[str]] = {}
    for name, file in files.items():
        raw, lines, mistakes[name] = _parsed(file)
        if raw is not None:
            read = read_flow(name, raw)
            mistakes[name] += [_place(file, lines, mistake.path) + mistake.text for mistake in read.mistakes]
            flows[name] = read.flow
    return flows, mistakes


def _files(folder: Path | None) -> dict[str, Path]:
    own = sorted(folder.glob("*.toml")) if folder is not None else []
    return {file.stem: file for file in [*sorted(SHIPPED.glob("*.toml")), *own]}


def _line(mistake: str) -> int:
    """The line of a mistake that `_place` began."""
    found = re.search(r"\.toml:(\d+): ", mistake)
    return int(found[1]) if found else 0


def _place(file: Path, lines: dict[KeyPath, int], path: KeyPath) -> str:
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
        found = re.search(r" \(at line (\d+), column \d+\)", str(error))
        line, text = (found[1], str(error)[: found.start()]) if found else ("1", str(error))
        return None, {}, [f"{file}:{line}: not TOML: {IN_OUR_WORDS.get(text, text)}"]

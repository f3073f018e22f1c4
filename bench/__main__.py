"""All benchmarks, one after the other: the short set, or everything onto the page.

Run: python -m bench short | full [--write] [--only NAME,NAME]. Each is a command of its own that can be run alone; a line at the end tells how each ended.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

OUTCOMES = {0: "every limit holds", 1: "a limit does not hold", 2: "NO FIGURE"}
WITHIN_S = 3600


@dataclass(frozen=True)
class Command:
    """A benchmark: its module, its options in each set (None: not in it), and whether it writes the page itself."""

    module: str
    short: str | None
    full: str | None = ""
    writes: bool = True


COMMANDS = (
    Command("router_alone", "--sizes 100,1000,10000 --turns 1000 --rounds 2", "--rounds 2"),
    Command("engine_skills", None, writes=False),
    Command("journal_recovery", "--calls 2000 --rounds 1", "--rounds 2"),
    Command("take_over", None, "--rounds 5"),
    Command("agi_turnaround", None, writes=False),
    Command("agi_pattern", None, "--rounds 2", writes=False),
    Command("menu_step", "--steps 3", writes=False),
    Command("simulation_speed", None, "--rounds 2", writes=False),
    Command("report_month", None, "--rounds 2", writes=False),
    Command("scrape", None, writes=False),
    Command("idle_to_ring", "--seconds 20 --rounds 1", "--sizes 10x30,50x150 --talks 2,20 --seconds 20 --rounds 2"),
    Command("ring_path", None, "--seconds 20 --rounds 2"),
    Command("idle_to_ring", None, "--sizes 200x800 --talks 20 --seconds 8 --rounds 2 --no-music"),
    Command("cost_per_call", "--seconds 10 --rounds 1", "--seconds 20 --rounds 2"),
    Command("asterisk_cpu", None),
    Command("run_queue", None),
    Command("capacity", None, "--first 16"),
    Command("waiting_cost", "--sizes 0,250 --seconds 5 --rounds 1", "--seconds 6 --rounds 2"),
    Command("waiting_cost", None, "--sizes 0,125,250 --seconds 6 --music"),
    Command("no_answer", "--callers 10 --rounds 1"),
    Command("announcement_delay", None, "--seconds 20"),
    Command("head_of_line", "--seconds 5 --rounds 1"),
    Command("starvation", None),
)


def arguments_of(command: Command, name: str, write: bool) -> list[str] | None:
    """The command line in that set; None when it is not in it."""
    options = command.short if name == "short" else command.full
    if options is None:
        return None
    return [
        sys.executable,
        "-m",
        f"bench.{command.module}",
        *options.split(),
        *(["--write"] if write and command.writes else []),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the set; the exit code is the worst of all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("set", choices=("short", "full"))
    parser.add_argument("--write", action="store_true", help="tables, CSV and plots onto docs/benchmarks.md")
    parser.add_argument("--only", default="", help="names of benchmarks, with commas")
    options = parser.parse_args(argv)
    only = set(filter(None, options.only.split(",")))
    unknown = only - {command.module for command in COMMANDS}
    if unknown:
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}: there are {', '.join(dict.fromkeys(c.module for c in COMMANDS))}"
        )
    told: list[tuple[str, int, float]] = []
    for command in COMMANDS:
        line = arguments_of(command, options.set, options.write)
        if line is None or (only and command.module not in only):
            continue
        print(f"\n== {' '.join(line[2:])}", flush=True)
        began = time.monotonic()
        try:
            code = subprocess.run(line, timeout=WITHIN_S, check=False).returncode
        except subprocess.TimeoutExpired:
            code = 2
        told.append((" ".join(line[2:]), code, time.monotonic() - began))
    print("\n== how each ended")
    for name, code, taken_s in told:
        print(f"{taken_s:6.0f} s  {OUTCOMES.get(code, f'failed with exit code {code}'):24s} {name}")
    return max((code if code in OUTCOMES else 2 for _, code, _ in told), default=0)


if __name__ == "__main__":
    sys.exit(main())

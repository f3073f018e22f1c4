"""Strikes a busy hotline many times and writes the table of docs/survival.md.

Run: python -m tests.chaos [--rounds 20] [--only NAME] [--seed N] [--write FILE]. Exit code 0 when nobody noticed anything.
"""

import argparse
import asyncio
import os
import platform
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.blows import BLOWS, Blow
from tests.chaos.page import written
from tests.chaos.site import PORT_BASE, a_struck_site, its_agents
from tests.chaos.storm import AGENTS, CALLERS, HEAD, Outcome, storm
from tests.live.hotline import Hotline


async def strike_all(hotline: Hotline, blows: list[Blow], rounds: int, seed: int) -> list[Outcome]:
    """One blow after the other; a line as soon as each is done."""
    outcomes = []
    print(HEAD, flush=True)
    for number, blow in enumerate(blows):
        async with its_agents(hotline) as agents:
            outcome = await storm(hotline, agents, blow, rounds, random.Random(seed + number))
        outcomes.append(outcome)
        print(outcome.row(), *outcome.trouble, sep="\n", flush=True)
    return outcomes


def table_of(outcomes: list[Outcome], rounds: int) -> str:
    """For the page."""
    told = f"{rounds} rounds of each, {CALLERS} callers, {AGENTS} agents, {os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join([f"{told}:", "", HEAD, *(outcome.row() for outcome in outcomes)])


def main() -> int:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", default="", help="blows whose name holds this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="page whose table is replaced")
    options = parser.parse_args()
    blows = [blow for blow in BLOWS if options.only in f"{blow.name}, {blow.how}"]
    if not blows or options.rounds < 1:
        parser.error("no such blow, or no rounds")
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, a_struck_site(Path(folder), PORT_BASE) as hotline:
        outcomes = asyncio.run(strike_all(hotline, blows, options.rounds, options.seed))
    if options.write:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(written(page, "chaos", table_of(outcomes, options.rounds)), encoding="utf-8")
    return 0 if all(outcome.is_clean for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

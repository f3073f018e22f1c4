"""Writes down what is heard in recordings. Runs in the environment of tests/speech/requirements.txt.

Run: python -m tests.speech.listen PLAN. PLAN holds a JSON line for each recording; a line with `heard`, `wrong` and `units` more is printed for each.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from jietong.prompt_build.hearing import Heard, Listener, hear
from jietong.prompt_build.sound import TELEPHONE_HZ, read_wav
from jietong.prompt_build.weights import fetch_hearing


def main() -> int:
    """Runs from the command line."""
    plan, cache = Path(sys.argv[1]), Path(sys.argv[2])
    cache.mkdir(parents=True, exist_ok=True)
    listener = Listener(fetch_hearing(cache))
    for line in plan.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found = step_by_step(listener, row)
        told = " / ".join(one.heard for one in found)
        wrong, units = sum(one.wrong for one in found), sum(one.units for one in found)
        print(json.dumps({**row, "heard": told, "wrong": wrong, "units": units}), flush=True)
    return 0


def step_by_step(listener: Listener, row: dict[str, Any]) -> list[Heard]:
    """What is understood of each step by itself. Where it ends is known: only inside it are languages told apart by lengths."""
    sound = read_wav(Path(row["file"]))
    ends = [round(over_s * TELEPHONE_HZ) for _, over_s in row["steps"]]
    return [
        hear(listener, piece, parts, row["language"])
        for piece, (parts, _) in zip(np.split(sound, ends[:-1]), row["steps"], strict=True)
    ]


if __name__ == "__main__":
    sys.exit(main())

"""Writes down what is heard in recordings. Runs in the environment of tests/speech/requirements.txt.

Run: python -m tests.speech.listen PLAN. PLAN holds a JSON line for each recording; a line with `heard`, `wrong` and `units` more is printed for each.
"""

import json
import sys
from pathlib import Path

from jietong.prompt_build.hearing import Listener, hear
from jietong.prompt_build.sound import read_wav
from jietong.prompt_build.weights import fetch_hearing


def main() -> int:
    """Runs from the command line."""
    plan, cache = Path(sys.argv[1]), Path(sys.argv[2])
    cache.mkdir(parents=True, exist_ok=True)
    listener = Listener(fetch_hearing(cache))
    for line in plan.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found = hear(listener, read_wav(Path(row["file"])), row["parts"], row["language"])
        print(json.dumps({**row, "heard": found.heard, "wrong": found.wrong, "units": found.units}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

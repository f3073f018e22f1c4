"""Hears every prompt and whole ways through the menus over the telephone, and writes docs/speech.md.

Run: make test-speech, or python -m tests.speech [--keep FOLDER] [--minutes N] [--only NAME] [--from-files] [--write FILE].
Exit code 0 when everything is understood, 1 when something is not, 3 when something is left to listen to.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from math import inf
from pathlib import Path
from typing import Any

from tests.speech.calls import a_site, record_all
from tests.speech.files import put_together
from tests.speech.page import WRONG_SHARE_ALLOWED, is_understood, page_of
from tests.speech.script import batches, ways

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = REPOSITORY / ".venv-speech" / "bin" / "python"
PORT_BASE = "45000"
HEARD = "heard.jsonl"
LEFT_OVER = 3
Row = dict[str, Any]


def main() -> int:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.speech", description=__doc__)
    parser.add_argument("--only", default="", help="prompts and ways whose name holds this")
    parser.add_argument(
        "--keep", type=Path, help="folder that keeps the recordings and what was heard: run again, and it goes on there"
    )
    parser.add_argument("--minutes", type=float, default=inf, help="with --keep: listens so long, then stops")
    parser.add_argument("--from-files", action="store_true", help="the prompts' files, not calls: quick, and no proof")
    parser.add_argument("--write", type=Path, help="page that is written when all was heard")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="speech-") as temporary:
        folder = (asked.keep or Path(temporary)).resolve()
        plan = folder / "plan.jsonl"
        if not plan.exists():
            _record(folder, plan, asked.only, from_files=asked.from_files)
        _listen(folder, asked.minutes)
        rows, left = _heard(folder)
    if asked.write and not left:
        asked.write.write_text(page_of(rows), encoding="utf-8")
    bad = [row for row in rows if not is_understood(row)]
    for row in bad:
        print(f"BAD {row['language']:6}{row['wrong']:3} of {row['units']:3}  {row['name']}: {row['heard']}")
    print(f"{len(rows)} heard, {len(bad)} not understood (more than {WRONG_SHARE_ALLOWED:.0%} wrong), {len(left)} left")
    return LEFT_OVER if left else 1 if bad else 0


def _record(folder: Path, plan: Path, only: str, *, from_files: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [batch for batch in batches() if any(only in name for name in batch.prompts)]
    chosen_ways = [way for way in ways() if only in way.title]
    if from_files:
        recorded = put_together(folder, chosen, chosen_ways)
    else:
        with a_site(folder / "site", os.environ.get("JIETONG_LIVE_PORT_BASE", PORT_BASE)) as site:
            recorded = asyncio.run(record_all(site, folder, chosen, chosen_ways))
    lines = [json.dumps(one.row()) for one in recorded if only in one.name]
    plan.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} recordings", flush=True)


def _listen(folder: Path, minutes: float) -> None:
    """Adds to heard.jsonl what is understood of each recording that is not in it, for so many minutes."""
    until = time.monotonic() + 60 * minutes
    _, left = _heard(folder)
    if not left:
        return
    todo = folder / "todo.jsonl"
    todo.write_text("".join(f"{json.dumps(row)}\n" for row in left), encoding="utf-8")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jietong" / "voice"
    argv = [str(PYTHON), "-m", "tests.speech.listen", str(todo), str(cache)]
    environment = {**os.environ, "PYTHONPATH": "."}
    with (
        (folder / HEARD).open("a", encoding="utf-8") as heard,
        subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=REPOSITORY, env=environment, text=True) as child,
    ):
        assert child.stdout is not None
        for line in child.stdout:
            heard.write(line)
            heard.flush()
            row = json.loads(line)
            word = "ok " if is_understood(row) else "BAD"
            print(
                f"{word} {row['language']:6}{row['wrong']:3} of {row['units']:3}  {row['name']}: {row['heard']}",
                flush=True,
            )
            if time.monotonic() > until:
                child.terminate()
                return
    if child.returncode:
        sys.exit(f"the listener failed ({child.returncode}): see above")


def _heard(folder: Path) -> tuple[list[Row], list[Row]]:
    """What was heard, and what is left, each in the plan's order."""

    def rows(name: str) -> list[Row]:
        path = folder / name
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    known = {row["file"]: row for row in rows(HEARD)}
    planned = rows("plan.jsonl")
    return [known[row["file"]] for row in planned if row["file"] in known], [
        r for r in planned if r["file"] not in known
    ]


if __name__ == "__main__":
    sys.exit(main())

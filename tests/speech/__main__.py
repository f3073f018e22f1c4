"""Hears every prompt and whole ways through the menus over the telephone, and writes docs/speech.md.

Run: make test-speech, or python -m tests.speech [--keep FOLDER] [--only NAME] [--write FILE]. Exit code 0 when everything is understood.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.speech.calls import a_site, record_all
from tests.speech.page import WRONG_SHARE_ALLOWED, is_understood, page_of
from tests.speech.script import Batch, batches, ways

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = REPOSITORY / ".venv-speech" / "bin" / "python"
PORT_BASE = "45000"


def main() -> int:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.speech", description=__doc__)
    parser.add_argument("--only", default="", help="prompts and ways whose name holds this")
    parser.add_argument(
        "--keep", type=Path, help="folder for the recordings; those that are there are listened to again"
    )
    parser.add_argument("--record-only", action="store_true", help="with --keep: listen another time")
    parser.add_argument("--write", type=Path, help="page that is written")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="speech-") as temporary:
        folder = (asked.keep or Path(temporary)).resolve()
        plan = folder / "plan.jsonl"
        if not plan.exists():
            _record(folder, plan, asked.only)
        rows = [] if asked.record_only else _listen(plan)
    if asked.write:
        asked.write.write_text(page_of(rows), encoding="utf-8")
    bad = [row for row in rows if not is_understood(row)]
    print(f"{len(rows)} heard, {len(bad)} not understood (more than {WRONG_SHARE_ALLOWED:.0%} wrong)")
    return 1 if bad else 0


def _record(folder: Path, plan: Path, only: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [
        Batch(batch.digits, batch.language, batch.prompts)
        for batch in batches()
        if any(only in n for n in batch.prompts)
    ]
    with a_site(folder / "site", os.environ.get("JIETONG_LIVE_PORT_BASE", PORT_BASE)) as site:
        recorded = asyncio.run(record_all(site, folder, chosen, [way for way in ways() if only in way.title]))
    lines = [json.dumps(one.row()) for one in recorded if only in one.name]
    plan.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} recordings", flush=True)


def _listen(plan: Path) -> list[dict[str, Any]]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jietong" / "voice"
    argv = [str(PYTHON), "-m", "tests.speech.listen", str(plan), str(cache)]
    rows = []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": "."}) as child:
        assert child.stdout is not None
        for line in child.stdout:
            row = json.loads(line)
            rows.append(row)
            word = "ok " if is_understood(row) else "BAD"
            print(
                f"{word} {row['language']:6}{row['wrong']:3} of {row['units']:3}  {row['name']}: {row['heard']}",
                flush=True,
            )
    if child.returncode:
        sys.exit(f"the listener failed ({child.returncode}): see above")
    return rows


if __name__ == "__main__":
    sys.exit(main())

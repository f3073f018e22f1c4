"""Command of the tool: makes its private environment once, then builds the prompts or listens to them.

    python -m jietong.prompt_build            speaks every prompt and plays the hold music into ivr/prompts/
    python -m jietong.prompt_build --only welcome --only goodbye    speaks these alone, and what is spoken in one list with them
    python -m jietong.prompt_build verify     hears every prompt with a speech recogniser; exit 1 when one is not understood

Owns the private environment. Must import only the standard library before it runs inside that environment.
Rules: everything fetched lies in the user's cache (XDG_CACHE_HOME or ~/.cache, jietong/voice), nothing in the repository.
"""

# ruff: noqa: T201, PLC0415  (a command prints; the other modules need libraries of the private environment)

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

LIBRARIES = Path(__file__).with_name("libraries.txt")
REPOSITORY = Path(__file__).resolve().parents[2]
# Of the syllables or words of one listening, this many may be misheard: the recogniser itself errs on homophones and short words.
WRONG_SHARE_ALLOWED = 0.35


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m jietong.prompt_build", description="Makes the spoken prompts.")
    parser.add_argument("task", nargs="?", choices=("build", "verify"), default="build")
    parser.add_argument(
        "--into", type=Path, help="another folder than ivr/prompts", default=REPOSITORY / "ivr" / "prompts"
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="build or verify this prompt; may be repeated")
    asked = parser.parse_args()
    only = frozenset(asked.only or ())
    folder = _cache_folder()
    if Path(sys.prefix) != folder / "venv":
        return _again_inside(folder)
    try:
        return _build(folder, asked.into, only) if asked.task == "build" else _verify(folder, asked.into, only)
    except (RuntimeError, ValueError) as wrong:
        print(f"prompt_build: {wrong}", file=sys.stderr)
        return 1


def _cache_folder() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = (base / "jietong" / "voice").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _again_inside(folder: Path) -> int:
    """Runs this command again with the tool's own Python, made anew when libraries.txt has changed."""
    if sys.version_info >= (3, 13):
        sys.exit(
            "prompt_build: needs Python 3.11 or 3.12 (the phoneme library allows no newer): run it with python3.12"
        )
    if shutil.which("espeak-ng") is None:
        sys.exit(
            "prompt_build: espeak-ng is not installed: it gives the English phonemes (Debian: apt install espeak-ng)"
        )
    python, stamp = folder / "venv" / "bin" / "python", folder / "venv" / "libraries.sha256"
    wanted = hashlib.sha256(LIBRARIES.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        print("preparing the tool's own environment in", folder / "venv", flush=True)
        venv.create(folder / "venv", clear=True, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(LIBRARIES)], check=True)
        stamp.write_text(wanted)
    search = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
    inside = [str(python), "-m", "jietong.prompt_build", *sys.argv[1:]]
    return subprocess.run(inside, env={**os.environ, "PYTHONPATH": search}, check=False).returncode


def _build(folder: Path, into: Path, only: frozenset[str]) -> int:
    from jietong.prompt_build.speak import build
    from jietong.prompt_build.weights import fetch_voice

    fetch_voice(folder)
    print(sum(1 for _ in build(folder, into, only)), "files written into", into)
    return 0


def _verify(folder: Path, into: Path, only: frozenset[str]) -> int:
    from jietong.prompt_build.hearing import listen
    from jietong.prompt_build.weights import fetch_hearing

    not_understood = 0
    for one in listen(fetch_hearing(folder), into, only):
        bad = one.wrong > WRONG_SHARE_ALLOWED * one.units
        not_understood += bad
        print(
            f"{'BAD ' if bad else 'ok  '}{one.language:6}{one.wrong:3} of {one.units:3} wrong  {one.names}: {one.heard}",
            flush=True,
        )
    print(f"{not_understood} not understood")
    return 1 if not_understood else 0


if __name__ == "__main__":
    sys.exit(main())

"""The house keeps its walls: what pyproject and the locks promise is really so."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE_ROOMS = ("routing", "ivr", "metrics", "planning")
LOCKS = ("requirements.txt", "requirements-dev.txt", "docker/requirements-try.txt")


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_a_room_itself_imports_nothing(room: str) -> None:
    """A room's __init__ holds words, not imports: importing one pure module loads no adapter."""
    text = (ROOT / room / "__init__.py").read_text(encoding="utf-8")
    assert not re.search(r"^\s*(from|import)\s", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place(lock: str) -> None:
    """Every requirement is pinned with hashes, and no index, mirror or folder is written down."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|--find-links|--index|--extra-index|file:| @ |^-e", text)
    pins = re.split(r"\n(?=\S)", text.strip())
    unpinned = [pin.splitlines()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin]
    assert unpinned == []


def test_every_requirement_is_locked() -> None:
    """What the .in files ask for stands in the locks."""
    for lock in LOCKS:
        wanted = (ROOT / lock).with_suffix(".in").read_text(encoding="utf-8").splitlines()
        names = {
            re.split(r"[\[=<>~! ;]", line.split("#")[0].strip())[0].lower()
            for line in wanted
            if not line.startswith("-")
        }
        locked = {
            line.split("==")[0].split("[")[0].lower() for line in (ROOT / lock).read_text(encoding="utf-8").splitlines()
        }
        assert names - {""} <= locked

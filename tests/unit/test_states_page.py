"""The pictures of states in docs/ are those of the tables."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_is_up_to_date() -> None:
    """Who reads docs/states.md sees the transitions that the router really has (else: python docs/make_states.py)."""
    spec = importlib.util.spec_from_file_location("make_states", DOCS / "make_states.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (DOCS / "states.md").read_text(encoding="utf-8") == module.page()

"""The runbook knows everything that can be told to an operator."""

import re
from pathlib import Path

import pytest

from metrics.adapters.health import RUNBOOK, Health, Trouble, anchor_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / RUNBOOK).read_text(encoding="utf-8")
HEADINGS = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
METRICS = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("trouble", Trouble)
def test_whatever_healthz_says_has_a_heading_of_the_same_words(trouble: Trouble) -> None:
    """The operator searches the page for what the screen says, and reads all four things that count."""
    assert HEADINGS.count(trouble.value) == 1
    text = PAGE.partition(f"### {trouble.value}\n")[2].partition("\n#")[0]
    assert [word for word in ("**Callers**", "**See**", "**Do**", "**Over**") if word not in text] == []


def test_healthz_says_nothing_else() -> None:
    """Reasons and warnings are made from that list only."""
    code = (ROOT / "metrics" / "adapters" / "health.py").read_text(encoding="utf-8")
    assert re.findall(r'(?:reasons|warnings)\.append\(f?"(?!\{Trouble\.)', code) == []


def test_healthz_names_the_place() -> None:
    """Figures after the colon are not part of it; a browser jumps there."""
    health = Health((Trouble.NO_WORKER,), (f"{Trouble.METRICS_LATE}: 7 s",))
    assert health.runbook() == (
        "docs/runbook.md#no-agi-worker-listens",
        "docs/runbook.md#metrics-are-behind-the-journal",
    )


def test_every_figure_with_a_heading_exists() -> None:
    """An alert is not written for a metric that nobody serves."""
    named = [heading for heading in HEADINGS if heading.startswith("jietong_")]
    assert [name for name in named if f"`{name}`" not in METRICS] == []
    assert len(named) >= 10


def test_links_inside_the_page_lead_somewhere() -> None:
    """No dead end in the night."""
    places = {anchor_of(heading.replace("`", "").replace(",", "")) for heading in HEADINGS}
    assert [link for link in re.findall(r"\]\(#([^)]+)\)", PAGE) if link not in places] == []

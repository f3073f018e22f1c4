"""The samples in the operator's guide can be copied into a site file."""

import re
import tomllib
from pathlib import Path

import pytest

from jietong.site_file import SiteFileError, site_of

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
MISSING = {
    "hotline": '[hotline]\nnumber = "10010"\n',
    "trunks": '[[trunks]]\nname = "carrier"\nmatch = ["127.0.0.1"]\nhost = "127.0.0.1:5070"\n',
    "tiers": "[tiers.vip]\nanswer_within_s = 10\ngoal = 0.95\n[tiers.ordinary]\nanswer_within_s = 20\ngoal = 0.9\n",
    "seats": '[[seats]]\nnumber = "1001"\n[[seats]]\nnumber = "1901"\ndedicated_to = ["vip"]\n',
}
# agents are shown apart from the queues that need them
OF_ANOTHER_SAMPLE = ("no agent has", "no agent is a supervisor", "no agent serves")
CALENDAR = {"holidays", "working_days", "special_hours"}
BLOCK = re.compile(r"(?:^    .*\n(?:\n(?=    ))?)+", re.MULTILINE)


def samples() -> list[tuple[str, str]]:
    """Every indented block of the guide that is TOML: page, text."""
    found = []
    for page in sorted(GUIDE.glob("*.md")):
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            text = re.sub(r"^    ", "", block, flags=re.MULTILINE)
            if text.startswith("[[queues.overflow]]"):
                text = '[[queues]]\nname = "hotline"\n' + text
            try:
                keys = set(tomllib.loads(text))
            except tomllib.TOMLDecodeError:
                continue
            if keys and not keys & CALENDAR:
                found.append((page.name, text))
    return found


def mistakes_of(text: str, name: str) -> list[str]:
    """What `jietong check` says of a site file."""
    try:
        site_of(text.encode(), name)
    except SiteFileError as error:
        return error.mistakes
    return []


@pytest.mark.parametrize(
    ("page", "text"), samples(), ids=[f"{page} {number}" for number, (page, _) in enumerate(samples())]
)
def test_a_sample_is_a_part_of_a_site_file(page: str, text: str) -> None:
    """An operator copies it, adds what it doesn't show, and `jietong check` finds nothing."""
    keys = tomllib.loads(text)
    whole = text + "\n" + "".join(more for key, more in MISSING.items() if key not in keys)
    assert [line for line in mistakes_of(whole, page) if not any(words in line for words in OF_ANOTHER_SAMPLE)] == []


def test_there_are_samples() -> None:
    """Each page on settings has one at least."""
    assert len({page for page, _ in samples()}) >= 9

"""`jietong hours`: what the guide shows is what it prints, and bad times are told in one line."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from jietong import exit_codes
from jietong.opening_hours import OpeningHours
from jietong.processes import hours
from jietong.running import RunningSite
from jietong.site import Site
from jietong.site_file import site_of

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "calendar.md"
TRUNK = '[[trunks]]\nname = "carrier"\nmatch = ["127.0.0.1"]\n'
BERLIN = ZoneInfo("Europe/Berlin")  # 2026: forward on 29 March at 02:00, back on 25 October at 03:00


def guide_block(after: str) -> str:
    """The first indented block of the guide after a line with these words."""
    rest = GUIDE.read_text(encoding="utf-8").split(after, 1)[1]
    block = re.search(r"(?:^ {4}.*\n|^\n(?= {4}))+", rest, re.MULTILINE)
    assert block is not None
    return re.sub(r"^ {4}", "", block[0], flags=re.MULTILINE).strip("\n")


def guide_site() -> Site:
    """The site that the guide describes."""
    return site_of((guide_block("## Schedules") + "\n" + TRUNK).encode(), "guide")


def test_the_guide_shows_what_the_command_prints() -> None:
    """Command and answer of the guide, with the guide's own schedules."""
    command, *shown = guide_block("`jietong hours` says what counts").splitlines()
    at = re.fullmatch(r'\$ jietong hours --at "(.*)"', command)
    assert at is not None
    site = guide_site()
    opening = OpeningHours(site, lambda: hours.moment_of(at[1], ZoneInfo("Asia/Shanghai")))
    assert hours.lines_of(site, opening, hours.moment_of(at[1], opening.zone)) == shown


TIMES = {
    "2026-10-01 09:00": 1790838000,
    "2026-10-01T09:00+08:00": 1790816400,
    "2026-10-01T01:00Z": 1790816400,
    "2026-10-25 02:30": 1792888200,  # the first of the two
    "2026-10-25T02:30+01:00": 1792891800,
}


@pytest.mark.parametrize("text", TIMES)
def test_times_that_are_asked_for(text: str) -> None:
    """Berlin time, or that of the offset; where the clock shows a time twice the first one counts."""
    assert hours.moment_of(text, BERLIN) == TIMES[text]


BAD_TIMES = {
    "tomorrow": "is no time such as",
    "": "is no time such as",
    "9999-12-31 23:59": "is outside the years 2000 to 2098",
    "0001-01-01T00:00+08:00": "is outside the years 2000 to 2098",
    "2026-03-29 02:30": "does not exist in Europe/Berlin: clocks are put forward past it",
}


@pytest.mark.parametrize("text", BAD_TIMES)
def test_times_that_are_none(text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on stderr, exit code 2."""
    shown = show(monkeypatch, guide_site(), text, "Europe/Berlin")
    told = capsys.readouterr()
    assert (shown, told.out, told.err.count("\n")) == (exit_codes.WRONG_CONFIGURATION, "", 1)
    assert BAD_TIMES[text] in told.err


def show(monkeypatch: pytest.MonkeyPatch, site: Site, at: str, timezone: str = "Asia/Shanghai") -> int:
    """`jietong hours --json` of a running site."""
    hotline = site.hotline.model_copy(update={"timezone": timezone})
    running = SimpleNamespace(site=site.model_copy(update={"hotline": hotline}))
    monkeypatch.setattr(RunningSite, "load", lambda _: running)
    return hours.show_hours(Path(), at, True)


def test_times_in_json_bear_their_offset(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Programs need not know the site's zone."""
    assert show(monkeypatch, guide_site(), "2026-10-01 09:00") == exit_codes.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["hotline"]["changes_at"] == "2026-10-08T08:30:00+08:00"
    assert found["night"] == {"open": True, "closed": None, "holiday": "", "changes_at": None}


def test_a_calendar_file_with_mistakes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command cannot know the dates that are still in force, and says so instead of showing wrong ones."""
    (tmp_path / "days.toml").write_text("[holidays]\n2026-13-01 = 1\n")
    site = guide_site()
    site = site.model_copy(update={"calendar": site.calendar.model_copy(update={"file": str(tmp_path / "days.toml")})})
    assert show(monkeypatch, site, "2026-10-01 09:00") == exit_codes.WRONG_CONFIGURATION
    told = capsys.readouterr()
    assert (
        not told.out and "days.toml:2: holidays.2026-13-01" in told.err and "goes on with the dates before" in told.err
    )

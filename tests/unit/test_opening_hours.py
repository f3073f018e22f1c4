"""The calendar of a site: what the library says, what the operator's file says, and mistakes in either."""

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from ivr.calendar import DayKind
from jietong.calendar_file import NOTHING, Overrides, read_overrides
from jietong.opening_hours import OpeningHours, announced_years, calendar_of, lawful_days
from jietong.site_file import SiteFileError, load_site

SHANGHAI = ZoneInfo("Asia/Shanghai")
HEAD = '[hotline]\nnumber = "10010"\nhours = "office"\n[[trunks]]\nname = "t"\nmatch = ["127.0.0.1"]\n'
OFFICE = '[hours.office]\nworking_days = ["08:30-18:00"]\nweekends = []\nholidays = []\n'

# The State Council's notices (国务院办公厅关于部分节假日安排的通知) for 2024 to 2026: first and last day off of each holiday, weekends that
# it is joined with (与周末连休) among them, and the days worked for them
PUBLISHED = {
    2024: (
        {
            "元旦": ("2023-12-30", "2024-01-01"),
            "春节": ("2024-02-10", "2024-02-17"),
            "清明节": ("2024-04-04", "2024-04-06"),
            "劳动节": ("2024-05-01", "2024-05-05"),
            "端午节": ("2024-06-08", "2024-06-10"),
            "中秋节": ("2024-09-15", "2024-09-17"),
            "国庆节": ("2024-10-01", "2024-10-07"),
        },
        ["02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"],
    ),
    2025: (
        {
            "元旦": ("2025-01-01", "2025-01-01"),
            "春节": ("2025-01-28", "2025-02-04"),
            "清明节": ("2025-04-04", "2025-04-06"),
            "劳动节": ("2025-05-01", "2025-05-05"),
            "端午节": ("2025-05-31", "2025-06-02"),
            "国庆节": ("2025-10-01", "2025-10-08"),  # with 中秋节
        },
        ["01-26", "02-08", "04-27", "09-28", "10-11"],
    ),
    2026: (
        {
            "元旦": ("2026-01-01", "2026-01-03"),
            "春节": ("2026-02-15", "2026-02-23"),
            "清明节": ("2026-04-04", "2026-04-06"),
            "劳动节": ("2026-05-01", "2026-05-05"),
            "端午节": ("2026-06-19", "2026-06-21"),
            "中秋节": ("2026-09-25", "2026-09-27"),
            "国庆节": ("2026-10-01", "2026-10-07"),
        },
        ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
    ),
}


def days_from(first: str, last: str) -> list[date]:
    """Every date from `first` to `last`."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


@pytest.mark.parametrize("year", PUBLISHED)
def test_published_holidays_and_the_days_worked_for_them(year: int) -> None:
    """Each day of each published span, weekends too, is a holiday and no other day is; each day worked for them is a working day."""
    calendar = calendar_of("CN", range(year - 1, year + 2), NOTHING)
    spans, worked = PUBLISHED[year]
    off = {day for span in spans.values() for day in days_from(*span)}
    season = days_from(min(spans.values())[0], f"{year}-12-20")  # then the next year's first weekend may be joined
    assert {day for day in season if calendar.kind_of(day) is DayKind.HOLIDAY} == off
    made_up = {day for day in calendar.working_days if day.year == year}
    assert made_up == {date.fromisoformat(f"{year}-{day}") for day in worked}
    assert {calendar.kind_of(day) for day in made_up} == {DayKind.WORKING_DAY}


def test_weekends_of_a_span_are_named_after_its_holiday() -> None:
    """The Sunday in the middle of the National Day week is National Day; a day in lieu lends its name to no other."""
    calendar = calendar_of("CN", range(2024, 2027), NOTHING)
    named = {day: calendar.holidays[date.fromisoformat(day)] for day in ("2026-10-04", "2024-02-17", "2026-04-04")}
    assert named == {"2026-10-04": "国庆节", "2024-02-17": "春节", "2026-04-04": "清明节"}


def test_a_weekend_of_a_span_that_the_operator_has_worked() -> None:
    """The operator's working day cuts the span, and its own holiday takes no weekend with it."""
    own = Overrides({date(2026, 3, 6): "司庆"}, {date(2026, 10, 4): "值班"}, {})
    calendar = calendar_of("CN", range(2026, 2027), own)
    kinds = [
        calendar.kind_of(date.fromisoformat(f"2026-{day}")) for day in ("10-04", "10-03", "10-05", "03-06", "03-07")
    ]
    assert kinds == [DayKind.WORKING_DAY, DayKind.HOLIDAY, DayKind.HOLIDAY, DayKind.HOLIDAY, DayKind.WEEKEND]


def hours_of(tmp_path: Path, calendar: str = "", now: str = "2026-03-02 10:00", more: str = "") -> OpeningHours:
    """The hours of an office site at Shanghai time `now`."""
    (tmp_path / "site.toml").write_text(HEAD + OFFICE + '[calendar]\nfile = "days.toml"\n' + more, encoding="utf-8")
    (tmp_path / "days.toml").write_bytes(calendar.encode("utf-8", "surrogateescape"))
    at = datetime.fromisoformat(now).replace(tzinfo=SHANGHAI).timestamp()
    return OpeningHours(load_site(tmp_path / "site.toml"), lambda: at)


OWN = '[holidays]\n2026-03-02 = "司庆"\n[working_days]\n2026-03-07 = "调休"\n[special_hours]\n2026-03-03 = ["10:00-11:00"]\n'


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        ("2026-03-02 10:00", False),  # the operator's own holiday
        ("2026-03-03 10:30", True),  # special hours
        ("2026-03-03 12:00", False),
        ("2026-03-04 10:00", True),
        ("2026-03-07 10:00", True),  # a Saturday that the operator has worked
        ("2026-10-01 10:00", False),  # the library's
    ],
)
def test_the_operators_file_comes_first(tmp_path: Path, now: str, is_open: bool) -> None:
    """Dates of the file count before the library's and before the day of the week."""
    assert hours_of(tmp_path, OWN, now).opening("hotline").is_open is is_open


def test_a_changed_file_counts_at_once_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    """An operator who adds a holiday needs no restart; a slip of the pen closes nobody's hotline, and is logged."""
    hours = hours_of(tmp_path, "")
    assert hours.opening("hotline").is_open
    with capture_logs() as logs:
        for number, (text, is_open) in enumerate([(OWN, False), ("[holidays\n", False), ("", True)], 1):
            (tmp_path / "days.toml").write_text(text, encoding="utf-8")
            os.utime(tmp_path / "days.toml", (number, number))
            assert hours.opening("hotline").is_open is is_open
    assert ["mistake" in line for line in logs] == [True]


def test_a_file_that_is_gone_changes_nothing_and_is_said_once(tmp_path: Path) -> None:
    """An editor that moves the file away for a moment closes nobody; back again it counts."""
    hours = hours_of(tmp_path, OWN)
    with capture_logs() as logs:
        assert not hours.opening("hotline").is_open
        (tmp_path / "days.toml").rename(tmp_path / "away")
        assert [hours.opening("hotline").is_open for _ in range(3)] == [False] * 3
        (tmp_path / "days.toml").write_text("")
        assert hours.opening("hotline").is_open
    assert [line["event"] for line in logs] == ["calendar file is not there, the one before stays in force"]


def test_queues_without_hours_are_always_open(tmp_path: Path) -> None:
    """Nothing said: seven days, 24 hours."""
    assert hours_of(tmp_path, now="2026-10-01 03:00").opening("other").is_open


KNOWN = max(announced_years())
LONE = f'[holidays]\n{KNOWN + 1}-01-01 = "元旦"\n'
WHOLE = "[holidays]\n" + "".join(f'{day} = "{name}"\n' for day, name in lawful_days("CN", KNOWN + 1).items())


@pytest.mark.parametrize(
    ("now", "calendar", "missing"),
    [
        (f"{KNOWN - 1}-12-31 10:00", "", None),
        (f"{KNOWN}-10-01 10:00", "", None),  # not announced before November
        (f"{KNOWN}-12-01 10:00", "", KNOWN + 1),
        (f"{KNOWN}-12-01 10:00", LONE, KNOWN + 1),  # one day is no announcement
        (f"{KNOWN}-12-01 10:00", f'[working_days]\n{KNOWN + 1}-01-09 = "调休"\n', KNOWN + 1),
        (f"{KNOWN}-12-01 10:00", WHOLE, None),
        (f"{KNOWN + 1}-03-01 10:00", "", KNOWN + 1),  # New Year's Day did not make it known
        (f"{KNOWN + 1}-03-01 10:00", WHOLE, None),
    ],
)
def test_a_year_that_is_not_known_is_missed(tmp_path: Path, now: str, calendar: str, missing: int | None) -> None:
    """From mid-November on the coming year must be known to the library or stand whole in the operator's file, until it is."""
    assert hours_of(tmp_path, calendar, now).missing_year() == missing


MISTAKES = {
    '[holidays]\n2026-13-01 = "x"\n': "days.toml:2: holidays.2026-13-01: is no date such as 2027-02-06",
    "[holidays]\n2026-03-01 = 3\n": "days.toml:2: holidays.2026-03-01: allowed: a name in quotes",
    '[hollidays]\n2026-03-01 = "x"\n': "days.toml:1: hollidays: unknown table",
    '[special_hours]\n2026-03-01 = ["9-12"]\n': "'9-12' is no span such as 08:30-12:00",
    '[special_hours]\n2026-03-01 = ["09:00-09:00"]\n': "is empty",
    '[special_hours]\n2026-03-01 = ["09:00-12:00", "11:00-13:00"]\n': "spans overlap at 11:00",
    '[special_hours]\n2026-03-01 = ["08:00-12:00", "22:00-09:00"]\n': "runs past midnight into the first one at 08:00",
    '[special_hours]\n2026-03-01 = ["25:00-26:00"]\n': "is no span",
    '[holidays]\n2026-03-01 = "x"\n[working_days]\n2026-03-01 = "y"\n': "days.toml:4: working_days.2026-03-01: is also a holiday",
    "[holidays\n": "days.toml:1: not TOML",
    "\n[holidays]\n2026-03-01 =\n": "days.toml:3: not TOML",
    "[holidays]\n2026-03-01 = '\udcff'\n": "days.toml:2: is not UTF-8 text",
    "#" * 300_000: "site.toml:12: calendar.file: ",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes_in_the_calendar_file(tmp_path: Path, text: str) -> None:
    """`jietong check` names file, line and what is allowed."""
    with pytest.raises(SiteFileError) as refused:
        hours_of(tmp_path, text)
    assert len(refused.value.mistakes) == 1 and MISTAKES[text] in refused.value.mistakes[0]


NO_FILES = {
    "/dev/zero": "/dev/zero is no regular file",
    ".": "is a folder",
    "fifo": "is no regular file",
    "huge": "is larger than 200 kB",
    "gone.toml": "cannot be read: No such file",
    "a\\u0000b": "cannot be read: embedded null byte",
}


@pytest.mark.parametrize("file", NO_FILES)
def test_what_is_no_calendar_file(tmp_path: Path, file: str) -> None:
    """A device, a folder, a pipe nobody writes to, gigabytes: one message with the line that names it, at once."""
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(50_000_000_000)
    (tmp_path / "site.toml").write_text(HEAD + OFFICE + f'[calendar]\nfile = "{file}"\n')
    with pytest.raises(SiteFileError) as refused:
        load_site(tmp_path / "site.toml")
    (mistake,) = refused.value.mistakes
    assert mistake.startswith(f"{tmp_path / 'site.toml'}:12: calendar.file: ") and NO_FILES[file] in mistake


def test_mistakes_of_both_files_come_together(tmp_path: Path) -> None:
    """A slip in the site file does not hide those of the calendar file; a file that is not there is said."""
    (tmp_path / "site.toml").write_text(
        HEAD.replace('"office"', '"offices"') + OFFICE + '[calendar]\nfile = "gone.toml"\n'
    )
    with pytest.raises(SiteFileError) as refused:
        load_site(tmp_path / "site.toml")
    assert len(refused.value.mistakes) == 2
    assert (
        "did you mean office?" in refused.value.mistakes[0] and "gone.toml cannot be read" in refused.value.mistakes[1]
    )


@pytest.mark.parametrize(
    ("more", "mistake"),
    [
        ('[hours.night]\nweekends = ["22:00-22:00"]\n', "hours.night.weekends"),
        ("[hours.night]\nmondays = []\n", "hours.night.mondays: unknown key"),
        ('[hours.night]\nthen_queue = "nights"\n', "no queue 'nights'"),
        ('[hours.night]\nthen = "voicemail"\nthen_queue = "hotline"\n', "hours.night.then: beside then_queue"),
        ('[hours.night]\nthen_queue = "a"\n[[queues]]\nname = "a"\nhours = "night"\n', "has these hours itself"),
        ('[hours.night]\nthen = "voicemal"\n', "did you mean voicemail?"),
        ('[[queues]]\nname = "a"\nhours = "offfice"\n', "did you mean office?"),
        ("[hours.night]\nworking_days = [3]\n", "hours.night.working_days"),
    ],
)
def test_mistakes_in_schedules(tmp_path: Path, more: str, mistake: str) -> None:
    """Unknown schedules and queues, empty spans, unknown keys: refused with the place."""
    with pytest.raises(SiteFileError) as refused:
        hours_of(tmp_path, "", more=more)
    assert len(refused.value.mistakes) == 1 and mistake in refused.value.mistakes[0], refused.value.mistakes
    assert overrides_are_nothing(tmp_path)


def overrides_are_nothing(tmp_path: Path) -> bool:
    """The empty calendar file is read without a mistake."""
    return read_overrides(tmp_path / "days.toml") == (NOTHING, [])

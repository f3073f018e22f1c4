"""Mandarin for numbers, money, dates and times, as rows of prompt names.

Owns the grammar. Must not read text nor know sounds.
Rules: school grammar of numerals: 万 and 亿 as units, one 零 for a gap, 一十 behind a greater figure. 两 stands before a unit of
measure, and before 百 千 万 亿 at the head of a number, 二 behind it (两百二十二, 两万二千): both are heard, this is the usual way.
"""

from datetime import date

from ivr.part_of_day import part_of_day

Prompts = tuple[str, ...]

_SECTION = 10_000
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


def plain_digit(digit: str) -> str:
    """A digit by itself."""
    return f"digit-{digit}"


def number_digit(digit: str) -> str:
    """A digit of a telephone, agent or case number: 1 is 幺, as 一 and 七 are mistaken for each other on a line."""
    return "digit-1-yao" if digit == "1" else f"digit-{digit}"


def whole(count: int) -> Prompts:
    """0 to 999 999 999 999, in sections of four digits: 一亿零二十万零三百."""
    if count == 0:
        return ("n-00",)
    said: list[str] = []
    is_gap = False
    for section, unit in (
        (count // _SECTION**2, "unit-yi"),
        (count // _SECTION % _SECTION, "unit-wan"),
        (count % _SECTION, ""),
    ):
        if section == 0:
            is_gap = bool(said)
            continue
        if said and (is_gap or section < _SECTION // 10):
            said.append("word-and")
        said += ("n-02-liang",) if section == 2 and unit and not said else _section(section, is_head=not said)
        said += (unit,) if unit else ()
        is_gap = False
    return tuple(said)


def _section(section: int, is_head: bool) -> list[str]:
    """One to 9999; at the head of the number 两 is said for the first figure, and 十 without 一."""
    thousands, below_thousand = divmod(section, 1000)
    hundreds, below_hundred = divmod(below_thousand, 100)
    said: list[str] = []
    for unit, figure, below, gap_below in (
        ("thousand", thousands, below_thousand, 100),
        ("hundred", hundreds, below_hundred, 10),
    ):
        if figure:
            liang = "-liang" if figure == 2 and is_head and not said else ""
            said.append(f"{unit}-{figure}{liang}{'-and' if 0 < below < gap_below else ''}")
    if below_hundred:
        is_inside = 10 <= below_hundred < 20 and (said or not is_head)
        said.append(f"n-{below_hundred:02}{'-inside' if is_inside else ''}")
    return said


def counted(count: int) -> Prompts:
    """A number before a unit of measure: 两项, 十二项, 一百零二项."""
    return ("n-02-liang",) if count == 2 else whole(count)


def _counted(count: int, unit: str) -> Prompts:
    return (*counted(count), unit)


def amount(yuan: int, fen: int) -> Prompts:
    """Yuan, jiao and fen: 一百二十三元四角五分, 一元零五分, 五角."""
    jiao, rest = divmod(fen, 10)
    said: Prompts = _counted(yuan, "unit-yuan") if yuan or not fen else ()
    if jiao:
        said += _counted(jiao, "unit-jiao")
    if rest:
        said += ("word-and",) if yuan and not jiao else ()
        said += _counted(rest, "unit-fen")
    return said


def calendar_day(day: date) -> Prompts:
    """The year digit by digit, month and day: 二零二六年十一月二十三日."""
    return (
        *(f"digit-{digit}" for digit in str(day.year)),
        "unit-year",
        f"month-{day.month:02}",
        f"day-{day.day:02}",
    )


def time_of_day(hour: int, minute: int) -> Prompts:
    """Part of the day and a clock of twelve hours: 下午两点三十分, 上午九点零五分, 凌晨零点."""
    said = (part_of_day(hour), *_counted(hour if hour <= 12 else hour - 12, "unit-clock"))
    if minute:
        said += ("word-and",) if minute < 10 else ()
        said += (f"n-{minute:02}", "unit-fen")
    return said


def length(seconds: int) -> Prompts:
    """Days, hours, minutes and seconds that are not none: 两分钟, 一小时零五分钟, 两分零五秒. 零 stands for what is left out, and before few."""
    days, hours = seconds // _DAY_S, seconds % _DAY_S // _HOUR_S
    minutes, rest = seconds % _HOUR_S // _MINUTE_S, seconds % _MINUTE_S
    said: Prompts = _counted(days, "unit-days") if days else ()
    if hours:
        said += _counted(hours, "unit-hours")
    if minutes:
        said += ("word-and",) if said and (minutes < 10 or not hours) else ()
        said += _counted(minutes, "unit-fen" if rest else "unit-minutes")
    if rest or not seconds:
        said += ("word-and",) if said and (rest < 10 or not minutes) else ()
        said += _counted(rest, "unit-seconds")
    return said

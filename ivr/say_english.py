"""English for numbers, money, dates and times, as rows of prompt names.

Owns the grammar. Must not read text nor know sounds.
Rules: "and" before what is below a hundred, the clock of twelve hours, dates as "November twenty-third", years in pairs.
"""

from datetime import date

from ivr.part_of_day import part_of_day

Prompts = tuple[str, ...]

_THOUSAND = 1000
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


def plain_digit(digit: str) -> str:
    """A digit by itself."""
    return f"digit-{digit}"


number_digit = plain_digit


def whole(count: int) -> Prompts:
    """0 to 999 999 999 999: "one million two hundred thousand and five"."""
    if count < 100:
        return (f"n-{count:02}",)
    said: Prompts = ()
    for worth, unit in ((_THOUSAND**3, "unit-billion"), (_THOUSAND**2, "unit-million")):
        if group := count // worth % _THOUSAND:
            said += (*_below_thousand(group), unit)
    thousands, below = count // _THOUSAND % _THOUSAND, count % _THOUSAND
    needs_and = 0 < below < 100
    if 0 < thousands < 10:
        return (*said, f"thousand-{thousands}{'-and' if needs_and else ''}", *_below_thousand(below))
    if thousands:
        said += (*_below_thousand(thousands), "unit-thousand")
    return (*said, *(("word-and",) if needs_and and said else ()), *_below_thousand(below))


counted = whole


def _below_thousand(count: int) -> Prompts:
    hundreds, below = divmod(count, 100)
    said = (f"hundred-{hundreds}{'-and' if below else ''}",) if hundreds else ()
    return (*said, f"n-{below:02}") if below else said


def amount(yuan: int, fen: int) -> Prompts:
    """Yuan and fen: "one hundred yuan and forty-five fen", "fifty fen", "zero yuan"."""
    said: Prompts = (*whole(yuan), "unit-yuan") if yuan or not fen else ()
    if fen:
        said += ("word-and",) if yuan else ()
        said += (*whole(fen), "unit-fen")
    return said


def calendar_day(day: date) -> Prompts:
    """Month, day as an ordinal, year: "November twenty-third, twenty twenty-six"."""
    return (f"month-{day.month:02}", f"day-{day.day:02}", *_year(day.year))


def _year(year: int) -> Prompts:
    """In pairs, but "two thousand and five", "nineteen hundred" and "nineteen oh five"."""
    century, below = divmod(year, 100)
    if century % 10 == 0 and below < 10:
        return whole(year)
    if below == 0:
        return (f"n-{century:02}", "unit-hundred")
    return (f"n-{century:02}", *(("word-oh",) if below < 10 else ()), f"n-{below:02}")


def time_of_day(hour: int, minute: int) -> Prompts:
    """The clock of twelve hours: "two thirty in the afternoon", "nine oh five in the morning", "twelve at night"."""
    said: Prompts = (f"n-{(hour - 1) % 12 + 1:02}",)
    if minute:
        said += ("word-oh",) if minute < 10 else ()
        said += (f"n-{minute:02}",)
    return (*said, part_of_day(hour))


def length(seconds: int) -> Prompts:
    """Days, hours, minutes and seconds that are not none, "and" before the last: "one hour and five minutes"."""
    counts = (
        (seconds // _DAY_S, "unit-day"),
        (seconds % _DAY_S // _HOUR_S, "unit-hour"),
        (seconds % _HOUR_S // _MINUTE_S, "unit-minute"),
        (seconds % _MINUTE_S, "unit-second"),
    )
    parts = [(*whole(count), unit if count == 1 else f"{unit}s") for count, unit in counts if count]
    if not parts:
        return ("n-00", "unit-seconds")
    last = ("word-and", *parts[-1]) if len(parts) > 1 else parts[-1]
    return tuple(name for part in (*parts[:-1], last) for name in part)

"""Numbers, money, dates and times as callers hear them, in Mandarin and English."""

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.say import KINDS, LARGEST, phone_groups, prompts_for
from jietong.prompt_build.texts import read_prompts

TEXTS = {prompt.name: prompt.texts for prompt in read_prompts()}


def said(kind: str, value: str, language: str) -> str:
    """What the caller hears, as text; a pause is a stroke."""
    words = [TEXTS[name].get(language, "|") for name in prompts_for(kind, value, language)]
    return ("" if language == "zh-CN" else " ").join(words)


MANDARIN = """
number   0             零
number   2             二
number   10            十
number   12            十二
number   20            二十
number   22            二十二
number   100           一百
number   101           一百零一
number   110           一百一十
number   112           一百一十二
number   120           一百二十
number   200           两百
number   202           两百零二
number   210           两百一十
number   222           两百二十二
number   999           九百九十九
number   1000          一千
number   1001          一千零一
number   1010          一千零一十
number   1100          一千一百
number   1205          一千二百零五
number   2000          两千
number   2002          两千零二
number   2020          两千零二十
number   2200          两千二百
number   2222          两千二百二十二
number   10000         一万
number   10001         一万零一
number   10010         一万零一十
number   10100         一万零一百
number   11000         一万一千
number   12345         一万二千三百四十五
number   20000         两万
number   22000         两万二千
number   22222         两万二千二百二十二
number   100000        十万
number   101000        十万一千
number   110000        十一万
number   120015        十二万零一十五
number   200000        二十万
number   1000000       一百万
number   1020000       一百零二万
number   2000000       两百万
number   10000000      一千万
number   20000002      两千万零二
number   100000000     一亿
number   100000001     一亿零一
number   100020000     一亿零二万
number   100120000     一亿零一十二万
number   110000000     一亿一千万
number   200000000     两亿
number   200020000     两亿零二万
number   1002003004    十亿零二百万三千零四
number   999999999999  九千九百九十九亿九千九百九十九万九千九百九十九
number   -5            负五
number   -2000         负两千
number   007           七
count    2             两
count    12            十二
count    102           一百零二
count    200           两百
digits   2101          二一零一
agent    1001          幺零零幺
agent    8            八
phone    13812345678   幺三八|幺二三四|五六七八
phone    01012345678   零幺零|幺二三四|五六七八
phone    075512345678  零七五五|幺二三四|五六七八
phone    4008100000    四零零|八幺零|零零零零
phone    65551234      六五五五|幺二三四
phone    10010         幺零零幺零
phone    +8613812345678  幺三八|幺二三四|五六七八
phone    +85221234567  八五二|二幺二三|四五六七
case     20261124-0007 二零二六|幺幺二四|零零零七
case     17            幺七
money    0             零元
money    1             一分
money    2             两分
money    10            一角
money    20            两角
money    25            两角五分
money    50            五角
money    100           一元
money    105           一元零五分
money    200           两元
money    202           两元零两分
money    220           两元两角
money    250           两元五角
money    1000          十元
money    1200          十二元
money    2000          二十元
money    10200         一百零二元
money    12345         一百二十三元四角五分
money    20000         两百元
money    1000000       一万元
money    -1999         负十九元九角九分
date     2026-11-23    二零二六年十一月二十三日
date     2026-01-01    二零二六年一月一日
date     2020-02-29    二零二零年二月二十九日
date     1998-10-10    一九九八年十月十日
weekday  2026-11-23    星期一
weekday  2026-11-29    星期日
time     00:00         凌晨零点
time     00:05         凌晨零点零五分
time     02:00         凌晨两点
time     05:59         凌晨五点五十九分
time     06:00         早上六点
time     09:05         上午九点零五分
time     09:30         上午九点三十分
time     12:00         中午十二点
time     12:02         中午十二点零二分
time     14:30         下午两点三十分
time     18:00         晚上六点
time     23:59:59      晚上十一点五十九分
duration 0             零秒
duration 1             一秒
duration 2             两秒
duration 59            五十九秒
duration 60            一分钟
duration 120           两分钟
duration 125           两分零五秒
duration 150           两分三十秒
duration 3600          一小时
duration 3605          一小时零五秒
duration 3630          一小时零三十秒
duration 3900          一小时零五分钟
duration 7200          两小时
duration 7320          两小时零两分钟
duration 5400          一小时三十分钟
duration 86400         一天
duration 93600         一天两小时
duration 88200         一天零三十分钟
"""

ENGLISH = """
number   0             zero
number   2             two
number   13            thirteen
number   20            twenty
number   42            forty-two
number   100           one hundred
number   101           one hundred and one
number   115           one hundred and fifteen
number   999           nine hundred and ninety-nine
number   1000          one thousand
number   1001          one thousand and one
number   1100          one thousand one hundred
number   2222          two thousand two hundred and twenty-two
number   10000         ten thousand
number   10010         ten thousand and ten
number   12345         twelve thousand three hundred and forty-five
number   100000        one hundred thousand
number   120015        one hundred and twenty thousand and fifteen
number   1000000       one million
number   1000005       one million and five
number   1000100       one million one hundred
number   1001000       one million one thousand
number   1001001       one million one thousand and one
number   2000000000    two billion
number   -7            minus seven
count    2             two
agent    1001          one zero zero one
digits   21            two one
phone    13812345678   one three eight | one two three four | five six seven eight
money    0             zero yuan
money    1             one fen
money    50            fifty fen
money    100           one yuan
money    105           one yuan and five fen
money    12345         one hundred and twenty-three yuan and forty-five fen
money    -1999         minus nineteen yuan and ninety-nine fen
date     2026-11-23    November twenty-third twenty twenty-six
date     2005-03-01    March first two thousand and five
date     2000-12-31    December thirty-first two thousand
date     1900-01-12    January twelfth nineteen hundred
date     1905-05-05    May fifth nineteen oh five
weekday  2026-11-24    Tuesday
time     00:00         twelve at night
time     09:05         nine oh five in the morning
time     12:00         twelve in the afternoon
time     14:30         two thirty in the afternoon
duration 0             zero seconds
duration 1             one second
duration 60            one minute
duration 125           two minutes and five seconds
duration 3900          one hour and five minutes
duration 7325          two hours two minutes and five seconds
duration 86400         one day
duration 172800        two days
"""


def rows(table: str) -> list[tuple[str, str, str]]:
    """Kind, value and words of each line."""
    return [tuple(line.split(maxsplit=2)) for line in table.strip().splitlines()]  # type: ignore[misc]


@pytest.mark.parametrize(("kind", "value", "words"), rows(MANDARIN))
def test_mandarin(kind: str, value: str, words: str) -> None:
    """A Mandarin caller hears it as a person would say it."""
    assert said(kind, value, "zh-CN") == words


@pytest.mark.parametrize(("kind", "value", "words"), rows(ENGLISH))
def test_english(kind: str, value: str, words: str) -> None:
    """An English caller hears it as a person would say it."""
    assert said(kind, value, "en") == words


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("number", value) for value in ("", "-", "1.5", "1e3", "٣", " 5", "5\n", "1000000000000", "十")),
        *(("count", value) for value in ("", "-1", "two")),
        *(("money", value) for value in ("", "1.50", "9" * 17)),
        *(("digits", value) for value in ("", "-", "12a", "1" * 33, "１２")),
        *(("phone", value) for value in ("", "+", "anonymous", "138*", "++86")),
        *(("date", value) for value in ("", "2026-02-29", "2026-13-01", "20261123", "0999-01-01", "2026-W10-1")),
        *(("time", value) for value in ("", "24:00", "9:30", "09:60", "0930", "09:30+08:00")),
        *(("duration", value) for value in ("", "-1", "8640000", "1.5")),
        ("age", "5"),
    ],
)
def test_what_cannot_be_said_is_refused(kind: str, value: str) -> None:
    """A value that is none is refused and not said wrongly; a caller's number never stands in the error."""
    for language in ("zh-CN", "en"):
        with pytest.raises(ValueError, match=r"not |no kind") as refused:
            prompts_for(kind, value, language)
        assert len(value) < 5 or value not in str(refused.value)


def test_no_third_language() -> None:
    """A language that nobody speaks is refused."""
    with pytest.raises(ValueError, match="use zh-CN or en"):
        prompts_for("number", "5", "fr")


FIGURES = {figure: number for number, figure in enumerate("零一二三四五六七八九")} | {"两": 2}
UNITS = {"十": 10, "百": 100, "千": 1000}


def read_mandarin(words: str) -> int:
    """The number that a listener understands, without any rule of how to say it."""
    total = section = figure = 0
    for sign in words.removeprefix("负"):
        if sign in FIGURES:
            figure = FIGURES[sign]
        elif sign in UNITS:
            section, figure = section + (figure or 1) * UNITS[sign], 0
        else:
            total += (section + figure) * {"万": 10**4, "亿": 10**8}[sign]
            section = figure = 0
    return (total + section + figure) * (-1 if words[0] == "负" else 1)


def read_english(words: str) -> int:
    """The number that a listener understands."""
    small = {TEXTS[f"n-{number:02}"]["en"]: number for number in range(100)}
    worth = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
    total = group = 0
    for word in words.replace("minus ", "").replace(" and", "").split():
        if word == "hundred":
            group *= 100
        elif word in worth:
            total, group = total + group * worth[word], 0
        else:
            group += small[word]
    return (total + group) * (-1 if words.startswith("minus") else 1)


EVERY_SIZE = st.integers(0, 12).flatmap(lambda places: st.integers(-(10**places) + 1, 10**places - 1))
# Zeros in the middle are where numbers are said wrongly.
GAPS = st.lists(st.sampled_from("0000012"), min_size=1, max_size=12).map(lambda figures: int("".join(figures)))


@given(EVERY_SIZE | GAPS)
def test_every_number_is_understood(number: int) -> None:
    """Whatever number it is, the listener understands that number, in either language."""
    assert read_mandarin(said("number", str(number), "zh-CN")) == number
    assert read_english(said("number", str(number), "en")) == number


@given(EVERY_SIZE | GAPS)
def test_mandarin_numbers_are_well_formed(number: int) -> None:
    """No Mandarin number has two 零 in a row or one at an end, 两 only at its head, and no bare 十 behind a greater figure."""
    words = said("number", str(number), "zh-CN").removeprefix("负")
    assert words == "零" or not re.search(r"零零|零$|^零|零[万亿]|.两|[百千万亿零]十|^一十", words)


@given(st.integers(0, LARGEST))
def test_every_amount_is_understood(fen: int) -> None:
    """Yuan, jiao and fen add up to what is owed."""
    parts = re.fullmatch(r"(?:(.+)元)?零?(?:(.)角)?零?(?:(.)分)?", said("money", str(fen), "zh-CN"))
    assert parts is not None
    yuan, jiao, rest = (read_mandarin(part) if part else 0 for part in parts.groups())
    assert yuan * 100 + jiao * 10 + rest == fen


@given(
    st.datetimes(datetime(1000, 1, 1)),  # noqa: DTZ001  # a day on a calendar
    st.sampled_from(["zh-CN", "en"]),
)
def test_every_day_and_time_can_be_said(at: datetime, language: str) -> None:
    """There is no day and no minute without words."""
    assert said("date", f"{at:%Y-%m-%d}", language)
    assert said("weekday", f"{at:%Y-%m-%d}", language)
    assert said("time", f"{at:%H:%M}", language)


@given(st.integers(0, 100 * 86_400 - 1), st.sampled_from(["zh-CN", "en"]))
def test_every_length_of_time_can_be_said(seconds: int, language: str) -> None:
    """There is no wait without words."""
    assert said("duration", str(seconds), language)


@given(st.text("0123456789", min_size=1, max_size=32), st.sampled_from(["phone", "case", "agent", "digits"]))
def test_every_digit_is_said_in_order(row: str, kind: str) -> None:
    """Of a row of digits none is lost, whatever its groups."""
    heard = said(kind, row, "zh-CN").replace("|", "").replace("幺", "一")
    assert "".join(str(FIGURES[sign]) for sign in heard) == row


@given(st.text("0123456789", min_size=1, max_size=32))
def test_groups_of_a_phone_number_are_short(row: str) -> None:
    """A telephone number comes in groups that a listener can keep in mind: at most six digits, never one alone in a long number."""
    groups = phone_groups(row)
    assert "".join(groups) == row
    assert max(map(len, groups)) <= 6
    assert len(groups) == 1 or min(map(len, groups)) >= 2


def test_kinds_are_those_of_the_flows() -> None:
    """Whoever writes a flow finds these kinds."""
    assert set(KINDS) >= {"number", "digits", "phone", "money", "date", "time", "duration", "agent", "case"}

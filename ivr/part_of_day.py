"""Which part of the day a time is in, as people name it.

Owns the hours at which the parts begin. Must not know words.
Rules: common usage in China: 凌晨 to six, 早上 to nine, 上午 to noon, 中午 for the hour of noon, 下午 to six, then 晚上.
"""

_BEGINS_AT = (
    (18, "period-evening"),
    (13, "period-afternoon"),
    (12, "period-noon"),
    (9, "period-morning"),
    (6, "period-early"),
    (0, "period-night"),
)


def part_of_day(hour: int) -> str:
    """Name of the prompt for an hour from 0 to 23."""
    return next(name for first, name in _BEGINS_AT if hour >= first)

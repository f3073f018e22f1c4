"""The hotline on a day on which nobody is there.

Owns how the operator closes it. Must not know a story. Rules: docs/guide/calendar.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.live.hotline import Hotline


@contextmanager
def closed_today(hotline: Hotline) -> Iterator[None]:
    """The operator closes every queue with hours for today, and opens them again."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    hotline.calendar_file.write_text(f"[special_hours]\n{today} = []\n", encoding="utf-8")
    try:
        yield
    finally:
        hotline.calendar_file.write_text("", encoding="utf-8")

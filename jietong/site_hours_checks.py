"""Mistakes in a site file's schedules: names that are not there, spans that overlap or are empty.

Owns these checks; must not read files. Rules: docs/guide/calendar.md.
"""

from collections.abc import Iterator
from typing import Any

from jietong.calendar_file import spans_of
from jietong.site import Hotline, Hours
from jietong.site_raw import Mistake, nearest, rows, table_of
from jietong.toml_lines import KeyPath

KINDS_OF_DAY = ("working_days", "weekends", "holidays")


def hours_mistakes(raw: dict[str, Any]) -> Iterator[Mistake]:
    """Yields every mistake of `[hours.*]` and of what names them."""
    hours = table_of(raw, "hours")
    known = list(hours)
    named: list[tuple[KeyPath, object]] = [(("hotline", "hours"), table_of(raw, "hotline").get("hours"))]
    named += [(("queues", index, "hours"), row.get("hours")) for index, row in rows(raw, "queues")]
    for place, name in named:
        if isinstance(name, str) and name not in hours:
            allowed = f"allowed: {', '.join(known)}" if known else "there is no table [hours.NAME]"
            yield Mistake(place, f"no schedule {name!r}{nearest(name, known)} ({allowed})")
    default = table_of(raw, "hotline").get("queue", Hotline.model_fields["queue"].default)
    queues = [name for name in (default, *(row.get("name") for _, row in rows(raw, "queues"))) if isinstance(name, str)]
    for name, row in hours.items():
        if not isinstance(row, dict):
            continue
        for kind in KINDS_OF_DAY:
            try:
                spans_of(row.get(kind, Hours.model_fields[kind].default))
            except ValueError as error:
                yield Mistake(("hours", name, kind), str(error))
        queue = row.get("then_queue")
        if queue is not None and row.get("then") is not None:
            yield Mistake(("hours", name, "then"), "beside then_queue: callers either wait there or not, leave one out")
        if isinstance(queue, str) and queue not in queues:
            yield Mistake(
                ("hours", name, "then_queue"),
                f"no queue {queue!r}{nearest(queue, queues)} (allowed: {', '.join(queues)})",
            )

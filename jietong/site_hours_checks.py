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
            spans = row.get(kind, Hours.model_fields[kind].default)
            if not isinstance(spans, list) or not all(isinstance(span, str) for span in spans):
                continue  # told by its type
            try:
                spans_of(spans)
            except ValueError as error:
                yield Mistake(("hours", name, kind), str(error))
        queue = row.get("then_queue")
        if queue is not None and row.get("then") is not None:
            yield Mistake(("hours", name, "then"), "beside then_queue: callers either wait there or not, leave one out")
        if isinstance(queue, str) and queue in queues and (queue, name) in _hours_of_queues(raw, default):
            yield Mistake(("hours", name, "then_queue"), f"queue {queue!r} has these hours itself: name another one")
        if isinstance(queue, str) and queue not in queues:
            yield Mistake(
                ("hours", name, "then_queue"),
                f"no queue {queue!r}{nearest(queue, queues)} (allowed: {', '.join(queues)})",
            )


def _hours_of_queues(raw: dict[str, Any], default: object) -> set[tuple[object, object]]:
    """Each queue that has a schedule, with its name; the hotline's own queue may have it from a table of its own."""
    found: dict[object, object] = {default: table_of(raw, "hotline").get("hours")} if isinstance(default, str) else {}
    found |= {
        row["name"]: row["hours"] for _, row in rows(raw, "queues") if _is_text(row, "name") and _is_text(row, "hours")
    }
    return {(queue, hours) for queue, hours in found.items() if isinstance(queue, str) and isinstance(hours, str)}


def _is_text(row: dict[str, Any], key: str) -> bool:
    return isinstance(row.get(key), str)

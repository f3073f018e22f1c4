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
    """Yields every mistake of `[hours.*]` and of what names them, and of the spans of `[probe]`."""
    yield from _span_mistakes(("probe", "between"), table_of(raw, "probe").get("between"))
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
            yield from _span_mistakes(("hours", name, kind), row.get(kind, Hours.model_fields[kind].default))
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


def _span_mistakes(place: KeyPath, spans: object) -> Iterator[Mistake]:
    if not isinstance(spans, list) or not all(isinstance(span, str) for span in spans):
        return  # told by its type, or left out
    try:
        spans_of(spans)
    except ValueError as error:
        yield Mistake(place, str(error))


def _hours_of_queues(raw: dict[str, Any], default: object) -> set[tuple[object, object]]:
    """Each queue that has a schedule, with its name; the hotline's own queue may have it from a table of its own."""
    found: dict[object, object] = {default: table_of(raw, "hotline").get("hours")} if isinstance(default, str) else {}
    found |= {
        row["name"]: row["hours"] for _, row in rows(raw, "queues") if _is_text(row, "name") and _is_text(row, "hours")
    }
    return {(queue, hours) for queue, hours in found.items() if isinstance(queue, str) and isinstance(hours, str)}


def _is_text(row: dict[str, Any], key: str) -> bool:
    return isinstance(row.get(key), str)

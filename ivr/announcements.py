"""Announcements that a supervisor switches on and off at once: which of them a caller hears.

Owns that choice. Must not know files, nor when a flow says them. Rules: domain.md H12; docs/guide/announcements.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass

EVERYBODY = ""  # in place of a queue


@dataclass(frozen=True, slots=True)
class Announcement:
    """A prompt that is on for callers of `queue`, or for EVERYBODY, since an epoch second `since` and before `until` (None: until it is switched off); `by` switched it on."""

    prompt: str
    queue: str
    since: float
    until: float | None
    by: str


def is_on(announcement: Announcement, at: float) -> bool:
    """Whether it has not expired at epoch second `at`."""
    return announcement.until is None or at < announcement.until


def announced(on: Iterable[Announcement], queue: str, at: float) -> tuple[str, ...]:
    """Prompts that are on at epoch second `at` for that queue alone, or for EVERYBODY, in the order in which they were switched on."""
    return tuple(each.prompt for each in on if each.queue == queue and is_on(each, at))


def switched_on(on: Iterable[Announcement], new: Announcement) -> tuple[Announcement, ...]:
    """What is on once `new` is: for one queue, or for EVERYBODY, one at a time; expired ones are left out."""
    return (*(each for each in on if each.queue != new.queue and is_on(each, new.since)), new)


def switched_off(on: Iterable[Announcement], queue: str, at: float) -> tuple[Announcement, ...]:
    """What is on once nothing is for `queue`, or for EVERYBODY; expired ones are left out."""
    return tuple(each for each in on if each.queue != queue and is_on(each, at))

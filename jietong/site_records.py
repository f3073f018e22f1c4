"""The site file's [records]: how long what is on record stays there.

Owns names, defaults and bounds of these keys; must not know how anything is deleted.
Rules: docs/operations.md, what grows and its bounds. Lengths of time are days.
"""

from typing import Annotated, Literal

from pydantic import Field

from jietong.site_values import Table

Days = Annotated[int, Field(ge=1, le=36_500)]


class Records(Table):
    """Older ones are deleted for good, a few at a time, within an hour."""

    keep_days: Days | None = None
    """Call records; left out: for ever."""
    explain_days: Days = 90
    """What `jietong explain` tells of a call."""
    message_days: Days = 180
    """Messages that callers left, with their audio."""
    queue_log: Literal["off", "masked", "full"] = "off"
    """Whether DIR/logs/queue_log is written for tools that read Asterisk's, with callers' numbers masked or in full."""

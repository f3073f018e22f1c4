"""The site file's tables of the ways out of the waiting line: a number outside, voicemail, callbacks.

Owns names, types, defaults and bounds of these keys. Must not know who uses a value.
Rules: docs/guide/outside.md and docs/guide/callback.md. Lengths of time are seconds.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from jietong.site_values import DIALLED, Number, Table, Word


class Outside(Table):
    """Numbers outside that a recipe may send callers to; no other number can be reached through it."""

    numbers: dict[Word, Number] = {}
    """Name and number of each."""
    ring_s: Annotated[int, Field(ge=5, le=120)] = 30
    """How long such a number rings before the caller is back in the line."""


class Voicemail(Table):
    """Messages that callers leave, in DIR/data/messages."""

    max_s: Annotated[int, Field(ge=5, le=600)] = 120
    """Longest message; a second takes 16 kB."""
    silence_s: Annotated[int, Field(ge=2, le=30)] = 5
    """Silence that ends a message."""


class Callback(Table):
    """Callers who hang up and keep their place. The table is there: callbacks are."""

    allowed: Annotated[
        list[Annotated[str, StringConstraints(pattern=DIALLED)]],
        Field(min_length=1),
    ] = [f"1{second}XXXXXXXXX" for second in "3456789"]
    """Numbers that may be called back: digits, and X for any digit. Left out: mobile numbers."""
    offer_above_s: Annotated[float, Field(ge=0, le=7200)] = 300
    """Offered unasked when the estimated wait is longer; 0 never. Key 1 asks for it at any time."""
    promise_s: Annotated[float, Field(ge=60, le=86400)] = 7200
    """From queue entry: by then the customer is called back; time in which the queue is closed is not counted."""
    holiday_promise_s: Annotated[float, Field(ge=60, le=86400)] = 7200
    """The same for customers who ask on a public holiday: by the clock, and before the queue closes."""
    urgent_s: Annotated[float, Field(ge=0, le=7200)] = 600
    """So long before the promise the callback begins to go before every caller."""
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    """How often a customer who does not answer is dialled."""
    retry_after_s: Annotated[float, Field(ge=1, le=7200)] = 600
    """Between two tries."""
    ring_s: Annotated[int, Field(ge=5, le=120)] = 30
    """How long the customer's telephone rings."""
    max_open: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Open callbacks at most; further callers wait on."""

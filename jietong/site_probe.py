"""The site file's [probe]: test calls of ours, made at random times of the day.

Owns names, defaults and bounds of these keys. Must not know how a test is made.
Rules: domain.md H7 to H9; docs/probe.md. Lengths of time are seconds.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from jietong.site_values import HOST_AND_PORT, PLAIN_TEXT, FeatureCode, Number, Table

PerDay = Annotated[int, Field(ge=0, le=48)]


class Probe(Table):
    """Test calls. The table is there: they are made."""

    number: Number
    """The test caller's own number; its calls go the real way and count in no figure."""
    tester: Annotated[str, StringConstraints(pattern=PLAIN_TEXT)] = "probe"
    """Who is written down as tester."""
    between: list[str] = ["08:30-12:00", "13:30-20:00"]
    """Spans of the day in which tests are made, at random times."""
    random_per_day: PerDay = 3
    """Random tests a day: menu, key for a person, a person answers in time and is heard."""
    transfer_per_day: PerDay = 1
    """Transfer tests a day: after the first person the call is sent on, and the second one answers in time too."""
    other_per_day: PerDay = 1
    """Other tests a day: the menu in both languages, nobody is called to the telephone."""
    transfer_to: FeatureCode | None = None
    """Code of the queue that transfer tests go on to; left out: the hotline's own queue."""
    talk_s: Annotated[int, Field(ge=3, le=60)] = 5
    """How long a test caller listens to the person who answered."""
    server: Annotated[str | None, StringConstraints(pattern=HOST_AND_PORT)] = None
    """Where test calls are sent: address and port of the carrier's side; left out: this site's own SIP port."""
    dial: Number | None = None
    """What the test caller dials; left out: the hotline's number."""
    program: Annotated[list[Annotated[str, Field(min_length=1, max_length=4096)]], Field(min_length=1)] | None = None
    """Command line of the test caller; left out: the one that `make setup-probe` made."""

    @property
    def is_scheduled(self) -> bool:
        """Whether tests are made by themselves."""
        return bool(self.between) and self.random_per_day + self.transfer_per_day + self.other_per_day > 0

"""What the router orders: one frozen record for each thing to be done outside.

Owns the vocabulary that `engine.step` returns; must not know Asterisk's words for it.
Rules: design.md section 3. An action that fails comes back as an event.
"""

from dataclasses import dataclass

MANY = 99
LAST_PLACE_TOLD = 20
MINUTES_TOLD = (*range(1, 11), 15, 20, 30)


@dataclass(frozen=True, slots=True)
class RingSeat:
    """Take the caller on `channel` out of waiting and ring `seat` for at most `ring_s` seconds, and at the same time the seats `also`."""

    call: str
    channel: str
    seat: str
    ring_s: int
    also: tuple[str, ...] = ()

    @property
    def seats(self) -> tuple[str, ...]:
        """Every seat to ring, the best choice first."""
        return (self.seat, *self.also)


@dataclass(frozen=True, slots=True)
class HangUpLeg:
    """End a seat's side of a call that nobody is left to talk to."""

    leg: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the caller on `channel`, who waits: its place in the line and about how many minutes.

    place     1 to 20, MANY further back, 0 not told
    minutes   one of MINUTES_TOLD, MANY when more, 0 not told; neither told: thanks for waiting
    """

    call: str
    channel: str
    place: int
    minutes: int


Action = Announce | RingSeat | HangUpLeg

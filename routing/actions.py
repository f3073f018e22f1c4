"""What the router orders: one frozen record for each thing to be done outside.

Owns the vocabulary that `engine.step` returns; must not know Asterisk's words for it.
Rules: design.md section 3. An action that fails comes back as an event.
"""

from dataclasses import dataclass


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


Action = RingSeat | HangUpLeg

"""What the router orders: one frozen record for each thing to be done outside.

Owns the vocabulary that `engine.step` returns; must not know Asterisk's words for it.
Rules: design.md section 3. An action that fails comes back as an event.
"""

from enum import Enum

from routing.values import value

MANY = 99
LAST_PLACE_TOLD = 20
MINUTES_TOLD = (*range(1, 11), 15, 20, 30)


@value
class RingSeat:
    """Take the caller on `channel` out of waiting and ring `seat`, where `agent` sits, for at most `ring_s` seconds, and at the same time the seats `also`."""

    call: str
    channel: str
    seat: str
    ring_s: int
    also: tuple[str, ...] = ()
    agent: str = ""

    @property
    def seats(self) -> tuple[str, ...]:
        """Every seat to ring, the best choice first."""
        return (self.seat, *self.also)


@value
class HangUpLeg:
    """End a seat's side of a call that nobody is left to talk to."""

    leg: str


@value
class Announce:
    """Tell the caller on `channel`, who waits: its place in the line and about how many minutes.

    place     1 to 20, MANY further back, 0 not told
    minutes   one of MINUTES_TOLD, MANY when more, 0 not told; neither told: thanks for waiting
    """

    call: str
    channel: str
    place: int
    minutes: int
    offers_callback: bool = False  # and that it may be called back


@value
class SendOutside:
    """Connect the waiting caller on `channel` to `number`, one of the site's list."""

    call: str
    channel: str
    number: str


@value
class SendToVoicemail:
    """Let the waiting caller on `channel` leave a message."""

    call: str
    channel: str


class Word(Enum):
    """What a waiting caller is told of callbacks."""

    OFFER = "offer"  # may be had by key
    ACCEPTED = "accepted"  # is promised; then the line is hung up
    KNOWN = "known"  # was promised before; then the line is hung up
    NOT_POSSIBLE = "not-possible"


@value
class TellOfCallback:
    """Tell the waiting caller on `channel` about callbacks."""

    call: str
    channel: str
    word: Word


@value
class CallBack:
    """Ring `seat` for at most `ring_s` seconds; when the agent answers, dial `number` (the customer). `attempt` tells attempts of one call apart."""

    call: str
    seat: str
    ring_s: int
    number: str
    attempt: int


Action = Announce | RingSeat | HangUpLeg | SendOutside | SendToVoicemail | TellOfCallback | CallBack

"""What the router is told: one frozen record for each thing that happened outside.

Owns the vocabulary of `engine.step`; must not know who reports an event nor how it travels.
Rules: design.md section 3. Every event carries `at`, epoch seconds, and the engine knows no other clock.
"""

from enum import Enum

from routing.values import value


class OfferFailure(Enum):
    """Why a seat that was offered a call did not take it."""

    NO_ANSWER = "no_answer"  # rang for `ring_s` (RONA)
    REJECTED = "rejected"  # the agent pressed decline
    BUSY = "busy"  # the device was busy with something else
    UNAVAILABLE = "unavailable"  # no registered device, or it could not be reached
    ABANDONED = "abandoned"  # the caller hung up meanwhile
    NOT_DELIVERED = "not_delivered"  # Asterisk refused or lost the order to ring


class SeatState(Enum):
    """What Asterisk says of a seat's device."""

    FREE = "free"
    IN_USE = "in_use"  # ringing, talking or dialling, for whatever reason
    UNREACHABLE = "unreachable"  # not registered, or does not answer


@value
class CallArrived:
    """A caller reached the menu."""

    at: float
    call: str
    channel: str
    caller: str


@value
class CallQueued:
    """A caller stands in the waiting context of the dialplan and can be moved from there.

    Said on the first entry and again each time an offer failed and the caller is back. `queued_at` is the first entry's time as
    it travels on the channel; `queue`, `tier`, `service`, `language`, `representative` and
    `customer_class` as menu and customer table said, empty where they did not.
    `segment` is one more than before when an agent transferred the caller to a queue, at `entered_at`.
    `wants_callback`: asked for in the menu; said in one breath, as an answer to the rest may move the caller away at once.
    """

    at: float
    call: str
    channel: str
    caller: str
    queue: str
    tier: str
    service: str
    language: str
    representative: str
    queued_at: float
    customer_class: str = ""
    segment: int = 1
    entered_at: float = 0.0
    wants_callback: bool = False


@value
class OfferRinging:
    """The seat's device rings for the call; `leg` is the seat's side of it."""

    at: float
    call: str
    seat: str
    leg: str


@value
class OfferAnswered:
    """The agent picked up."""

    at: float
    call: str
    seat: str
    leg: str


@value
class OfferFailed:
    """The seat did not take the call; the caller is on the way back to the waiting context."""

    at: float
    call: str
    seat: str
    reason: OfferFailure


@value
class CallEnded:
    """The caller's side is gone, in whatever state the call was. `cause` is the Q.850 number, 0 unknown."""

    at: float
    call: str
    cause: int


@value
class LegEnded:
    """A seat's side of a call is gone."""

    at: float
    call: str
    seat: str
    leg: str


@value
class HangUpRequested:
    """One side hung up by itself: `leg` is the seat's side, empty for the caller. The ends of both sides follow as events."""

    at: float
    call: str
    leg: str


@value
class TalkHeld:
    """The agent at the seat's side `leg` holds the caller, or (`is_held` False) talks again."""

    at: float
    call: str
    leg: str
    is_held: bool


@value
class CallServedUnheard:
    """A call was served by Asterisk's own queue, and is over, while no router listened. `answered_at` 0.0: the caller gave up."""

    at: float
    call: str
    channel: str
    caller: str
    queue: str
    tier: str
    service: str
    language: str
    queued_at: float
    segment: int
    entered_at: float
    answered_at: float
    seat: str
    ended_at: float


@value
class SeatChanged:
    """Asterisk reports another state of a seat's device."""

    at: float
    seat: str
    state: SeatState


@value
class AgentLoggedIn:
    """An agent whose PIN was checked sits down at a seat."""

    at: float
    agent: str
    seat: str


@value
class AgentLoggedOut:
    """An agent leaves."""

    at: float
    agent: str


@value
class AgentPaused:
    """An agent wants no calls for now."""

    at: float
    agent: str
    reason: str


@value
class AgentReadied:
    """An agent wants calls again (also ends wrap-up and a pause after an unanswered call)."""

    at: float
    agent: str


@value
class AgentExtended:
    """An agent in after-call work needs longer."""

    at: float
    agent: str


@value
class SendFailed:
    """Asterisk refused to move the caller outside or to voicemail: it is still in the waiting context."""

    at: float
    call: str


@value
class OutsideAnswered:
    """The outside number picked up."""

    at: float
    call: str


@value
class MessageLeft:
    """The caller's message is recorded: `length_s` seconds in the file `file`."""

    at: float
    call: str
    file: str
    length_s: float


@value
class QueueFoundClosed:
    """The queue of a caller's choice is closed: the call ends in the menu, or the caller `leaves_message`."""

    at: float
    call: str
    queue: str
    tier: str
    service: str
    language: str
    leaves_message: bool


@value
class CallRefused:
    """The hotline has no place for the caller: it hears so and is sent away. `reason`: full, or rate (too many in one second)."""

    at: float
    call: str
    reason: str


@value
class CallbackAsked:
    """A waiting caller confirmed by key that it wants to be called back."""

    at: float
    call: str


@value
class CustomerReached:
    """The customer who is called back picked up."""

    at: float
    call: str


@value
class CustomerUnreached:
    """The customer who is called back did not pick up; reason: no_answer, busy or failed. The agent's side ends next."""

    at: float
    call: str
    reason: str


@value
class CallbackCancelled:
    """An operator took a callback out of the line."""

    at: float
    call: str


@value
class CallbackRestored:
    """An open callback that only the database still knew; the fields are those of `CallbackPromised`, `tries` so far, `again_at` if it was put off."""

    at: float
    call: str
    caller: str
    queue: str
    tier: str
    service: str
    language: str
    queued_at: float
    promised_at: float
    tries: int
    again_at: float | None


@value
class HoursTold:
    """When queues are open and when it is public holiday from now on: stretches of epoch seconds, from and before, in order and apart.

    Told again whenever one begins or ends, or the calendar changes. A queue that is not named is always open.
    """

    at: float
    queues: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    holidays: tuple[tuple[float, float], ...]


@value
class AsteriskLost:
    """The connection to Asterisk is gone; what happens there is unknown until `AsteriskSynced`."""

    at: float


@value
class AsteriskSynced:
    """The connection is (again) there and this is what Asterisk has.

    asked_at  when the question was sent: calls that came later are not judged by the answer
    calls     ids of the callers' channels that exist; every other call that the state knows is over
    legs      leg ids of seats' channels that exist
    started_at  when this Asterisk started, 0.0 unknown: a call that is older went down with the one before
    """

    at: float
    asked_at: float
    calls: tuple[str, ...]
    legs: tuple[str, ...]
    started_at: float = 0.0


@value
class Tick:
    """Time has passed: `engine.next_deadline` was reached."""

    at: float


Event = (
    CallArrived
    | CallQueued
    | OfferRinging
    | OfferAnswered
    | OfferFailed
    | CallEnded
    | LegEnded
    | HangUpRequested
    | TalkHeld
    | CallServedUnheard
    | SeatChanged
    | AgentLoggedIn
    | AgentLoggedOut
    | AgentPaused
    | AgentReadied
    | AgentExtended
    | SendFailed
    | OutsideAnswered
    | MessageLeft
    | QueueFoundClosed
    | CallRefused
    | CallbackAsked
    | CustomerReached
    | CustomerUnreached
    | CallbackCancelled
    | CallbackRestored
    | HoursTold
    | AsteriskLost
    | AsteriskSynced
    | Tick
)

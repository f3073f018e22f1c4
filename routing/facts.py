"""What is on record: one frozen line for each thing that the router decided or saw, for readers of the journal.

Owns the words that records, metrics and reports share; must not know any reader.
Rules: design.md sections 3 and 5. Readers fold facts and never ask the engine; times are epoch seconds, spans seconds.
Longer than 400 lines because it is one closed vocabulary: readers match on all of it, and a fact is never told from two places.
"""

from dataclasses import dataclass
from enum import Enum

from routing.values import value


class Outcome(Enum):
    """How a call ended: each has exactly one. All but `MENU` are offered calls (the caller asked for a person)."""

    ANSWERED = "answered"  # talked to an agent
    ABANDONED = "abandoned"  # hung up while waiting or while a seat rang
    LOST = "lost"  # Asterisk or the way to it died while the caller waited
    MENU = "menu"  # ended in the menu: an IVR call, not offered
    OUTSIDE = "outside"  # talked to a listed number outside
    VOICEMAIL = "voicemail"  # left a message
    CALLBACK = "callback"  # asked to be called back; the reason says what became of it


class AgentState(Enum):
    """What an agent can do now."""

    __hash__ = object.__hash__  # members are one of each; Enum's own is slow Python, and every step looks some up

    READY = "ready"  # can be offered a call
    OFFERED = "offered"  # a seat was ordered to ring
    RINGING = "ringing"  # ... and its device rings
    TALKING = "talking"
    WRAP_UP = "wrap_up"  # after-call work; ends by itself
    MISSED = "missed"  # let a call ring in vain; gets none until it is ready again
    NOT_READY = "not_ready"  # wants none, or could not take one; see the reason
    LOGGED_OUT = "logged_out"


@value
class CallEntered:
    """A caller reached the menu. `is_probe`, here and below: a test call of ours, which counts in no figure."""

    at: float
    call: str
    caller: str
    is_probe: bool = False


@value
class CallOffered:
    """A caller asked for a person, or was transferred to a queue: from `entered_at` on the clock runs. Once a segment.

    `queued_at` is the entry of the first segment; `entered_at` None: the same.
    """

    at: float
    call: str
    caller: str
    queue: str
    tier: str
    service: str
    language: str
    queued_at: float
    segment: int = 1
    entered_at: float | None = None
    is_probe: bool = False


@dataclass(slots=True)
class PassedOver:
    """One kind of seats (or line of callers) that a decision looked at and did not take, and why.

    count       how many were idle (or waited) there
    call        who stood first in that line of callers, empty for seats
    left_s      that caller's time left to its target, negative when missed
    """

    who: str
    why: str
    count: int = 0
    call: str = ""
    left_s: float | None = None


class Passed(Enum):
    """Why an agent that was free, or became free, did not take a caller who waited."""

    UNFIT = "unfit"  # not of the queue, or without the skills
    RESERVE = "reserve"  # the seat is kept free for its own tiers
    OWN_SEAT = "own_seat"  # a dedicated seat serves its own tiers first
    OWN_AGENT = "own_agent"  # the agent took a caller who waited for it alone
    TIER = "tier"  # a caller of a higher tier came first
    AGED = "aged"  # a caller who had waited so long that it counts as of the first tier came first
    DEADLINE = "deadline"  # a caller with an earlier deadline came first
    EARLIER = "earlier"  # a caller of the same class who had waited longer came first
    NO_ASTERISK = "no_asterisk"  # the router had no connection to Asterisk: nobody could be offered a call
    CALLBACK = "callback"  # somebody who is called back came first
    OTHER = "other"  # more reasons than are kept apart


@dataclass(slots=True)
class Pass:
    """All the times a waiting caller was passed over for one reason, merged. A part of `CallPassedOver`; grows while the caller waits.

    tier        of the caller who was taken first, empty when nobody was
    times       how often; `first_at` and `last_at`: between when and when
    agent       who passed it over last, at `seat`
    left_s      time left to the target at the first and (`last_left_s`) at the last time, negative when missed
    """

    reason: Passed
    tier: str
    times: int
    first_at: float
    last_at: float
    agent: str
    seat: str
    left_s: float
    last_left_s: float


@value
class Decision:
    """A call was given to an agent.

    rule            the rule that fired, see selection.py
    step            the step of the queue's recipe without which this agent could not have served the call; empty when none was needed
    waited_s        from `queued_at` to now
    left_s          time left to the tier's target, negative when missed
    passed_over     the other candidates by group, in the order in which they were looked at
    """

    at: float
    call: str
    agent: str
    seat: str
    rule: str
    waited_s: float
    left_s: float
    passed_over: tuple[PassedOver, ...]
    step: str = ""


@value
class CallWidened:
    """A step of the queue's overflow recipe was taken for a call, see steps.py; `waited_s` from `queued_at`."""

    at: float
    call: str
    step: str
    waited_s: float


@value
class CallSent:
    """A caller was taken out of the line; `way`: outside or voicemail. An outside number that did not answer brings it back."""

    at: float
    call: str
    way: str
    waited_s: float


@value
class MessageTaken:
    """A caller left a message of `length_s` seconds in the file `file` of the messages' folder."""

    at: float
    call: str
    caller: str
    queue: str
    tier: str
    file: str
    length_s: float


@value
class CallbackPromised:
    """A caller hung up and keeps its place: `caller` is called back, by `promised_at` at the latest."""

    at: float
    call: str
    caller: str
    queue: str
    tier: str
    service: str
    language: str
    queued_at: float
    promised_at: float


@value
class CallbackTried:
    """A customer was called back and did not answer; result: no_answer, busy, failed, or agent (the agent hung up first).

    again_at   when it is tried again, None never
    """

    at: float
    call: str
    agent: str
    result: str
    tries: int
    again_at: float | None


@value
class CallKeptWaiting:
    """Nobody could take a caller when it came to its line (first, after a failed offer, or after waiting for its own agent).

    alike       others of its class who wait; `is_first`: whether none of them stands before it
    left_s      time left to the tier's target, negative when missed
    candidates  every kind of seats and why none of them could take it
    """

    at: float
    call: str
    alike: int
    is_first: bool
    left_s: float
    candidates: tuple[PassedOver, ...]


@value
class CallPassedOver:
    """At the end of a call: when and why agents passed it over while it waited, merged by reason, the earliest first."""

    at: float
    call: str
    passes: tuple[Pass, ...]


@value
class CallHeld:
    """A caller waits for its own agent (named representative, or who talked to it last) for at most `for_s`, then for anyone."""

    at: float
    call: str
    agent: str
    for_s: float


@value
class Announced:
    """A waiting caller was told its place and about how many minutes, 0: not told; `low_s` to `high_s` is the estimate for four waits of five, None unknown."""

    at: float
    call: str
    place: int
    minutes: int
    low_s: float | None
    high_s: float | None


@value
class SeatRang:
    """A seat's device rings. `idle_to_ring_s`: from the moment an agent was free while this call waited."""

    at: float
    call: str
    agent: str
    seat: str
    queue: str
    tier: str
    idle_to_ring_s: float
    is_probe: bool = False


@value
class OfferClosed:
    """One offer is over; result: answered, answered_elsewhere (another seat was rung at the same time and was first), no_answer, rejected, busy, unavailable, not_delivered, abandoned or lost."""

    at: float
    call: str
    agent: str
    seat: str
    queue: str
    tier: str
    result: str
    rang_s: float
    is_probe: bool = False


@value
class CallAnswered:
    """An agent picked up. `in_target`: within the tier's target; `leg`: the seat's channel in Asterisk."""

    at: float
    call: str
    agent: str
    seat: str
    queue: str
    tier: str
    wait_s: float
    in_target: bool
    segment: int = 1
    is_probe: bool = False
    leg: str = ""


@value
class CallRecord:
    """One finished segment of a call: the only source of statistics. Times None where the call never came so far.

    A call has one segment, and one more for each transfer to a queue; each is offered and has its own outcome.

    reason      abandoned: waiting or ringing; lost: asterisk; answered: caller, agent or asterisk (who ended the talk), or transferred; menu: caller or asterisk, full or rate (refused at the door), closed (the queue of its choice was), or message (closed, and it left one);
                outside: answered; voicemail: message; callback: kept, late, unreached, cancelled, merged or known
    queued_at   entry of the first segment; `entered_at` of this one, None: the same
    wait_s      entry of this segment to answer, or to the end when nobody answered; 0.0 for menu calls
    in_target   answered within the tier's target
    offers      seats that were asked; `missed`: of these, that rang in vain
    ring_s      how long the seat rang that answered; `hold_s`: how long of `talk_s` the agent held the caller
    wrap_up_s   after-call work for this segment; None while it lasts, or when nobody saw it
    is_probe    a test call of ours (docs/probe.md): on record, and in no figure about customers or agents
    """

    at: float
    call: str
    caller: str
    queue: str
    tier: str
    service: str
    language: str
    agent: str
    seat: str
    arrived_at: float
    queued_at: float | None
    answered_at: float | None
    ended_at: float
    wait_s: float
    talk_s: float
    outcome: Outcome
    reason: str
    in_target: bool
    offers: int
    segment: int = 1
    entered_at: float | None = None
    missed: int = 0
    ring_s: float = 0.0
    hold_s: float = 0.0
    wrap_up_s: float | None = None
    is_probe: bool = False


@value
class WrappedUp:
    """An agent's after-call work for a segment is over; its record may be written already."""

    at: float
    call: str
    segment: int
    agent: str
    wrap_up_s: float


@value
class AgentChanged:
    """An agent's state, seat or reachability changed. `tiers`: whom the seat is dedicated to, empty for everyone; `queues`: which the agent serves, empty for all."""

    at: float
    agent: str
    seat: str
    state: AgentState
    reason: str
    reachable: bool
    tiers: tuple[str, ...]
    queues: tuple[str, ...] = ()


@value
class EventIgnored:
    """A late or impossible event, with the state that made it so."""

    at: float
    event: str
    subject: str
    because: str


Fact = (
    CallEntered
    | CallOffered
    | Decision
    | CallKeptWaiting
    | CallPassedOver
    | CallWidened
    | CallSent
    | MessageTaken
    | CallbackPromised
    | CallbackTried
    | CallHeld
    | Announced
    | SeatRang
    | OfferClosed
    | CallAnswered
    | CallRecord
    | WrappedUp
    | AgentChanged
    | EventIgnored
)

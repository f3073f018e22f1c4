"""What is on record: one frozen line for each thing that the router decided or saw, for readers of the journal.

Owns the words that records, metrics and reports share; must not know any reader.
Rules: design.md sections 3 and 5. Readers fold facts and never ask the engine; times are epoch seconds, spans seconds.
"""

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How a call ended: each has exactly one. All but `MENU` are offered calls (the caller asked for a person)."""

    ANSWERED = "answered"  # talked to an agent
    ABANDONED = "abandoned"  # hung up while waiting or while a seat rang
    LOST = "lost"  # Asterisk or the way to it died while the caller waited
    MENU = "menu"  # ended in the menu: an IVR call, not offered


class AgentState(Enum):
    """What an agent can do now."""

    READY = "ready"  # can be offered a call
    RINGING = "ringing"  # one call is being offered
    TALKING = "talking"
    WRAP_UP = "wrap_up"  # after-call work; ends by itself
    NOT_READY = "not_ready"  # wants none, or let one ring; see the reason
    LOGGED_OUT = "logged_out"


@dataclass(frozen=True, slots=True)
class CallEntered:
    """A caller reached the menu."""

    at: float
    call: str
    caller: str


@dataclass(frozen=True, slots=True)
class CallOffered:
    """A caller asked for a person: from `queued_at` on the clock runs. Once a call."""

    at: float
    call: str
    caller: str
    queue: str
    tier: str
    service: str
    language: str
    queued_at: float


@dataclass(frozen=True, slots=True)
class PassedOver:
    """One group of agents (or line of callers) that a decision looked at and did not take, and why."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A call was given to an agent.

    rule            the rule that fired, see selection.py
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


@dataclass(frozen=True, slots=True)
class CallHeld:
    """A caller waits for its own agent (named representative, or who talked to it last) for at most `for_s`, then for anyone."""

    at: float
    call: str
    agent: str
    for_s: float


@dataclass(frozen=True, slots=True)
class SeatRang:
    """A seat's device rings. `idle_to_ring_s`: from the moment an agent was free while this call waited."""

    at: float
    call: str
    agent: str
    seat: str
    queue: str
    tier: str
    idle_to_ring_s: float


@dataclass(frozen=True, slots=True)
class OfferClosed:
    """One offer is over; result: answered, no_answer, rejected, busy, unavailable, not_delivered or abandoned."""

    at: float
    call: str
    agent: str
    seat: str
    queue: str
    tier: str
    result: str
    rang_s: float


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """An agent picked up. `in_target`: within the tier's target."""

    at: float
    call: str
    agent: str
    seat: str
    queue: str
    tier: str
    wait_s: float
    in_target: bool


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call: the only source of statistics. Times None where the call never came so far.

    reason      abandoned: waiting or ringing; lost: asterisk; answered: caller, agent or asterisk (who ended the talk); menu: caller or asterisk
    wait_s      queue entry to answer, or to the end when nobody answered; 0.0 for menu calls
    in_target   answered within the tier's target
    offers      seats that were asked
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
    | CallHeld
    | SeatRang
    | OfferClosed
    | CallAnswered
    | CallRecord
    | AgentChanged
    | EventIgnored
)

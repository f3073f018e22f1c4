"""What the operator decided: tiers, seats and times that the router's decisions follow.

Owns the pure form of the configuration that the engine reads; must not know the site file (jietong maps it).
Rules: design.md section 5, theory.md section 2.6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from routing.groups import Levels
from routing.steps import Step


@dataclass(frozen=True, slots=True)
class Tier:
    """A level of customer: target in seconds and goal as a share 0..1."""

    name: str
    answer_within_s: float
    goal: float


@dataclass(frozen=True, slots=True)
class Seat:
    """A position. `dedicated_to`: tiers that it is kept for, empty for everyone. `auto_login`: the agent of the same number is ready once the device registers."""

    number: str
    dedicated_to: tuple[str, ...] = ()
    auto_login: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """A waiting line. `weight` divides the target: with weight 2 a caller's deadline comes in half the time. `requires`: skills and least levels.

    `overflow`: steps that are taken one by one while a call of the queue waits, those due together in this order.
    """

    name: str
    weight: float = 1.0
    requires: Levels = ()
    overflow: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Talent:
    """What an agent can do: skills with levels 1 to 5, and the queues it serves, empty for all; supervisors serve the queue `steps.SUPERVISORS`."""

    skills: Levels = ()
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """How callers who do not want to wait are called back.

    allowed         patterns of numbers that may be dialled: digits, and X for any digit
    offer_above_s   offered to a caller at entry when the estimate is longer; 0 never (the key works all the same)
    promise_s       from queue entry: by then the customer shall be reached; from `urgent_s` before it on the callback goes before everyone
    tries           how often a customer is dialled who does not answer, `retry_after_s` apart; it rings for `ring_s`
    max_open        callbacks at once; further callers are told that it is not possible
    holiday_promise_s   `promise_s` of callers who ask on a public holiday, see opening.py (domain.md H4: 120 minutes)
    """

    allowed: tuple[str, ...]
    offer_above_s: float = 300.0
    promise_s: float = 7200.0
    urgent_s: float = 600.0
    tries: int = 3
    retry_after_s: float = 600.0
    ring_s: int = 30
    max_open: int = 1000
    holiday_promise_s: float = 7200.0


@dataclass(frozen=True, slots=True)
class Rules:
    """All of it. `tiers` in order of priority, first first; `reserve` idle dedicated seats stay free for their own tiers.

    queue       where callers wait whose queue is not named or not known
    queues      the queues with a weight or required skills of their own; the default queue may be among them
    talents     agent -> what it can do; agents that are not named serve every queue and have no skills
    requires    service, language or customer class of a call -> skills that it requires beside its queue's
    """

    queue: str
    tiers: tuple[Tier, ...]
    default_tier: str
    seats: tuple[Seat, ...]
    agents: tuple[str, ...]
    reserve: int
    ring_s: int
    wrap_up_s: float
    reject_pause_s: float
    missed_pause_s: float = 0.0  # after an unanswered call; 0: until the agent is ready by itself
    wrap_up_max_s: float = 0.0  # how long after-call work can be extended to, from the end of the call
    age_ratio: float = (
        0.0  # a call that waited this many times its target competes by deadline with higher tiers; 0: never
    )
    queues: tuple[Queue, ...] = ()
    talents: Mapping[str, Talent] = field(default_factory=dict)
    requires: Mapping[str, Levels] = field(default_factory=dict)
    announce_every_s: float = 0.0  # waiting callers are told their place at entry and this often; 0: never
    outside_numbers: tuple[str, ...] = ()  # where calls may be sent, no others
    callback: CallbackRules | None = None  # None: callers are not called back
    representative_s: float = 0.0  # longest wait for the caller's own agent before the others are asked; 0: not tried
    probe_numbers: frozenset[str] = (
        frozenset()
    )  # whose calls are tests of ours: served like any other, counted in no figure

    def queue_names(self) -> tuple[str, ...]:
        """Every queue, the default one first."""
        return tuple(dict.fromkeys((self.queue, *(queue.name for queue in self.queues))))

"""What people do whom the router does not command: agents who pick up or not, callers who call again, customers who are called back.

Owns these habits as plain figures. Must not know when they are asked for: world.py does.
Shares are 0 to 1, times seconds. Left out, everybody is ideal: picks up at once, always, and nobody calls again.
"""

from dataclasses import dataclass, fields

from simulation.arrival import TrafficError
from simulation.chance import Distribution, Shape

AT_ONCE = Distribution(0.0, Shape.CONSTANT)
MINUTES_LATER = Distribution(300.0)
RINGS = Distribution(12.0, Shape.CONSTANT)


@dataclass(frozen=True, slots=True)
class Habits:
    """Habits of agents, callers and customers.

    rings_after_s   from the order to ring until the seat's device rings: Asterisk and the phone
    pick_up         from then until the agent answers; longer than the site's `ring_s` is not answered
    no_answer       share of offers that ring in vain (RONA)
    back_after_s    after that, until the agent says that it is ready again (where the site does not do it)
    returns_after_s from a seat's failure until the caller is back in the line
    calls_again     share of callers who hung up waiting that call again, `again_after` later, `most_tries` times at most
    wants_callback  share of callers who accept when a callback is offered, `accepts_after_s` later
    reached         share of customers who pick up when called back, after `dialled`
    outside_answers share of calls sent outside that are answered there, after 5 s
    message_s       length of a message
    """

    rings_after_s: float = 0.0
    pick_up: Distribution = AT_ONCE
    no_answer: float = 0.0
    back_after_s: float = 60.0
    returns_after_s: float = 0.0
    calls_again: float = 0.0
    again_after: Distribution = MINUTES_LATER
    most_tries: int = 3
    wants_callback: float = 0.0
    accepts_after_s: float = 8.0
    reached: float = 0.8
    dialled: Distribution = RINGS
    outside_answers: float = 1.0
    message_s: float = 25.0

    def __post_init__(self) -> None:
        for name in ("no_answer", "calls_again", "wants_callback", "reached", "outside_answers"):
            if not 0 <= getattr(self, name) <= 1:
                raise TrafficError(f"{name} is {getattr(self, name):g}: it is a share, 0 to 1")
        for field in fields(self):
            if field.name.endswith("_s") and not getattr(self, field.name) >= 0:
                raise TrafficError(f"{field.name} is {getattr(self, field.name):g}: it must be 0 or more")

    @property
    def answers_at_once(self) -> bool:
        """Whether nothing happens between an order to ring and the answer."""
        return not (self.rings_after_s or self.no_answer) and self.pick_up == AT_ONCE


IDEAL = Habits()

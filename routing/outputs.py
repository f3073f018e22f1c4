"""What one step says: actions and facts in the order in which they were decided.

Owns the pair of lists that a step fills, and the present time. Must not decide anything.
"""

from routing.actions import Action
from routing.facts import EventIgnored, Fact


class Outputs:
    """Collects the actions and facts of one step at time `at`."""

    __slots__ = ("actions", "at", "facts")

    def __init__(self, at: float) -> None:
        self.at = at
        self.actions: list[Action] = []
        self.facts: list[Fact] = []

    def ignore(self, event: object, subject: str, because: str) -> None:
        """Puts on record that an event changed nothing, and why."""
        self.facts.append(EventIgnored(self.at, type(event).__name__, subject, because))

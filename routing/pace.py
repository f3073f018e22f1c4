"""How fast a queue moves: running means of handling time and of impatience, learned from the calls themselves.

Owns these two figures for each queue. Must not know a clock or a line; a few numbers a queue, whatever the number of calls.
Rules: theory.md section 2.5; each call of the past counts less with every call after it.
"""

from dataclasses import dataclass

# Before a call has been seen: the theory's reference hotline (180 s of handling, 180 s of patience), worth these many calls
PRIOR_HANDLING_S = 180.0
PRIOR_PATIENCE_S = 180.0
PRIOR_CALLS = 10.0
MEMORY_CALLS = 200.0  # about this many calls are remembered


@dataclass(slots=True)
class Pace:
    """Of one queue. `handling_s`: mean seconds that a call keeps its agent, wrap-up included.

    handled   how many calls that mean is worth, at most MEMORY_CALLS
    waited_s, hung_up   seconds that callers waited, and how many of them hung up; both fade alike
    """

    handling_s: float = PRIOR_HANDLING_S
    handled: float = PRIOR_CALLS
    waited_s: float = PRIOR_CALLS * PRIOR_PATIENCE_S
    hung_up: float = PRIOR_CALLS

    def note_handled(self, handling_s: float) -> None:
        """An agent is done with a call after `handling_s` seconds, wrap-up included."""
        self.handled = min(self.handled + 1, MEMORY_CALLS)
        self.handling_s += (handling_s - self.handling_s) / self.handled

    def note_wait(self, wait_s: float, *, hung_up: bool) -> None:
        """A caller waited for `wait_s` seconds and then was answered, or hung up."""
        fade = 1 - 1 / MEMORY_CALLS
        self.waited_s = self.waited_s * fade + wait_s
        self.hung_up = self.hung_up * fade + hung_up

    @property
    def patience_s(self) -> float:
        """Mean patience: seconds waited by all callers for each that hung up, the estimate of greatest likelihood when patience is exponential."""
        return max(1.0, self.waited_s) / max(self.hung_up, 0.01)

"""What the operator decided: tiers, seats and times that the router's decisions follow.

Owns the pure form of the configuration that the engine reads; must not know the site file (jietong maps it).
Rules: design.md section 5, theory.md section 2.6.
"""

from dataclasses import dataclass


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
class Rules:
    """All of it. `tiers` in order of priority, first first; `reserve` idle dedicated seats stay free for their own tiers."""

    queue: str
    tiers: tuple[Tier, ...]
    default_tier: str
    seats: tuple[Seat, ...]
    agents: tuple[str, ...]
    reserve: int
    ring_s: int
    wrap_up_s: float
    reject_pause_s: float
    age_ratio: float = (
        0.0  # a call that waited this many times its target competes by deadline with higher tiers; 0: never
    )
    representative_s: float = 0.0  # longest wait for the caller's own agent before the others are asked; 0: not tried

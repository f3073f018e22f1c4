"""Short ways to make rules, states and events for tests, with sensible defaults."""

from typing import Any

from routing.model import State
from routing.rules import CallbackRules, Queue, Rules, Seat, Talent, Tier

VIP = Tier("vip", 10.0, 0.95)
ORDINARY = Tier("ordinary", 20.0, 0.90)


def rules(
    shared: int = 2,
    vip: int = 0,
    reserve: int = 1,
    ring_s: int = 8,
    wrap_up_s: float = 10.0,
    wrap_up_max_s: float = 25.0,
    missed_pause_s: float = 0.0,
    auto_login: bool = True,
    age_ratio: float = 0.0,
    representative_s: float = 0.0,
    announce_every_s: float = 0.0,
    queues: tuple[Queue, ...] = (),
    talents: dict[str, Talent] | None = None,
    outside: tuple[str, ...] = (),
    callback: CallbackRules | None = None,
    requires: dict[str, tuple[tuple[str, int], ...]] | None = None,
    probe_numbers: frozenset[str] = frozenset(),
) -> Rules:
    """Rules of a small hotline: shared seats 1001.., VIP seats 1901.., agents of the same numbers."""
    seats = [Seat(str(1001 + i), (), auto_login) for i in range(shared)]
    seats += [Seat(str(1901 + i), ("vip",), auto_login) for i in range(vip)]
    return Rules(
        queue="hotline",
        tiers=(VIP, ORDINARY),
        default_tier="ordinary",
        seats=tuple(seats),
        agents=(*tuple(seat.number for seat in seats), "8001"),
        reserve=reserve,
        ring_s=ring_s,
        wrap_up_s=wrap_up_s,
        reject_pause_s=10.0,
        missed_pause_s=missed_pause_s,
        wrap_up_max_s=wrap_up_max_s,
        age_ratio=age_ratio,
        representative_s=representative_s,
        announce_every_s=announce_every_s,
        outside_numbers=outside,
        callback=callback,
        queues=queues,
        talents=talents or {},
        requires=requires or {},
        probe_numbers=probe_numbers,
    )


def a_state(**choices: Any) -> State:
    """A connected state of `rules(**choices)` in which nobody has registered yet."""
    state = State.of(rules(**choices))
    state.connected = True
    return state

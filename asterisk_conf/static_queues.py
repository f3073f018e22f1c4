"""Asterisk's own queues for the time without a router: one for each tier, with the seats that may serve it.

Owns their members. Must not know who is logged in: the router pauses and unpauses members while it is there.
Rules: design.md section 4. Seats dedicated to the tier first, then shared ones; seats dedicated to other tiers only not.
"""

from typing import NamedTuple

from asterisk_conf.settings import AsteriskSettings


class StaticQueue(NamedTuple):
    """A queue of queues.conf: `weight` ranks tiers at shared seats, `members` are (seat, penalty), the smallest penalty is asked first."""

    name: str
    tier: str
    weight: int
    members: tuple[tuple[str, int], ...]


def static_queues_of(settings: AsteriskSettings) -> list[StaticQueue]:
    """The queues in the order of the tiers, the first tier with the greatest weight."""
    found = []
    for rank, tier in enumerate(settings.tiers):
        members = tuple(
            (seat.number, 0 if seat.dedicated_to else 1)
            for seat in settings.seats
            if not seat.dedicated_to or tier in seat.dedicated_to
        )
        found.append(StaticQueue(f"static-{tier}", tier, len(settings.tiers) - rank, members))
    return found

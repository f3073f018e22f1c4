"""How many agents at work a class of calls may count upon, and how many of them another class counts upon too.

Owns those counts. Must not know which agents they are, nor whether one is free.
Rules: a dedicated seat of other tiers is not counted upon, it helps only when it is spare (selection.py). A count is made at the first question,
by a look at every group, and kept true from then on: agents come to work and leave seldom, callers ask all the time.
"""

from routing.groups import CallClass, Group


class Coverage:
    """Counts of agents who serve or will soon."""

    __slots__ = ("_both", "groups")

    def __init__(self) -> None:
        self.groups: dict[Group, int] = {}  # those in which anybody is at work
        self._both: dict[CallClass, dict[CallClass, int]] = {}

    def change(self, group: Group, by: int) -> None:
        """So many agents of the group came to work; below zero: left."""
        count = self.groups[group] = self.groups.get(group, 0) + by
        if not count:
            del self.groups[group]
        for one, row in self._both.items():
            if _counts_upon(one, group):
                for other in row:
                    if _counts_upon(other, group):
                        row[other] += by

    def of(self, call_class: CallClass) -> int:
        """The agents whom calls of that class may count upon."""
        return self._common(call_class, call_class)

    def share(self, other: CallClass, mine: CallClass) -> float:
        """The share of the agents of `other` whom `mine` may count upon too; 0 when `other` has none."""
        theirs = self.of(other)
        return self._common(other, mine) / theirs if theirs else 0.0

    def _common(self, one: CallClass, other: CallClass) -> int:
        row = self._both.setdefault(one, {})
        count = row.get(other)
        if count is None:
            count = row[other] = sum(
                count for group, count in self.groups.items() if _counts_upon(one, group) and _counts_upon(other, group)
            )
        return count


def _counts_upon(call_class: CallClass, group: Group) -> bool:
    return (not group.tiers or call_class.tier in group.tiers) and group.can_serve(call_class)

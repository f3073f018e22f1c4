"""A waiting line: ids in order of a key, with constant-time removal from the middle.

Owns the data structure behind lines of callers and of idle agents; must not know what the ids are.
Cost: push and leave O(log n), head amortised O(log n); memory stays within twice the longest length. A line that is asked for its newest or
for a count keeps a sorted list too: one move of memory more for each who comes or goes, microseconds with 100,000.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Any

Place = tuple[float, int]


class Line:
    """Ids ordered by (key, arrival order). A key is a time: the smallest stands at the head."""

    __slots__ = ("_alive", "_heap", "_places")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str]] = []
        self._alive: dict[str, Place] = {}
        self._places: list[Place] | None = None  # in order, kept only once a question needs it

    def __len__(self) -> int:
        return len(self._alive)

    def __contains__(self, member: object) -> bool:
        return member in self._alive

    def join(self, member: str, key: float, order: int) -> None:
        """Puts `member` at its place; `order` breaks ties between equal keys, smaller first. Joining twice moves it."""
        if self._places is not None:
            self._give_up_place(member)
            insort(self._places, (key, order))
        self._alive[member] = (key, order)
        heappush(self._heap, (key, order, member))
        if len(self._heap) > 2 * len(self._alive) + 16:
            self._heap = [(k, o, m) for m, (k, o) in self._alive.items()]
            heapify(self._heap)

    def leave(self, member: str) -> bool:
        """Takes `member` out, wherever it stands; False when it does not stand here."""
        self._give_up_place(member)
        return self._alive.pop(member, None) is not None

    def head(self) -> tuple[float, int, str] | None:
        """(key, order, id) of who stands first; None when nobody does."""
        heap, alive = self._heap, self._alive
        while heap:
            key, order, member = heap[0]
            if alive.get(member) == (key, order):
                return heap[0]
            heappop(heap)
        return None

    def newest(self) -> float | None:
        """The key of who stands last; None when nobody stands here."""
        places = self._in_order()
        return places[-1][0] if places else None

    def count_before(self, limit: Any, rank: Callable[[Place], Any]) -> int:
        """How many stand before `limit`; `rank` makes of (key, order) what compares with it, and must rise along the line."""
        return bisect_left(self._in_order(), limit, key=rank)

    def _in_order(self) -> list[Place]:
        if self._places is None:
            self._places = sorted(self._alive.values())
        return self._places

    def _give_up_place(self, member: str) -> None:
        place = self._alive.get(member) if self._places is not None else None
        if self._places is not None and place is not None:
            del self._places[bisect_left(self._places, place)]

    def __iter__(self) -> Iterator[str]:
        """Ids in order; O(n log n), for people and tests, never for a decision."""
        return iter(sorted(self._alive, key=self._alive.__getitem__))

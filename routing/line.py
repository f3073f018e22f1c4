"""A waiting line: ids in order of a key, with constant-time removal from the middle.

Owns the data structure behind lines of callers and of idle agents; must not know what the ids are.
Cost: push and leave O(log n), head amortised O(log n); memory stays within twice the longest length.
"""

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush


class Line:
    """Ids ordered by (key, arrival order). A key is a time: the smallest stands at the head."""

    __slots__ = ("_alive", "_heap", "_latest")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str]] = []
        self._alive: dict[str, tuple[float, int]] = {}
        self._latest: list[tuple[float, int, str]] | None = None  # kept only once `newest` was asked for

    def __len__(self) -> int:
        return len(self._alive)

    def __contains__(self, member: object) -> bool:
        return member in self._alive

    def join(self, member: str, key: float, order: int) -> None:
        """Puts `member` at its place; `order` breaks ties between equal keys, smaller first. Joining twice moves it."""
        self._alive[member] = (key, order)
        heappush(self._heap, (key, order, member))
        if len(self._heap) > 2 * len(self._alive) + 16:
            self._heap = [(k, o, m) for m, (k, o) in self._alive.items()]
            heapify(self._heap)
        if self._latest is not None:
            heappush(self._latest, (-key, -order, member))
            if len(self._latest) > 2 * len(self._alive) + 16:
                self._latest = None

    def leave(self, member: str) -> bool:
        """Takes `member` out, wherever it stands; False when it does not stand here."""
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
        """The key of who stands last; None when nobody stands here. Amortised O(log n) for a line that is asked."""
        if self._latest is None:
            self._latest = [(-key, -order, member) for member, (key, order) in self._alive.items()]
            heapify(self._latest)
        latest, alive = self._latest, self._alive
        while latest:
            key, order, member = latest[0]
            if alive.get(member) == (-key, -order):
                return -key
            heappop(latest)
        return None

    def places(self) -> Iterable[tuple[float, int]]:
        """(key, order) of everyone here, in no order; O(n)."""
        return self._alive.values()

    def __iter__(self) -> Iterator[str]:
        """Ids in order; O(n log n), for people and tests, never for a decision."""
        return iter(sorted(self._alive, key=self._alive.__getitem__))

"""Numbers of cases, taken without asking the database: the caller hears one while that is away.

Owns the marks of numbers that were taken of late. Must not know what a case is about.
Rules: docs/discussions.md, "Why a case number is nine digits".
"""

import secrets

from ivr.case import NUMBERS_A_DAY, case_number
from routing.adapters import redis_clients

MARK_KEPT_S = 2 * 86_400  # a number is made on its own day only
MOST_TRIES = 50
NOBODY = "-"  # whose number was withheld


def random_number(at: float) -> str:
    """A number of that day, perhaps a taken one."""
    return case_number(at, secrets.randbelow(NUMBERS_A_DAY))


class CaseNumbers:
    """Marks in the store. Any number of threads may take numbers."""

    def __init__(self, url: str, prefix: str) -> None:
        self._store = redis_clients.open_sync(url)
        self._prefix = prefix

    def take(self, phone: str, at: float) -> str:
        """A number that nobody has, marked as taken by `phone` (empty: withheld). Raises StoreAway, also when the day has none left."""
        for _ in range(MOST_TRIES):
            number = random_number(at)
            try:
                is_mine = self._store.set(self._key(number), phone or NOBODY, nx=True, ex=MARK_KEPT_S)
            except redis_clients.AWAY as error:
                raise redis_clients.StoreAway(f"no number taken: {type(error).__name__}") from error
            if is_mine:
                return number
        raise redis_clients.StoreAway(f"no free number in {MOST_TRIES} tries")

    def taken_by(self, number: str) -> str:
        """Who took that number in the last two days; empty: nobody, a withheld number, or the store is away."""
        try:
            mark = self._store.get(self._key(number))
        except redis_clients.AWAY:
            return ""
        phone = mark.decode() if isinstance(mark, bytes) else ""
        return "" if phone == NOBODY else phone

    def close(self) -> None:
        """Ends the connection."""
        self._store.close()

    def _key(self, number: str) -> str:
        return redis_clients.key(self._prefix, f"case:{number}")

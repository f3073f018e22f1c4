"""Who an agent is: the check of number and PIN against the database.

Owns that one check. Must not log or keep a PIN.
Rules: domain.md P3 (strong hash); an unknown number takes as long as a wrong PIN, so that numbers cannot be guessed by the clock.
"""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Engine, select

from routing.adapters.tables import agents


class AgentPins:
    """The agents table behind `engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody = self._hasher.hash("no agent has this PIN")

    def is_right(self, number: str, pin: str) -> bool:
        """Whether the agent exists and the PIN is its own. Raises SQLAlchemy's errors."""
        with self._engine.connect() as connection:
            kept = connection.execute(select(agents.c.pin_hash).where(agents.c.number == number)).scalar()
        try:
            return self._hasher.verify(kept or self._nobody, pin) and kept is not None
        except (Argon2Error, InvalidHashError):
            return False

"""Who may route: one router a hotline holds the lease, and each new holder gets a higher fence number.

Owns three keys, `leader` (owner id, expires by itself), `fence` (counter) and `fence-owner` (who counted last). Must not know what a router does.
Rules: design.md section 4. What is written carries the fence number of its writer: a lower one than the store's is refused.
"""

from typing import Any

from redis.commands.core import AsyncScript

from routing.adapters import redis_clients

TTL_S = 1.5  # renewed every 0.3 s by its holder, so four renewals may fail

_ACQUIRE = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  redis.call('pexpire', KEYS[1], ARGV[2])
  return tonumber(redis.call('get', KEYS[2]) or redis.call('incr', KEYS[2]))
end
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[3] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
local fence = tonumber(redis.call('get', KEYS[2]) or 0)
if fence > 0 and redis.call('get', KEYS[3]) == ARGV[1] then return fence end
fence = math.max(fence, tonumber(ARGV[4])) + 1
redis.call('set', KEYS[2], fence)
redis.call('set', KEYS[3], ARGV[1])
return fence
"""
_RENEW = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class Lease:
    """The lease as one router sees it. `owner` must be unique in the world: host, pid and a random part.

    fence   number of this tenure, higher than that of every earlier holder; 0 while not held. A holder whose lease ran out while nobody
            else took it gets its number back: its own question may have been answered without its hearing (a store that stood still
            answers afterwards), and what it writes meanwhile must not be refused for the sake of a number that is its own
    """

    def __init__(self, url: str, prefix: str, owner: str, ttl_s: float = TTL_S) -> None:
        self.owner = owner
        self.fence = 0
        self._highest = 0
        self._store = redis_clients.open_async(url)
        self._keys = [redis_clients.key(prefix, name) for name in ("leader", "fence", "fence-owner")]
        self._ttl_ms = int(ttl_s * 1000)
        self._acquire = self._store.register_script(_ACQUIRE)
        self._renew = self._store.register_script(_RENEW)
        self._release = self._store.register_script(_RELEASE)

    async def acquire(self, instead_of: str = "") -> bool:
        """Takes the lease if nobody has it (or keeps it), or from `instead_of`, an owner known to be dead. A store that
        was emptied gives no fence number a second time. Raises StoreAway.
        """
        self.fence = int(await self._run(self._acquire, instead_of, self._highest))
        self._highest = max(self._highest, self.fence)
        return self.fence > 0

    async def renew(self) -> bool:
        """Holds it for another `ttl_s`; False when it is lost: stop deciding. Raises StoreAway."""
        is_held = bool(await self._run(self._renew))
        if not is_held:
            self.fence = 0
        return is_held

    async def release(self) -> None:
        """Gives it up at once, so that a successor need not wait; nothing happens when another holds it. Raises
        StoreAway.
        """
        self.fence = 0
        await self._run(self._release)

    async def holder(self) -> str:
        """Owner id of whoever holds it now, empty when nobody does. Raises StoreAway."""
        try:
            owner: Any = await self._store.get(self._keys[0])
        except redis_clients.AWAY as error:
            raise redis_clients.StoreAway(f"lease not read: {error!r}") from error
        return owner.decode() if owner else ""

    async def close(self) -> None:
        """Ends the connection; the lease is left to expire."""
        await self._store.aclose()

    async def _run(self, script: AsyncScript, *more: str | int) -> int:
        try:
            return int(await script(keys=self._keys, args=[self.owner, self._ttl_ms, *more]))
        except redis_clients.AWAY as error:
            raise redis_clients.StoreAway(f"lease not reached: {error!r}") from error

"""Connections to Redis or Valkey with time limits that suit a telephone call, and the names of the keys.

Owns client settings and key names; must not know what is stored. Only commands of Redis 7.0 are used.
Rules: redis-py's defaults (5 s, 10 retries) turn an 8 s blocking read into 59 s and let a caller hear silence for 3.4
s (measured).
"""

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

COMMAND_S = 0.3  # longest wait for an answer that is not meant to block
AWAY = (redis.RedisError, OSError, TimeoutError)  # whatever says that the store cannot be used now


class StoreAway(Exception):
    """Redis or Valkey does not answer: go on without it and try again."""


def key(prefix: str, name: str) -> str:
    """The key of `name` (journal, snapshot, inbox, leader, fence) for the hotline with `prefix`, which ends in a
    colon.
    """
    return f"{prefix}{name}"


def prefix_of(hotline: str) -> str:
    """The prefix of all keys of a hotline: jietong:10010:"""
    return f"jietong:{hotline}:"


def open_async(url: str, retries: int = 1, limit_s: float | None = COMMAND_S) -> redis.asyncio.Redis:
    """A client for asyncio; connects at its first command. `url`: redis://, rediss:// or unix:///path. `limit_s`: None
    where the caller sets one round each command.
    """
    return redis.asyncio.Redis.from_url(url, socket_timeout=limit_s, retry=AsyncRetry(NoBackoff(), retries), protocol=2)


def open_async_blocking(url: str) -> redis.asyncio.Redis:
    """A client for blocking reads in asyncio: no time limit of its own, the caller sets one round each read."""
    return open_async(url, retries=0, limit_s=None)


def open_sync(url: str) -> redis.Redis:
    """A client for threads and commands."""
    return redis.Redis.from_url(url, socket_timeout=COMMAND_S, retry=Retry(NoBackoff(), 1), protocol=2)


def open_sync_blocking(url: str, block_s: float) -> redis.Redis:
    """A client for reads that block up to `block_s`; a store that is silent for 1 s longer counts as away."""
    return redis.Redis.from_url(url, socket_timeout=block_s + 1, retry=Retry(NoBackoff(), 0), protocol=2)

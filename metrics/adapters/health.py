"""Whether a call can be served now, and if not why.

Owns the checks behind `/healthz`. Must not repair anything.
Rules: design.md section 5: 200 when a call can be served, else 503 with the reason.
"""

import socket
import threading
import time
from dataclasses import dataclass, field

import msgspec

from metrics.view import LiveView
from routing.adapters import redis_clients

KEEP_S = 1.0  # a health page that is asked often does not load what it asks
LAG_LIMIT_S = 10.0
CONNECT_S = 0.5


@dataclass(frozen=True)
class Health:
    """`reasons`: why no call can be served (empty: it can). `warnings`: what an operator should know all the same."""

    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = field(default=())


class HealthCheck:
    """Asks store, router and AGI workers; keeps the answer for a second. Safe to ask from several threads."""

    def __init__(self, store_url: str, prefix: str, agi: tuple[str, int], view: LiveView) -> None:
        self._store = redis_clients.open_sync(store_url)
        self._prefix = prefix
        self._agi = agi
        self._view = view
        self._lock = threading.Lock()
        self._kept: tuple[float, Health, bool] | None = None

    def now(self, lag_s: float) -> Health:
        """The health at most a second ago."""
        return self._check(lag_s)[0]

    def is_router_active(self) -> bool:
        """Whether a router held the lease at most a second ago."""
        return self._check(0.0)[1]

    def _check(self, lag_s: float) -> tuple[Health, bool]:
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] > KEEP_S:
                health, is_active = self._ask(lag_s)
                self._kept = (time.monotonic(), health, is_active)
            return self._kept[1], self._kept[2]

    def _ask(self, lag_s: float) -> tuple[Health, bool]:
        reasons, warnings, is_active = [], [], False
        try:
            leader, sign = self._store.mget(
                [redis_clients.key(self._prefix, "leader"), redis_clients.key(self._prefix, "router")]
            )
            is_active = leader is not None
            if not is_active:
                reasons.append("no router is active")
            elif sign is None:
                reasons.append("the router gives no sign of life")
            elif not msgspec.json.decode(sign)["asterisk_connected"]:
                reasons.append("the router has no connection to Asterisk")
        except redis_clients.AWAY:
            reasons.append("Redis or Valkey does not answer")
        if not _listens(self._agi):
            reasons.append("no AGI worker listens")
        if lag_s > LAG_LIMIT_S:
            warnings.append(f"metrics are {lag_s:.0f} s behind the journal")
        counts = self._view.state_counts()
        if not any(counts[state] for state in ("ready", "ringing", "talking", "wrap_up")):
            warnings.append("no agent is ready or on a call")
        return Health(tuple(reasons), tuple(warnings)), is_active


def _listens(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, CONNECT_S):
            return True
    except OSError:
        return False

"""Whether a call can be served now, and if not why.

Owns the questions behind `/healthz` and how long an answer is good. Must not repair anything.
Rules: design.md section 5: 200 when a call can be served, else 503 with the reason. Counting that lags serves no call less: a warning.
"""

import math
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from routing.adapters import redis_clients

KEEP_S = 1.0  # a page that is asked often does not load what it asks
LAG_LIMIT_S = 5.0
REFUSING_S = 60.0
CONNECT_S = 0.5
RUNBOOK = "docs/runbook.md"
AT_WORK = ("ready", "ringing", "talking", "wrap_up")

T = TypeVar("T")


class Trouble(StrEnum):
    """Everything that `/healthz` can say. Each has a heading of the same words in docs/runbook.md; more may follow a colon."""

    STORE_AWAY = "Redis or Valkey does not answer"
    NO_ROUTER = "no router is active"
    ROUTER_SILENT = "the router gives no sign of life"
    NO_ASTERISK = "the router has no connection to Asterisk"
    NO_WORKER = "no AGI worker listens"
    METRICS_LATE = "metrics are behind the journal"
    FULL = "the hotline is full"
    NO_AGENT = "no agent is ready or on a call"


@dataclass(frozen=True, slots=True)
class Health:
    """`reasons`: why no call can be served (empty: it can). `warnings`: what an operator should know all the same."""

    reasons: tuple[str, ...]
    warnings: tuple[str, ...]

    def runbook(self) -> tuple[str, ...]:
        """Where to read what to do, in the order of reasons and warnings."""
        return tuple(f"{RUNBOOK}#{anchor_of(text)}" for text in (*self.reasons, *self.warnings))


def anchor_of(text: str) -> str:
    """The place of a reason or warning on its page, as GitHub and most viewers name headings."""
    heading = text.partition(":")[0].lower()
    return re.sub(r"[^\w-]", "", heading.replace(" ", "-"))


@dataclass(frozen=True, slots=True)
class _RouterSigns:
    store_answers: bool
    is_active: bool = False
    is_alive: bool = False
    hears_asterisk: bool = False


class HealthCheck:
    """Asks store, router and AGI workers; answers are at most `KEEP_S` old. For several threads.

    An AGI worker that hides behind a full backlog counts as absent after `CONNECT_S`.
    """

    def __init__(self, store_url: str, prefix: str, agi: tuple[str, int]) -> None:
        self._store = redis_clients.open_sync(store_url)
        self._keys = [redis_clients.key(prefix, name) for name in ("leader", "router")]
        self._router = _Kept(self._ask_router)
        self._agi = _Kept(lambda: _listens(agi))

    def is_router_active(self) -> bool:
        """Whether a router held the lease; False as well when the store does not say."""
        return self._router.value().is_active

    def hears_asterisk(self) -> bool | None:
        """Whether a router is there and has its connection to Asterisk; None when the store does not say."""
        signs = self._router.value()
        return signs.is_alive and signs.hears_asterisk if signs.store_answers else None

    def now(self, lag_s: float, agents: Mapping[str, int], refused_ago_s: float = math.inf) -> Health:
        """The health, for counting that is `lag_s` behind, agents by state, and a caller sent away `refused_ago_s` ago."""
        reasons: list[str] = [text for text in (_fault_of(self._router.value()),) if text]
        if not self._agi.value():
            reasons.append(Trouble.NO_WORKER)
        warnings: list[str] = []
        if lag_s > LAG_LIMIT_S:
            warnings.append(f"{Trouble.METRICS_LATE}: {lag_s:.0f} s")
        if refused_ago_s < REFUSING_S:
            warnings.append(f"{Trouble.FULL}: callers are refused")
        if not any(agents.get(state) for state in AT_WORK):
            warnings.append(Trouble.NO_AGENT)
        return Health(tuple(reasons), tuple(warnings))

    def _ask_router(self) -> _RouterSigns:
        try:
            found: Any = self._store.mget(self._keys)
        except redis_clients.AWAY:
            return _RouterSigns(store_answers=False)
        leader, sign = found
        return _RouterSigns(True, leader is not None, sign is not None, _hears_asterisk(sign or b"{}"))


class _Kept(Generic[T]):
    """The answer to a question, asked again when it is older than `KEEP_S`; one thread asks, the others wait for it."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: tuple[float, T] | None = None

    def value(self) -> T:
        with self._lock:
            if self._answer is None or time.monotonic() - self._answer[0] > KEEP_S:
                answer = self._ask()
                self._answer = (time.monotonic(), answer)
            return self._answer[1]


def _fault_of(signs: _RouterSigns) -> str:
    if not signs.store_answers:
        return Trouble.STORE_AWAY
    if not signs.is_active:
        return Trouble.NO_ROUTER
    if not signs.is_alive:
        return Trouble.ROUTER_SILENT
    return "" if signs.hears_asterisk else Trouble.NO_ASTERISK


def _hears_asterisk(sign: bytes) -> bool:
    try:
        told = msgspec.json.decode(sign)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(told, dict) and told.get("asterisk_connected") is True


def _listens(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, CONNECT_S):
            return True
    except OSError:
        return False

"""Makes calls for the simulator of a call log in the bank's format: what the log leaves open is filled by chance, from what it knows.

Owns the filling; must not read files. docs/simulation.md tells each rule.
Rules: theory.md section 4. The class of a caller who did not wait is drawn by the share of VIP callers among those of its service who waited;
a caller who waited without a class is ordinary. Patience is what a caller who hung up had waited, else what it had waited and an exponential
rest with its tier's mean. A caller who hung up talks as long as a random answered one of its tier.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, log1p

from jietong.bank_log import LoggedCall
from planning.past_calls import Handling, PastCall, handling_of
from simulation.arrival import Arrival
from simulation.chance import uniform

VIP, ORDINARY = "vip", "ordinary"
LEAST_TALK_S = 1.0
_CLASS, _PATIENCE, _TALK = range(3)  # the questions that a call's luck answers


@dataclass(frozen=True, slots=True)
class Filled:
    """A logged call with its tier."""

    call: LoggedCall
    tier: str

    @property
    def past(self) -> PastCall:
        """As any other history has it."""
        return PastCall(self.call.at, self.tier, self.call.wait_s, self.call.talk_s, self.call.agent)


def with_tiers(log: Sequence[LoggedCall], seed: int) -> list[Filled]:
    """Every call with a tier; the same seed gives the same tiers."""
    shares = vip_shares(log)
    return [Filled(call, _tier(call, shares.get(call.service, shares[""]), seed)) for call in log]


def vip_shares(log: Sequence[LoggedCall]) -> dict[str, float]:
    """By service the share of VIP callers among those who waited; "" for all services."""
    waited, vip = defaultdict[str, int](int), defaultdict[str, int](int)
    for call in log:
        if call.wait_s > 0:
            for name in (call.service, ""):
                waited[name] += 1
                vip[name] += call.priority == 2
    return {name: vip[name] / count for name, count in waited.items()} or {"": 0.0}


def arrivals(
    filled: Sequence[Filled], handling: dict[str, Handling], seed: int, *, shift_s: float = 0.0
) -> Iterator[Arrival]:
    """The calls as they come, in order, `shift_s` later than they were."""
    talks = defaultdict[str, list[float]](list)
    for one in filled:
        if one.call.talk_s is not None:
            talks[one.tier].append(max(LEAST_TALK_S, one.call.talk_s))
    for number, one in enumerate(filled):
        luck = _luck(one.call, seed)
        yield Arrival(
            at=one.call.at + shift_s,
            talk_s=_talk(one, talks[one.tier], uniform(luck, _TALK)),
            patience_s=_patience(one, handling, uniform(luck, _PATIENCE)),
            tier=one.tier,
            luck=luck + number + 1,
        )


def filled_handling(filled: Sequence[Filled]) -> dict[str, Handling]:
    """Talk and patience of each tier."""
    return handling_of(one.past for one in filled)


def _luck(call: LoggedCall, seed: int) -> int:
    return (seed * 1_000_003 + call.number) & ((1 << 53) - 1)


def _tier(call: LoggedCall, vip_share: float, seed: int) -> str:
    if call.priority == 2:
        return VIP
    if call.priority == 1 or call.wait_s > 0:
        return ORDINARY
    return VIP if uniform(_luck(call, seed), _CLASS) < vip_share else ORDINARY


def _talk(one: Filled, talks: Sequence[float], luck: float) -> float:
    if one.call.talk_s is not None:
        return max(LEAST_TALK_S, one.call.talk_s)
    return talks[int(luck * len(talks))] if talks else LEAST_TALK_S


def _patience(one: Filled, handling: dict[str, Handling], luck: float) -> float:
    if one.call.talk_s is None:
        return max(one.call.wait_s, 0.001)
    mean_s = handling[one.tier].patience_s if one.tier in handling else inf
    return one.call.wait_s - mean_s * log1p(-luck) if mean_s < inf else inf

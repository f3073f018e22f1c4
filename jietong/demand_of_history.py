"""What a day to come will ask of the hotline, forecast from its history.

Owns the way from counts and past calls to planning/demand.py, tier by tier. Must not read files nor plan.
Rules: the whole hotline is forecast, and each tier has its share of each half hour: few VIP callers alone would tell no profile.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import fmean, pstdev
from zoneinfo import ZoneInfo

from jietong.bank_trace import with_tiers
from jietong.history_file import Past, local_clock
from planning.demand import HALF_HOUR_S, SLOTS, Demand, TierDemand
from planning.forecast import Pattern, Special, pattern_of
from planning.history import History, merged
from planning.load import LoadError
from planning.past_calls import Handling, PastCall, handling_of, histories_of
from routing.rules import Rules, Tier
from simulation.chance import Distribution, Shape
from simulation.people import IDEAL, Habits

DOUBT = 30.0  # calls' worth of evidence that a tier's share is the same at every time of the day
RECENT = timedelta(days=56)
ENOUGH = 50  # talks that tell their spread
PICK_UP_CV = 0.5  # as the traffic file's agents have it when nothing is said


@dataclass(frozen=True, slots=True)
class Known:
    """What the operator says where the file leaves it open; seconds and shares. None: as the file says."""

    talk_s: float | None = None
    patience_s: float | None = None
    first_share: float | None = None
    pick_up_s: float | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """A history by tier: counts, and single calls where it has them."""

    counts: Mapping[str, History]
    calls: Sequence[PastCall]

    @property
    def whole(self) -> History:
        """Every tier together."""
        histories = list(self.counts.values())
        days = {
            day: tuple(map(sum, zip(*(one.days[day] for one in histories), strict=True))) for day in histories[0].days
        }
        return History(histories[0].slot_s, days)


def learned_from(past: Past, rules: Rules, zone: ZoneInfo, known: Known, seed: int = 1) -> Learned:
    """The history by the site's tiers; tiers that the site has not are its default one. Counts alone are parted by `known.first_share`.

    raises   LoadError for a share that is none
    """
    first, last = rules.tiers[0].name, rules.default_tier
    calls: Sequence[PastCall] = [one.past for one in with_tiers(past.log, seed)] if past.log else past.calls
    if calls:
        names = {tier.name for tier in rules.tiers}
        calls = [call if call.tier in names else replace(call, tier=last) for call in calls]
        return Learned(histories_of(calls, local_clock(zone)), calls)
    share = known.first_share or 0.0
    if not 0 <= share < 1:
        raise LoadError(f"the share of {first} callers is {share:g}: it must be from 0 to below 1, such as 0.15")
    whole = past.counts[""]
    return Learned({name: _part(whole, part) for name, part in ((first, share), (last, 1 - share)) if part}, ())


def forecast_demand(
    learned: Learned, rules: Rules, day: date | None, special: Special, known: Known
) -> tuple[date, Demand, tuple[str, ...]]:
    """The day, left out: the one after the history; what it will ask; in words what was left out or assumed.

    raises   HistoryError, LoadError
    """
    whole = learned.whole
    pattern = pattern_of(whole.before(day) if day is not None else whole, special)
    day = day or pattern.until
    made = pattern.day(day)
    half_hours = merged(made.calls, made.slot_s, HALF_HOUR_S)
    shares, handling = _shares(learned.counts, pattern), handling_of(learned.calls)
    notes, tiers = [*pattern.notes, *made.notes], []
    for tier in rules.tiers:
        if tier.name in shares:
            calls = tuple(count * share for count, share in zip(half_hours, shares[tier.name], strict=True))
            own = _handling(handling.get(tier.name), tier, known, rules, notes)
            tiers.append(_tier(tier, calls, own, learned.calls))
    return day, Demand(tuple(tiers), made.cv), tuple(notes)


def _part(whole: History, share: float) -> History:
    return History(whole.slot_s, {day: tuple(count * share for count in counts) for day, counts in whole.days.items()})


def _shares(counts: Mapping[str, History], pattern: Pattern) -> dict[str, list[float]]:
    """Each tier's share of every half hour over the recent past, drawn towards its share of all calls; they add up to 1."""
    sums = {
        name: [
            sum(column)
            for column in zip(
                *(
                    merged(slots, history.slot_s, HALF_HOUR_S)
                    for day, slots in history.days.items()
                    if pattern.until - RECENT <= day < pattern.until
                ),
                strict=True,
            )
        ]
        for name, history in counts.items()
    }
    everybody = sum(map(sum, sums.values())) or 1.0
    of_slot = [sum(mine[slot] for mine in sums.values()) for slot in range(SLOTS)]
    return {
        name: [(mine[slot] + DOUBT * sum(mine) / everybody) / (of_slot[slot] + DOUBT) for slot in range(SLOTS)]
        for name, mine in sums.items()
    }


def _handling(found: Handling | None, tier: Tier, known: Known, rules: Rules, notes: list[str]) -> Handling:
    """Means of a tier: what the operator says, else what the calls tell, else what the site file says."""
    talk_s = known.talk_s if known.talk_s is not None else found.talk_s if found else None
    if talk_s is None:
        raise LoadError(
            f"the history does not tell how long calls of tier {tier.name} take: say it with --talk-s, such as 180"
        )
    patience_s = known.patience_s if known.patience_s is not None else found.patience_s if found else math.inf
    if math.isinf(patience_s):
        notes.append(f"tier {tier.name}: nobody hangs up as far as the history tells; --patience-s says otherwise")
    wrap_up_s = found.wrap_up_s if found and found.wrap_up_s is not None else rules.wrap_up_s
    ring_s = known.pick_up_s if known.pick_up_s is not None else found.ring_s if found else 0.0
    return Handling(talk_s, patience_s, found.calls if found else 0, wrap_up_s, ring_s)


def _tier(tier: Tier, calls: tuple[float, ...], own: Handling, past: Sequence[PastCall]) -> TierDemand:
    talks = [call.talk_s for call in past if call.tier == tier.name and call.talk_s]
    spread = min(5.0, max(0.1, pstdev(talks) / fmean(talks))) if len(talks) >= ENOUGH else 1.0
    assert own.wrap_up_s is not None
    handling_s = own.talk_s + own.wrap_up_s + own.ring_s
    return TierDemand(
        tier.name,
        calls,
        own.talk_s,
        handling_s,
        own.patience_s,
        tier.answer_within_s,
        tier.goal,
        spread,
        own.wrap_up_s,
    )


def habits_of(known: Known, calls: Sequence[PastCall]) -> Habits:
    """How agents pick up: as the operator says, else as long as seats rang; at once when neither is known."""
    rings = [call.ring_s for call in calls if call.talk_s is not None]
    ring_s = known.pick_up_s if known.pick_up_s is not None else fmean(rings) if rings else 0.0
    return replace(IDEAL, pick_up=Distribution(ring_s, Shape.LOGNORMAL, PICK_UP_CV)) if ring_s > 0 else IDEAL

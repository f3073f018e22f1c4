"""A real call log through the shipped rules, with agents of our own plan: what each tier would have met.

    python -m bench.replay_trace LOG.tsv.gz [--from DATE] [--seeds N] [--sure SHARE] [--zone NAME] [--json]

Any file in the format of the "Anonymous Bank" log. Agents per half hour come from `jietong plan`'s own formulas on the mean profile of the log's days
(weekdays alike, Friday and Saturday each by itself), as in theory.md section 4. With --from each day from that date on is planned from what was
known the evening before, by `jietong plan`'s own forecast, and only those days are replayed. Classes and patience that the log leaves open are
filled by chance, with N seeds (jietong/bank_trace.py).
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import sqrt
from pathlib import Path
from statistics import fmean, pvariance
from zoneinfo import ZoneInfo

from jietong.bank_log import LoggedCall
from jietong.bank_trace import ORDINARY, VIP, Filled, arrivals, filled_handling, with_tiers
from jietong.demand_of_history import Known, Learned, forecast_demand
from jietong.history_file import local_clock, read_history
from jietong.plan_trial import manned
from jietong.scenario import SHARED, with_seats
from jietong.shift_file import moment
from jietong.simulation_pool import run_all
from metrics.service_level import Variant, service_level
from planning.demand import HALF_HOUR_S, SLOTS, Demand, TierDemand
from planning.forecast import Special, day_factor
from planning.history import merged
from planning.past_calls import histories_of
from planning.staffing import Goals, Staff, by_formula
from routing.rules import Rules, Seat, Tier
from simulation.run import simulate
from simulation.shift import Shift
from simulation.totals import Count

VIP_S, ORDINARY_S = 10.0, 20.0
LEAST_CALLS = 50  # a day with fewer is the tail of the one before
KINDS = ("weekday", "Friday", "Saturday")
PLAIN = Rules(
    queue="calls",
    tiers=(Tier(VIP, VIP_S, 0.9), Tier(ORDINARY, ORDINARY_S, 0.9)),
    default_tier=ORDINARY,
    seats=(Seat("1", (), auto_login=True),),
    agents=("1",),
    reserve=1,
    ring_s=8,
    wrap_up_s=0.0,  # the log has no after-call work
    reject_pause_s=10.0,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: the share of each shift at VIP seats, the reserve, and by how many agents every half hour differs from the plan."""

    name: str
    vip_seats: float
    reserve: int = 1
    more: int = 0


ROWS = (
    Rule("one pool, VIP first", 0.0),
    Rule("VIP seats 25 %, reserve 0", 0.25, 0),
    Rule("VIP seats 25 %, reserve 1", 0.25, 1),
    Rule("VIP seats 40 %, reserve 1", 0.40, 1),
    Rule("one pool, one agent more", 0.0, 1, 1),
    Rule("VIP seats 25 %, reserve 1, one agent more", 0.25, 1, 1),
)
THEORY = {  # theory.md section 4: VIP in 10 s, ordinary in 20 s; its own plan had 124 agent-hours on a weekday, 142 with one agent more
    "one pool, VIP first": (0.908, 0.920),
    "VIP seats 25 %, reserve 0": (0.909, 0.921),
    "VIP seats 25 %, reserve 1": (0.918, 0.901),
    "VIP seats 40 %, reserve 1": (0.924, 0.889),
    "VIP seats 25 %, reserve 1, one agent more": (0.964, 0.955),
}


def kind_of(day: date) -> str:
    """The sort of day: the bank closes early on Friday and opens on Saturday evening."""
    return {4: "Friday", 5: "Saturday"}.get(day.weekday(), "weekday")


def demand_of(filled: Sequence[Filled], kind: str, days: int, clock: Callable[[float], tuple[date, float]]) -> Demand:
    """The mean day of one kind: VIP and ordinary callers with the talk and the patience that the log has."""
    of_kind = [one.past for one in filled if kind_of(clock(one.call.at)[0]) == kind]
    handling, histories, tiers = filled_handling(filled), histories_of(of_kind, clock), []
    for name, within_s in ((VIP, VIP_S), (ORDINARY, ORDINARY_S)):
        counts = histories[name].days.values() if name in histories else ()
        calls = [0.0] * SLOTS
        for slots in counts:
            calls = [
                one + two for one, two in zip(calls, merged(slots, histories[name].slot_s, HALF_HOUR_S), strict=True)
            ]
        own = handling[name]
        mean = tuple(count / max(1, days) for count in calls)
        tiers.append(TierDemand(name, mean, own.talk_s, own.talk_s, own.patience_s, within_s, 0.90))
    return Demand(tuple(tiers))


def spread_of(totals: Sequence[float]) -> float:
    """How much days of one kind differ beyond what counts alone vary: standard deviation over mean."""
    mean = fmean(totals) if totals else 1.0
    return sqrt(max(0.0, pvariance(totals) - mean)) / mean if len(totals) > 1 else 0.0


def mean_plans(
    filled: Sequence[Filled], days: Sequence[date], zone: ZoneInfo, sure: float
) -> dict[date, tuple[int, ...]]:
    """Agents of each half hour of each day, by formula for 90 % of VIP callers in 10 s and 90 % of the others in 20 s, on the mean day of its kind."""
    clock = local_clock(zone)
    seen = {clock(one.call.at)[0] for one in filled}
    counts = histories_of([replace(one.past, tier="") for one in filled], clock)[""]
    found = {}
    for kind in KINDS:
        totals = [
            sum(counts.days[day]) for day in seen if kind_of(day) == kind and sum(counts.days[day]) >= LEAST_CALLS
        ]
        factor = day_factor(spread_of(totals), sure)
        demand = demand_of(filled, kind, len(totals), clock)
        found[kind] = by_formula(demand.busier(factor), Goals(peak=None)) if demand.open_slots() else (0,) * SLOTS
    return {day: found[kind_of(day)] for day in days}


def evening_plans(
    filled: Sequence[Filled], days: Sequence[date], zone: ZoneInfo, sure: float
) -> dict[date, tuple[int, ...]]:
    """The same, each day forecast from the days before it."""
    clock, found = local_clock(zone), {}
    for day in days:
        known = [one for one in filled if clock(one.call.at)[0] < day]
        calls = [one.past for one in known]
        _, demand, _ = forecast_demand(Learned(histories_of(calls, clock), calls), PLAIN, day, Special(), Known())
        busy = demand.busier(day_factor(demand.cv, sure))
        found[day] = by_formula(busy, Goals(peak=None)) if busy.open_slots() else (0,) * SLOTS
    return found


def staff_of(agents: Sequence[int], rule: Rule) -> Staff:
    """The plan with the rule's share of VIP seats."""
    counts = tuple(count + rule.more if count else 0 for count in agents)
    return Staff(counts, tuple(int(rule.vip_seats * count) for count in counts))


def seats_for(staffs: Sequence[Staff], rule: Rule) -> Rules:
    """Plain seats, as many as any half hour needs."""
    own = max(max(staff.dedicated) for staff in staffs)
    shared = max(total - mine for staff in staffs for total, mine in zip(staff.agents, staff.dedicated, strict=True))
    return with_seats(replace(PLAIN, reserve=rule.reserve), {SHARED: shared, **({VIP: own} if own else {})})


def shifts_of(rules: Rules, by_day: dict[date, Staff], zone: ZoneInfo) -> Iterator[Shift]:
    """Who sits where on each day."""
    own = [seat.number for seat in rules.seats if seat.dedicated_to]
    others = [seat.number for seat in rules.seats if not seat.dedicated_to]
    for day, staff in by_day.items():
        shared = [total - mine for total, mine in zip(staff.agents, staff.dedicated, strict=True)]
        for numbers, counts in ((own, staff.dedicated), (others, shared)):
            for number, start_s, end_s in manned(numbers, counts):
                yield Shift(number, number, moment(day, int(start_s), zone), moment(day, int(end_s), zone))


def replayed(
    log: Sequence[LoggedCall], since: date | None, rule: Rule, zone: ZoneInfo, seed: int, sure: float
) -> tuple[Count, Count, float]:
    """VIP and ordinary callers of one replay, and the mean agent-hours of a weekday."""
    filled, clock = with_tiers(log, seed), local_clock(zone)
    first, last = since or clock(log[0].at)[0], clock(log[-1].at)[0]
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    agents = mean_plans(filled, days, zone, sure) if since is None else evening_plans(filled, days, zone, sure)
    by_day = {day: staff_of(counts, rule) for day, counts in agents.items()}
    rules = seats_for(list(by_day.values()), rule)
    calls = [one for one in filled if clock(one.call.at)[0] >= first]
    totals = simulate(
        rules,
        arrivals(calls, filled_handling(filled), seed),
        tuple(shifts_of(rules, by_day, zone)),
        seed=seed,
        starts_at=moment(first, 0, zone),
    )
    hours = fmean(staff.hours for day, staff in by_day.items() if kind_of(day) == "weekday" and staff.hours)
    return totals.of_tier(VIP), totals.of_tier(ORDINARY), hours


def level(count: Count, variant: Variant = Variant.ABANDONED_IN_TIME_LEFT_OUT) -> float:
    """The service level, short abandons left out as in theory.md (SL_ex)."""
    return service_level(count.levels, variant) or 0.0


def real(log: Sequence[LoggedCall], seed: int, days: int) -> dict[str, float]:
    """What the log itself says happened, by the same measures."""
    waits: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for one in with_tiers(log, seed):
        waits[one.tier].append((one.call.wait_s, one.call.talk_s is not None))
    found = {"calls": float(len(log)), "days": float(days)}
    for name, within_s in ((VIP, VIP_S), (ORDINARY, ORDINARY_S)):
        good = sum(answered and wait_s <= within_s for wait_s, answered in waits[name])
        short = sum(not answered and wait_s <= within_s for wait_s, answered in waits[name])
        found[name] = good / max(1, len(waits[name]) - short)
        found[f"{name}_gone"] = sum(not answered for _, answered in waits[name]) / max(1, len(waits[name]))
    return found


def main() -> None:
    """Prints the table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay_trace")
    parser.add_argument("log", type=Path)
    parser.add_argument("--from", dest="since", metavar="DATE", default="")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--sure", type=float, default=0.8, help="on which share of such days the plan is enough")
    parser.add_argument("--zone", default="Asia/Jerusalem")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    zone = ZoneInfo(asked.zone)
    past = read_history(asked.log, zone)
    if not past.log:
        raise SystemExit(f"{asked.log}: is no call log of the bank's format")
    log, clock = past.log, local_clock(zone)
    since = date.fromisoformat(asked.since) if asked.since else None
    if since is not None and not clock(log[0].at)[0] < since <= clock(log[-1].at)[0]:
        raise SystemExit(f"--from {since}: there must be calls before it and from it on")
    told = [call for call in log if since is None or clock(call.at)[0] >= since]
    if len(told) < LEAST_CALLS:
        raise SystemExit(f"{len(told)} calls to replay: no day; at least {LEAST_CALLS} make one (an earlier --from?)")
    rows = []
    for rule in ROWS:

        def run(number: int, go_on: Callable[[float], bool], rule: Rule = rule) -> tuple[Count, Count, float]:
            found = replayed(log, since, rule, zone, number + 1, asked.sure)
            go_on(1.0)
            return found

        outcomes = run_all(run, asked.seeds).outcomes
        vip, ordinary = [level(one[0]) for one in outcomes], [level(one[1]) for one in outcomes]
        rows.append(
            {
                "rule": rule.name,
                "vip_in_10_s": fmean(vip),
                "ordinary_in_20_s": fmean(ordinary),
                "spread": max(max(vip) - min(vip), max(ordinary) - min(ordinary)),
                "vip_gone": fmean(one[0].abandoned / max(1, one[0].offered) for one in outcomes),
                "ordinary_gone": fmean(one[1].abandoned / max(1, one[1].offered) for one in outcomes),
                "weekday_agent_hours": fmean(one[2] for one in outcomes),
                "theory": THEORY.get(rule.name),
            }
        )
    was = real(told, 1, len({clock(call.at)[0] for call in told}))
    if asked.json:
        print(json.dumps({"notes": past.notes, "real": was, "rows": rows}))
        return
    for note in past.notes:
        print(note)
    print(
        f"{was['calls']:.0f} calls that asked for a person, on {was['days']:.0f} days; what really happened: VIP in 10 s {was[VIP]:.3f}, ordinary in 20 s {was[ORDINARY]:.3f},"
    )
    print(
        f"hung up {was['vip_gone']:.1%} and {was['ordinary_gone']:.1%}. Mean of {asked.seeds} seeds; level: answered in time of all but those who hung up in time"
    )
    print(
        f"{'rule':44}{'VIP 10 s':>9}{'theory':>8}{'ord. 20 s':>11}{'theory':>8}{'spread':>8}{'hung up':>13}{'hours':>8}"
    )
    for row in rows:
        theory = row["theory"] or ("", "")
        print(
            f"{row['rule']:44}{row['vip_in_10_s']:9.3f}{theory[0]:>8}{row['ordinary_in_20_s']:11.3f}{theory[1]:>8}{row['spread']:8.3f}"
            f"{row['vip_gone']:6.1%} {row['ordinary_gone']:6.1%}{row['weekday_agent_hours']:8.1f}"
        )


if __name__ == "__main__":
    main()

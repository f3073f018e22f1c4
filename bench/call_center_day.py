"""A day that another simulator's authors published: thirteen hours, agents and calls that change by the hour, good days and bad days.

Run: python -m bench.call_center_day [--days N]. The model and the published figures (90 % intervals) are the example CallCC of ContactCenters
(umontreal-simul/contactcenters, doc/examples/CallCenter.dat): agents 4 6 8 8 8 7 8 8 6 6 4 4 4, calls an hour 100 150 150 180 200 150 150 150 120
100 80 70 60 times a gamma factor of the day (10, 10), talks exponential of 100 s, one caller in ten leaves at once when it must wait, the others
have a patience of 1,000 s; nobody is cut off when agents go. Here the shipped router plays it.
"""

import argparse
from itertools import pairwise

from routing.facts import CallRecord, Outcome
from routing.rules import Rules, Seat, Tier
from simulation.chance import Distribution, Shape
from simulation.interval import Interval, interval_of
from simulation.model import Kind, Model, calls_of_day
from simulation.run import simulate
from simulation.shift import Shift

FIRST_HOUR, HOUR_S, DAY_S = 8, 3600.0, 86400.0
AGENTS = (4, 6, 8, 8, 8, 7, 8, 8, 6, 6, 4, 4, 4)
RATES = (100, 150, 150, 180, 200, 150, 150, 150, 120, 100, 80, 70, 60)
BUSYNESS_CV = 10**-0.5  # of a gamma factor of shape 10
TARGET_S = 20.0
PUBLISHED = {  # mean, lower and upper end of its 90 % interval
    "calls a day": (1639.5, 1612.5, 1666.5),
    "mean wait s": (11.83, 10.06, 13.61),
    "waited less than 20 s": (0.853, 0.844, 0.862),
    "lost": (0.0342, 0.0311, 0.0374),
}


def shifts(day: int) -> list[Shift]:
    """Agent n works in every hour that needs more than n agents; hours that follow each other are one shift."""
    found = []
    for number in range(max(AGENTS)):
        works = [False, *(number < count for count in AGENTS), False]
        edges = [hour for hour, (before, after) in enumerate(pairwise(works)) if before != after]
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            at = [day * DAY_S + (FIRST_HOUR + hour) * HOUR_S for hour in (begin, end)]
            found.append(Shift(f"10{number}", f"10{number}", *at))
    return found


def one_day(day: int, seed: int) -> dict[str, float]:
    """The figures of one day; the last callers are served after the end."""
    talk, patience = Distribution(100), Distribution(1000)
    leaves_at_once = Distribution(1e-6, Shape.CONSTANT)
    profile = [((FIRST_HOUR + hour) * HOUR_S, float(rate)) for hour, rate in enumerate(RATES)]
    profile.append(((FIRST_HOUR + len(RATES)) * HOUR_S, 0.0))
    kinds = (Kind(0.9, talk=talk, patience=patience), Kind(0.1, talk=talk, patience=leaves_at_once))
    seats = tuple(Seat(f"10{number}", (), True) for number in range(max(AGENTS)))
    people = tuple(seat.number for seat in seats)
    rules = Rules("hotline", (Tier("ordinary", TARGET_S, 0.9),), "ordinary", seats, people, 0, 8, 0.0, 10.0)
    records: list[CallRecord] = []
    arriving = calls_of_day(Model(tuple(profile), kinds, day_cv=BUSYNESS_CV), day * DAY_S, day, seed)
    ending = shifts(day)
    last = max(shift.ends_at for shift in ending)
    staying = [Shift(s.agent, s.seat, s.starts_at, s.ends_at + HOUR_S) if s.ends_at == last else s for s in ending]
    simulate(rules, arriving, staying, starts_at=day * DAY_S, on_record=records.append)
    waits = [record.wait_s for record in records]
    answered_soon = sum(r.wait_s < TARGET_S for r in records if r.outcome is Outcome.ANSWERED)
    gone_soon = sum(r.wait_s < TARGET_S for r in records if r.outcome is not Outcome.ANSWERED)
    return {
        "calls": float(len(records)),
        "wait": sum(waits),
        "soon": float(answered_soon + gone_soon),
        "lost": float(sum(r.outcome is not Outcome.ANSWERED for r in records)),
    }


def ratio(days: list[dict[str, float]], part: str) -> Interval:
    """Of sums over days, with the interval of a ratio estimator."""
    calls = sum(day["calls"] for day in days)
    mean = sum(day[part] for day in days) / calls
    residuals = interval_of([(day[part] - mean * day["calls"]) * len(days) / calls for day in days])
    return Interval(mean, residuals.half)


def main() -> None:
    """Plays and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=100)
    days = [one_day(7 * number, seed=1) for number in range(parser.parse_args().days)]
    ours = {
        "calls a day": interval_of([day["calls"] for day in days]),
        "mean wait s": ratio(days, "wait"),
        "waited less than 20 s": ratio(days, "soon"),
        "lost": ratio(days, "lost"),
    }
    print("| figure | published (90 % interval) | shipped router (95 % interval) | |\n|---|---|---|---|")
    for name, interval in ours.items():
        mean, low, high = PUBLISHED[name]
        overlap = low <= interval.mean + interval.half and interval.mean - interval.half <= high
        print(
            f"| {name} | {mean:g} ({low:g} to {high:g}) | {interval.mean:.4g} ±{interval.half:.2g} | {'agree' if overlap else 'DIFFER'} |"
        )


if __name__ == "__main__":
    main()

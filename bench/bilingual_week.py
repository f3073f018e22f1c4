"""A bilingual hotline that another simulator's authors published: two languages, agents of one and of both, callers who call again.

Run: python -m bench.bilingual_week [--weeks N]. The model and the published figures are the example Bilingual of ContactCenters
(umontreal-simul/contactcenters, doc/examples/Bilingual.res): five days of 100 calls an hour and language for one hour, then 50 for eight; talks
uniform 3 to 7 and 4 to 6 minutes; patience exponential of 2 minutes; three of four who hung up call again after 20 minutes; 7, 7 and 4 agents.
There a free agent is chosen at random and 40 trunks are the limit; here the longest idle is, and there is no limit. Its service level is not
compared: which calls it counts is not said. The shipped router plays it.
"""

import argparse
from dataclasses import replace
from itertools import count

from routing.facts import CallRecord, Outcome
from routing.rules import Queue, Rules, Seat, Talent, Tier
from simulation.chance import Distribution, Shape
from simulation.interval import interval_of
from simulation.model import Kind, Model, calls_of_day
from simulation.people import Habits
from simulation.run import simulate

LANGUAGES = ("english", "french")
POOLS = ((7, ("english",)), (7, ("french",)), (4, LANGUAGES))
TARGET_S, DAYS, DAY_S, HOUR_S = 60.0, 5, 86400.0, 3600.0
PUBLISHED = {"served": (4967.2, 4.3), "hung up": (142.9, 1.7), "called again": (107.2, 1.7)}


def hotline() -> Rules:
    """Eighteen agents."""
    numbers = count(1001)
    talents = {str(next(numbers)): Talent((), queues) for size, queues in POOLS for _ in range(size)}
    seats = tuple(Seat(number, (), True) for number in talents)
    tiers = (Tier("ordinary", TARGET_S, 0.9),)
    rules = Rules("english", tiers, "ordinary", seats, tuple(talents), 0, 8, 0.0, 10.0)
    return replace(rules, queues=tuple(Queue(language) for language in LANGUAGES), talents=talents)


def week(number: int) -> dict[str, float]:
    """The figures of five days."""
    talks = (Distribution(300, Shape.UNIFORM, 2 / 3**0.5 / 5), Distribution(300, Shape.UNIFORM, 1 / 3**0.5 / 5))
    kinds = tuple(Kind(1, queue=q, talk=t, patience=Distribution(120)) for q, t in zip(LANGUAGES, talks, strict=True))
    profile = ((8 * HOUR_S, 200.0), (9 * HOUR_S, 100.0), (17 * HOUR_S, 0.0))
    habits = Habits(calls_again=0.75, again_after=Distribution(1200, Shape.CONSTANT), most_tries=99)
    records: list[CallRecord] = []
    for day in range(DAYS):
        arriving = calls_of_day(Model(profile, kinds), day * DAY_S, 7 * number + day, seed=2)
        simulate(hotline(), arriving, habits=habits, on_record=records.append)
    answered = [record for record in records if record.outcome is Outcome.ANSWERED]
    return {
        "served": float(len(answered)),
        "hung up": float(len(records) - len(answered)),
        "called again": float(sum(not record.call.endswith(".0") for record in records)),
    }


def main() -> None:
    """Plays and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=20)
    weeks = [week(number) for number in range(parser.parse_args().weeks)]
    print("| figure, a week | published | shipped router (95 % interval) |\n|---|---|---|")
    for name, (mean, half) in PUBLISHED.items():
        ours = interval_of([found[name] for found in weeks])
        print(f"| {name} | {mean:g} ±{half:g} | {ours.mean:.4g} ±{ours.half:.2g} |")


if __name__ == "__main__":
    main()

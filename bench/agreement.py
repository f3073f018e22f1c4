"""A scripted time with robots through Asterisk, and the same callers in virtual time: the same agent for every call, the same waits?

Run: python -m bench.agreement [--minutes 30] [--write FOLDER]. Eight seats (two for VIPs), a line nearly all the time, one agent who lets calls
ring for a while, one who has a break, and callers who give up. The simulator is told what no router decides (agreement_course.py): when each caller
came, how long it would wait and talk, when agents sat down and had a break, how long the agent whom a call is offered to takes to answer, or that it
does not, and by how many milliseconds the router's clock rang late; all else it finds by itself: who is rung for whom and when, what becomes of a call
that rings in vain, and when an agent is ready again.
"""

import argparse
import asyncio
import csv
import math
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.agreement_course import RecordedCourse
from bench.agreement_robots import ANSWER_S, BREAK, SHARED, SITE, VIP, Played, Script, play_live, vip_numbers
from jietong.processes.customers_import import import_into
from jietong.rules_of_site import rules_of
from jietong.running import RunningSite
from jietong.svg_chart import Chart, Series, draw
from routing.adapters.journal_reader import JournalEntry
from routing.events import AgentPaused, AgentReadied
from routing.facts import AgentChanged, AgentState, CallRecord, Outcome
from simulation.arrival import Arrival
from simulation.run import simulate
from simulation.shift import Shift
from tests.adapters.up_fixture import jietong_up

PORT_BASE = "29300"
WITHIN_S = 0.1


@dataclass(frozen=True, slots=True)
class Pair:
    """One call, live and in virtual time."""

    live: CallRecord
    virtual: CallRecord

    @property
    def is_same(self) -> bool:
        """Whether outcome and agent are the same."""
        return (self.live.outcome, self.live.agent) == (self.virtual.outcome, self.virtual.agent)

    @property
    def apart_s(self) -> float:
        """Virtual wait minus live wait."""
        return self.virtual.wait_s - self.live.wait_s


def play_virtual(site: RunningSite, played: Played) -> list[CallRecord]:
    """The same callers and agents in virtual time."""
    course = RecordedCourse(played.entries)
    arrivals = [
        Arrival(
            course.entered_at[record.caller],
            record.talk_s,
            math.inf
            if record.outcome is Outcome.ANSWERED
            else course.left_at[record.caller] - course.entered_at[record.caller],
            record.queue,
            record.tier,
            caller=record.caller,
        )
        for record in sorted(played.records, key=lambda r: course.entered_at[r.caller])
    ]
    shifts = _shifts(played.entries)
    records: list[CallRecord] = []
    simulate(
        rules_of(site.site),
        arrivals,
        shifts,
        starts_at=min(shift.starts_at for shift in shifts) - 1.0,
        course=course,
        on_record=records.append,
    )
    return records


def _shifts(entries: Sequence[JournalEntry]) -> list[Shift]:
    """When each agent sat down, and the break, as journalled."""
    began: dict[str, AgentChanged] = {}
    paused_at = ready_at = math.inf
    for entry in entries:
        for fact in entry.facts:
            if isinstance(fact, AgentChanged) and fact.state is AgentState.READY:
                began.setdefault(fact.agent, fact)
        if isinstance(entry.event, AgentPaused):
            paused_at = entry.event.at
        elif isinstance(entry.event, AgentReadied):
            ready_at = entry.event.at
    return [
        Shift(
            agent,
            fact.seat,
            fact.at,
            math.inf,
            ((paused_at, ready_at),) if agent == BREAK and ready_at < math.inf else (),
        )
        for agent, fact in began.items()
    ]


def compare(live: Sequence[CallRecord], virtual: Sequence[CallRecord]) -> list[Pair]:
    """Call by call, by the caller's number, in order of entry; raises ValueError when one side has a call that the other has not."""
    by_caller = {record.caller: record for record in virtual}
    if sorted(by_caller) != sorted(record.caller for record in live):
        raise ValueError(f"{len(live)} live calls, {len(virtual)} virtual ones")
    return [Pair(record, by_caller[record.caller]) for record in sorted(live, key=lambda r: r.entered_at or 0.0)]


def told(pairs: Sequence[Pair]) -> str:
    """The agreement in a few lines."""
    apart = sorted(abs(pair.apart_s) for pair in pairs)
    outcomes = ", ".join(
        f"{sum(p.live.outcome is o for p in pairs)} {o.value}"
        for o in Outcome
        if any(p.live.outcome is o for p in pairs)
    )
    waited = sum(pair.live.wait_s > ANSWER_S + 0.5 for pair in pairs)
    missed = sum(pair.live.missed for pair in pairs)
    lines = [
        f"{len(pairs)} calls ({outcomes}); {waited} waited in the line, {missed} seats rang in vain",
        f"same outcome and agent: {sum(pair.is_same for pair in pairs)} of {len(pairs)}",
        f"waits apart: median {1000 * statistics.median(apart):.0f} ms, 99 % {1000 * apart[int(0.99 * len(apart))]:.0f} ms, largest {1000 * apart[-1]:.0f} ms",
    ]
    lines += [
        f"  {p.live.caller}: live {p.live.outcome.value} {p.live.agent} {p.live.wait_s:.3f} s, virtual {p.virtual.outcome.value} {p.virtual.agent} {p.virtual.wait_s:.3f} s"
        for p in pairs
        if not p.is_same or abs(p.apart_s) > WITHIN_S
    ]
    return "\n".join(lines)


def write(pairs: Sequence[Pair], folder: Path) -> None:
    """Every call as CSV, and a picture; numbers are of robots."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "agreement.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("tier", "outcome", "agent live", "agent virtual", "wait live s", "wait virtual s"))
        for p in pairs:
            waits = (f"{p.live.wait_s:.3f}", f"{p.virtual.wait_s:.3f}")
            rows.writerow((p.live.tier, p.live.outcome.value, p.live.agent, p.virtual.agent, *waits))
    points = [
        Series(t, [(p.live.wait_s, 1000 * p.apart_s) for p in pairs if p.live.tier == t], "points")
        for t in ("ordinary", "vip")
    ]
    marks = [(100.0, "100 ms"), (-100.0, "-100 ms")]
    title = "Virtual minus live wait of each call"
    chart = Chart(title, "live wait, seconds", "apart, ms", points, marks=marks)
    (folder / "agreement.svg").write_text(draw(chart), encoding="utf-8")


def main() -> int:
    """Plays both, prints; exit code 1 unless every call had the same agent and all waits are within 100 ms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    script = Script(options.minutes * 60)
    with tempfile.TemporaryDirectory(prefix="jt-bench-") as name:
        folder = Path(name)
        (folder / "site.toml").write_text(SITE, encoding="utf-8")
        lines = "".join(f"{number},,vip,,,,\n" for number in vip_numbers(1000))
        (folder / "vips.csv").write_text(
            "phone,name,tier,class,representative,birth_year,language\n" + lines, encoding="utf-8"
        )
        with jietong_up("--config", str(folder / "site.toml"), "--port-base", PORT_BASE) as up:
            up.wait_ready()
            site = RunningSite.load(up.var)
            import_into(site, folder / "vips.csv", quiet=True)
            played = asyncio.run(play_live(site, script, [*SHARED, *VIP]))
            pairs = compare(played.records, play_virtual(site, played))
    print(told(pairs))
    if options.write:
        write(pairs, options.write)
    return 0 if all(pair.is_same and abs(pair.apart_s) <= WITHIN_S for pair in pairs) else 1


if __name__ == "__main__":
    sys.exit(main())

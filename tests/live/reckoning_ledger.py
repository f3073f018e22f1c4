"""Compares what robots saw, what the hotline wrote and what Asterisk wrote, call by call.

Owns what must be equal and by how much times may differ. Must not start nor wait for anything.
Rules: issue of the answer rate: offered = sum of outcomes; metrics, records, SIPp's counts and Asterisk's own CDR agree call by call.
"""

import csv
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from routing.facts import CallRecord, Outcome
from tests.live.reckoning_cast import Notes, Ring, Visit
from tests.live.reckoning_script import Whim

SLACK_S = 1.5  # between a robot's clock when it dials or hangs up and the hotline's
TALK_SLACK_S = 1.5
AT_ONCE_S = (
    1.0  # who hang up so close to each other both did; a talk as short may be a pick-up that crossed the hanging-up
)
LEFT = (Outcome.OUTSIDE, Outcome.VOICEMAIL, Outcome.CALLBACK)


@dataclass(frozen=True)
class CdrRow:
    """One line of Asterisk's CDR: channels, whether the dialled one answered, seconds after the answer, id of the first channel."""

    channel: str
    dialled: str
    application: str
    disposition: str
    billed_s: float
    call: str

    @property
    def seat(self) -> str:
        """The seat that was dialled, empty when none was."""
        return self.dialled.removeprefix("PJSIP/").rpartition("-")[0]


def read_cdr(file: Path) -> list[CdrRow]:
    """The lines that Asterisk's cdr_csv wrote with `loguniqueid`: the columns of its Master.csv."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            CdrRow(row[5], row[6], row[7], row[14], float(row[13]), row[16])
            for row in csv.reader(lines)
            if len(row) > 16
        ]


def own_sums(records: Sequence[CallRecord], grown: Mapping[str, float]) -> list[str]:
    """What is wrong with the counters against the records: offered is the sum of outcomes, and each outcome is counted as often as it is on record."""
    kinds = Counter(record.outcome for record in records)
    offered = sum(count for outcome, count in kinds.items() if outcome is not Outcome.MENU)
    expected = {
        "jietong_calls_offered_total": offered,
        "jietong_calls_answered_total": kinds[Outcome.ANSWERED],
        "jietong_calls_answered_in_target_total": sum(r.outcome is Outcome.ANSWERED and r.in_target for r in records),
        "jietong_calls_abandoned_total": kinds[Outcome.ABANDONED],
        "jietong_calls_lost_total": kinds[Outcome.LOST],
        "jietong_calls_left_total": sum(kinds[outcome] for outcome in LEFT),
        "jietong_calls_unaccounted_total": 0,
        "jietong_ivr_calls_total": kinds[Outcome.MENU],
    }
    return [
        f"{name}: counted {grown[name]:g}, on record {value}"
        for name, value in expected.items()
        if grown[name] != value
    ]


def against_robots(notes: Notes, records: Sequence[CallRecord], others: Collection[str] = ()) -> list[str]:
    """What is wrong between robots and records: each call once, its end as the caller saw it, each talk at the seat that had it, for as long.

    others   callers who are no robots of ours: agents' robots talk to them all the same
    """
    found = [
        f"{record.call} of {record.caller} has outcome lost" for record in records if record.outcome is Outcome.LOST
    ]
    by_visit = {id(visit): _of_visit(visit, records) for visit in notes.visits}
    for visit in notes.visits:
        found += _wrong_with(visit, by_visit[id(visit)], _both_hung_up(visit, notes))
    claimed = {(record.call, record.segment) for mine in by_visit.values() for record in mine}
    found += [
        f"record {r.call}/{r.segment} belongs to no robot's call"
        for r in records
        if (r.call, r.segment) not in claimed and r.caller not in others
    ]
    return found + _talks(notes, records)


def _of_visit(visit: Visit, records: Sequence[CallRecord]) -> list[CallRecord]:
    first, last = visit.dialled_at - SLACK_S, visit.ended_at + SLACK_S
    mine = [r for r in records if r.caller == visit.guest.number and first <= r.arrived_at <= last]
    return sorted(mine, key=lambda record: record.segment)


def _both_hung_up(visit: Visit, notes: Notes) -> bool:
    """Whether caller and agent hung up at the same moment, so that either may be on record."""
    return visit.ended_by_us and any(
        ring.ended_by_agent and ring.caller == visit.guest.number and abs(ring.ended_at - visit.ended_at) < AT_ONCE_S
        for ring in notes.rings
    )


def _wrong_with(visit: Visit, mine: Sequence[CallRecord], both_hung_up: bool) -> list[str]:
    who = f"{visit.guest.number} ({visit.guest.whim.value})"
    if len({record.call for record in mine}) != 1:
        return [f"{who}: {len(mine)} records of {len({record.call for record in mine})} calls"]
    if [record.segment for record in mine] != list(range(1, len(mine) + 1)):
        return [f"{who}: segments {[record.segment for record in mine]}"]
    last = mine[-1]
    found = []
    if (visit.guest.whim is Whim.LEAVES_MENU) != (last.outcome is Outcome.MENU):
        found.append(f"{who}: outcome {last.outcome.value}")
    if last.outcome is Outcome.ABANDONED and not visit.ended_by_us:
        found.append(f"{who}: abandoned, and it was the hotline that hung up")
    if last.outcome is Outcome.ANSWERED and last.reason in ("caller", "agent"):
        by_caller = last.reason == "caller"
        if by_caller != visit.ended_by_us and not both_hung_up:
            found.append(f"{who}: the record says the {last.reason} hung up")
    if last.outcome is not Outcome.CALLBACK and abs(last.ended_at - visit.ended_at) > SLACK_S:
        found.append(f"{who}: ended {last.ended_at - visit.ended_at:+.1f} s from when its telephone saw it")
    return found


def _talks(notes: Notes, records: Sequence[CallRecord]) -> list[str]:
    """Every talk that an agent's telephone had is on record at that seat, and none else, as long as it was; who was called back was so from that seat."""
    answered = [record for record in records if record.outcome is Outcome.ANSWERED]
    only_back = {r.caller for r in records if r.outcome is Outcome.CALLBACK} - {r.caller for r in answered}
    talks = [ring for ring in notes.rings if ring.is_answered and not _is_try(ring, notes, only_back)]
    tries = {(ring.caller, ring.seat) for ring in notes.rings if ring.is_answered and _is_try(ring, notes, only_back)}
    had, told = (Counter((one.caller, one.seat) for one in side) for side in (talks, answered))
    had_short, told_short = (
        Counter((one.caller, one.seat) for one in side if one.talk_s < AT_ONCE_S) for side in (talks, answered)
    )
    found = [f"talk of {key[0]} at {key[1]}: {n} not on record" for key, n in (had - told - had_short).items()]
    found += [f"talk of {key[0]} at {key[1]}: {n} on record only" for key, n in (told - had - told_short).items()]
    found += [
        f"{r.caller} was called back from {r.seat} on record only"
        for r in records
        if _is_called_back(r) and (r.caller, r.seat) not in tries
    ]
    for ring in talks:
        key = (ring.caller, ring.seat)
        if had[key] == told[key] == 1:
            [record] = [record for record in answered if (record.caller, record.seat) == key]
            if abs(record.talk_s - ring.talk_s) > TALK_SLACK_S:
                found.append(f"talk of {key[0]} at {key[1]}: {ring.talk_s:.1f} s, on record {record.talk_s:.1f} s")
    return found


def _is_try(ring: Ring, notes: Notes, only_back: Collection[str]) -> bool:
    """Whether the seat was rung to call a customer back: that one had hung up before, or still heard that it will be, and never talked otherwise.

    (Asterisk's CDR would tell of a talk that went on record as a callback: its call is the caller's own.)
    """
    return ring.caller in only_back or any(
        visit.guest.number == ring.caller and visit.guest.whim is Whim.CALLED_BACK and ring.at > visit.ended_at > 0
        for visit in notes.visits
    )


def _is_called_back(record: CallRecord) -> bool:
    return record.outcome is Outcome.CALLBACK and record.reason in ("kept", "late")


def against_cdr(records: Sequence[CallRecord], rows: Sequence[CdrRow]) -> list[str]:
    """What is wrong between records and Asterisk's CDR: the same calls; an answered seat in both or in neither, the talk equally long."""
    calls = {record.call for record in records}
    of_callers = [row for row in rows if row.call in calls]
    strangers = {
        row.call
        for row in rows
        if row.call not in calls and row.application in ("AGI", "WaitExten", "Dial") and not _is_of_seat(row)
    }
    found = [f"call {call} is in Asterisk's CDR and not on record" for call in sorted(strangers)]
    found += [
        f"call {call} is on record and not in Asterisk's CDR"
        for call in sorted(calls - {row.call for row in of_callers})
    ]
    had = Counter((row.call, row.seat) for row in of_callers if row.seat.isdigit() and row.disposition == "ANSWERED")
    told = Counter((r.call, r.seat) for r in records if r.outcome is Outcome.ANSWERED)
    found += [f"call {call} at {seat}: answered in Asterisk's CDR, not on record" for call, seat in (had - told)]
    found += [f"call {call} at {seat}: answered on record, not in Asterisk's CDR" for call, seat in (told - had)]
    return found


def _is_of_seat(row: CdrRow) -> bool:
    """A leg whose first channel is a seat's: what an agent dials, and the way back to a customer."""
    return not row.channel.startswith("PJSIP/carrier-")


def against_queue_log(records: Sequence[CallRecord], lines: Sequence[tuple[str, str]]) -> list[str]:
    """What is wrong between records and queue_log (call, event): a line for each entry into a queue, each answer and each hanging up."""
    expected = {
        "ENTERQUEUE": lambda record: record.outcome is not Outcome.MENU,
        "CONNECT": lambda record: record.outcome is Outcome.ANSWERED,
        "ABANDON": lambda record: record.outcome is Outcome.ABANDONED,
    }
    found = []
    for event, belongs in expected.items():
        written = Counter(call for call, word in lines if word == event)
        told = Counter(record.call for record in records if belongs(record))
        found += [
            f"call {call}: {count} {event} in queue_log and not on record" for call, count in (written - told).items()
        ]
        found += [
            f"call {call}: {count} {event} on record and not in queue_log" for call, count in (told - written).items()
        ]
    return found

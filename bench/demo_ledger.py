"""Compares the calls that robots made with the records that the site wrote.

Owns which record belongs to which call, and what counts as a difference; must not wait, print or know a robot's manners.
Rules: issue of the spine: every call has exactly one outcome in records.
"""

import json
from collections.abc import Sequence

from sqlalchemy import Engine

from bench.demo_robots import Visit
from routing.adapters.records import history_of
from routing.facts import CallRecord

SLACK_S = 1.0  # between our clock when a phone dials or hangs up and the record's arrival


def records_of(visit: Visit, records: Sequence[CallRecord]) -> list[CallRecord]:
    """The records of that caller's number that began while it was calling; one if all is well."""
    if visit.dialled_at is None:
        return []
    first, last = visit.dialled_at - SLACK_S, visit.ended_at + SLACK_S
    return [r for r in records if r.caller == visit.number and first <= r.arrived_at <= last]


def differences(visits: Sequence[Visit], records: Sequence[CallRecord]) -> list[str]:
    """One sentence for each call that was not made, or was refused, or has not exactly one record."""
    found = []
    for visit in visits:
        who, count = f"{visit.number[:3]}...{visit.number[-4:]}", len(records_of(visit, records))
        if visit.dialled_at is None:
            found.append(f"the robot of {who} could not dial")
        elif visit.refused:
            found.append(f"the call of {who} was refused: {visit.refused} (is 127.0.0.1 the address of a trunk?)")
        elif count != 1:
            found.append(f"the call of {who} has {count} records")
    return found


def most_telling(engine: Engine, records: Sequence[CallRecord]) -> CallRecord | None:
    """A call that an agent let ring or declined, else one where the reserve counted, else the longest wait."""

    def points(record: CallRecord) -> tuple[int, float]:
        history = history_of(engine, record.call)
        results = {str(line.detail.get("result")) for line in history}
        kept = any("reserve" in json.dumps(line.detail) for line in history)
        return 4 * ("no_answer" in results) + 3 * ("rejected" in results) + 2 * kept, record.wait_s

    return max(records, key=points, default=None)

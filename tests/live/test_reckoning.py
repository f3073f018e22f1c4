"""The story of all stories: callers, agents and routers at random, and afterwards everybody tells the same.

JIETONG_AGREE_MINUTES makes it longer than a minute, JIETONG_AGREE_SEED another one (`make agree MINUTES=60 SEED=7`).
"""

import asyncio
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from asterisk_conf.render import conf_file
from metrics.adapters.work_tables import queue_log
from routing.facts import CallRecord, Outcome
from tests.live.hotline import Hotline
from tests.live.reckoning_cast import Cast, Notes
from tests.live.reckoning_ledger import against_cdr, against_queue_log, against_robots, own_sums, read_cdr
from tests.robots.sipp.callers import Press, impatient_callers
from tests.robots.sipp.run import SippOutcome, run_callers

MINUTES = float(os.environ.get("JIETONG_AGREE_MINUTES", "1"))
SEED = int(os.environ.get("JIETONG_AGREE_SEED", "1"))
COUNTERS = tuple(
    f"jietong_{name}_total"
    for name in (
        "calls_offered", "calls_answered", "calls_answered_in_target", "calls_abandoned",
        "calls_lost", "calls_left", "calls_unaccounted", "ivr_calls",
    )
)  # fmt: skip
CDR_CONF = "[general]\nenable = yes\nunanswered = yes\ncongestion = yes\n[csv]\nloguniqueid = yes\n"


@asynccontextmanager
async def asterisks_own_cdr(hotline: Hotline) -> AsyncIterator[Path]:
    """Asterisk writes its own CDR for a while; the file, which is whole afterwards."""
    own = conf_file(hotline.site.layout.asterisk)
    conf = own.with_name("cdr.conf")
    [logs] = re.findall(r"^astlogdir *=>? *(.+)$", own.read_text(encoding="utf-8"), re.MULTILINE)
    (Path(logs) / "cdr-csv").mkdir(exist_ok=True)
    before = conf.read_text(encoding="utf-8")
    conf.write_text(CDR_CONF, encoding="utf-8")
    hotline.cli("module reload cdr")
    hotline.cli("module load cdr_csv.so")
    try:
        assert "Enabled" in hotline.cli("cdr show status")
        yield Path(logs) / "cdr-csv" / "Master.csv"
    finally:
        hotline.cli("module unload cdr_csv.so")
        conf.write_text(before, encoding="utf-8")
        hotline.cli("module reload cdr")


@pytest.mark.timeout(240 + 90 * MINUTES)
async def test_everybody_tells_the_same_of_every_call(hotline: Hotline) -> None:
    """Answers, abandons at every point, seats that ring in vain, callbacks, transfers, routers killed in between: robots, SIPp, records, metrics, queue_log and Asterisk's CDR agree call by call."""
    old = {(record.call, record.segment) for record in hotline.records()}
    before = {name: hotline.metric(name) for name in COUNTERS}
    crowd = impatient_callers(int(12 * MINUTES), mean_stay_s=2.0, seed=SEED, first=13_300_000_000)
    async with asterisks_own_cdr(hotline) as cdr:
        rate = len(crowd) / (60 * MINUTES)
        sipp = run_callers(hotline.sip, crowd, presses=[Press(0.5)], rate=rate, timeout_s=60 * MINUTES + 90)
        notes, outcome = await asyncio.gather(Cast(hotline, SEED, 60 * MINUTES).play(), sipp)
        records = await _new_records(hotline, old, notes, outcome)
        grown = {name: hotline.metric(name) - before[name] for name in COUNTERS}
    rows = read_cdr(cdr)
    _tell(notes, outcome, records, len(rows))
    in_crowd = {caller.number for caller in crowd}
    found = own_sums(records, grown)
    found += against_robots(notes, records, in_crowd)
    found += _against_sipp(outcome, [record for record in records if record.caller in in_crowd])
    found += against_cdr(records, rows)
    found += against_queue_log(records, _queue_log(hotline, {record.call for record in records}))
    assert not found, "\n".join([*found, *map(str, notes.rings), *map(str, records)])
    _had_everything(notes, records)


async def _new_records(
    hotline: Hotline, old: set[tuple[str, int]], notes: Notes, outcome: SippOutcome
) -> list[CallRecord]:
    """What was written since, once every call has its record; fewer when they do not come."""
    calls = len(notes.visits) + outcome.counts.created
    for _ in range(200):
        new = [record for record in hotline.records() if (record.call, record.segment) not in old]
        if len({record.call for record in new}) >= calls:
            break
        await asyncio.sleep(0.05)
    return new


def _queue_log(hotline: Hotline, calls: set[str]) -> list[tuple[str, str]]:
    """Call and event of every line about those calls."""
    with hotline.engine.connect() as connection:
        rows = connection.execute(select(queue_log.c.callid, queue_log.c.event).order_by(queue_log.c.id))
        return [(call, event) for call, event in rows if call in calls]


def _against_sipp(outcome: SippOutcome, records: list[CallRecord]) -> list[str]:
    """Every call of SIPp succeeded and is on record once, abandoned or answered, and it was the caller who hung up."""
    found = [] if outcome.exit_code == 0 else [f"SIPp: {outcome.counts} {outcome.errors[:500]}"]
    counts = Counter(record.caller for record in records if record.segment == 1)
    found += [f"{caller} of SIPp: {count} calls on record" for caller, count in counts.items() if count != 1]
    if len(counts) != outcome.counts.successful:
        found.append(f"SIPp made {outcome.counts.successful} calls, {len(counts)} are on record")
    by_caller = {caller.split()[0] for caller in outcome.said("ended_by_caller")}
    found += [
        f"{record.caller} of SIPp abandoned on record, and did not hang up"
        for record in records
        if record.outcome is Outcome.ABANDONED and record.caller not in by_caller
    ]
    return found


def _had_everything(notes: Notes, records: list[CallRecord]) -> None:
    """The run was worth it: each kind of thing happened."""
    kinds = Counter(record.outcome.value for record in records)
    reasons = Counter(record.reason for record in records)
    manners = Counter(ring.manner for ring in notes.rings if not ring.is_answered)
    assert kinds["answered"] >= 5 and kinds["abandoned"] >= 3 and kinds["menu"] >= 1, kinds
    assert reasons["agent"] and reasons["caller"] and (reasons["waiting"] or reasons["ringing"]), reasons
    assert notes.deaths >= 1, notes.deaths
    if MINUTES >= 5:
        assert reasons["waiting"] and manners["ignore"], (reasons, manners)
        assert kinds["callback"] and reasons["transferred"] and reasons["ringing"], (kinds, reasons)


def _tell(notes: Notes, outcome: SippOutcome, records: list[CallRecord], rows: int) -> None:
    kinds = Counter(f"{record.outcome.value} ({record.reason})" for record in records)
    print(
        f"agreement, seed {SEED}, {MINUTES:g} min: {len(notes.visits)} robots' calls, {outcome.counts.successful} of SIPp, "
        f"{len(records)} records, {rows} CDR rows, {len(notes.rings)} rings, {notes.deaths} routers killed; {dict(kinds)}"
    )

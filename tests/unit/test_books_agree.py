"""Records, metrics and queue_log are kept apart from one journal: whatever happens, they tell of the same calls."""

from collections import Counter
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.ledger import Ledger, Yardstick
from metrics.queue_log import Line, QueueLog
from metrics.spans import Slots
from metrics.sums import CallRow, total
from metrics.tally import Tally
from routing import engine, snapshot
from routing.facts import CallOffered, CallRecord, Fact, Outcome
from tests.builders import a_state, rules
from tests.scenario.play import event_of
from tests.unit.test_engine_invariants import CHOICES, FUZZ, _aimed, _events, _script, stored

WAYS = {
    Outcome.ANSWERED: ("COMPLETECALLER", "COMPLETEAGENT", "BLINDTRANSFER"),
    Outcome.ABANDONED: ("ABANDON",),
    Outcome.LOST: ("ABANDON",),
    Outcome.OUTSIDE: ("EXITWITHTIMEOUT",),
    Outcome.VOICEMAIL: ("EXITWITHTIMEOUT",),
    Outcome.CALLBACK: ("EXITWITHKEY",),
}
ENDS = {word for words in WAYS.values() for word in words}


def journal(script: list[tuple[float, tuple[str, ...], bool]], cut: int) -> tuple[list[list[Fact]], Any]:
    """The facts of each step, and the state at the end; at step `cut` the router is restarted from its snapshot.

    Scripts use a few names of calls again and again: each use gets a name of its own, as in Asterisk.
    """
    state, steps = a_state(**CHOICES), []
    used: Counter[str] = Counter()
    for number, (at, words) in enumerate(_events(state, script)):
        if number == cut:
            state = snapshot.from_plain(stored(state), rules(**CHOICES))  # type: ignore[arg-type]
        _, facts = engine.step(state, event_of(at, _aimed(words, state), state))
        named = [replace(f, call=f"{f.call}.{used[f.call]}") if getattr(f, "call", "") else f for f in facts]  # type: ignore[type-var,call-arg]
        steps.append(named)
        used.update({f.call for f in facts if isinstance(f, CallRecord) and f.call not in state.calls})
    return steps, (state, used)


def row_of(record: CallRecord) -> CallRow:
    """A record as reports read it."""
    began_at = record.entered_at if record.entered_at is not None else record.arrived_at
    return CallRow(
        began_at, record.call, record.segment, record.caller, record.queue, record.tier, record.service, record.agent,
        record.outcome.value, record.reason, record.wait_s, record.talk_s, record.hold_s, record.wrap_up_s, record.in_target,
        record.offers, record.missed,
    )  # fmt: skip


@settings(max_examples=150 * FUZZ, deadline=None)
@given(script=_script, cut=st.integers(0, 60), stop=st.integers(0, 60))
def test_records_metrics_and_queue_log_agree(
    script: list[tuple[float, tuple[str, ...], bool]], cut: int, stop: int
) -> None:
    """Offered is the sum of outcomes in each of them, and each call ends the same way in all, across restarts of router and log."""
    steps, (state, used) = journal(script, cut)
    tally = Tally(lambda _: "2026-11-26T09")
    log = QueueLog(("hotline", "billing", "repairs"))
    lines: list[Line] = []
    for number, facts in enumerate(steps):
        if number == stop:  # what it keeps in the database is all that it goes on with
            log = QueueLog(log.queues, dict(log.calls), dict(log.agents))
        lines += log.lines(facts)
        for fact in facts:
            tally.add(fact)
    told = [fact for facts in steps for fact in facts]
    offered = [fact for fact in told if isinstance(fact, CallOffered)]
    records = [fact for fact in told if isinstance(fact, CallRecord) and fact.outcome is not Outcome.MENU]
    open_calls = {f"{call.id}.{used[call.id]}" for call in state.calls.values() if call.queued_at is not None}

    ledger = Ledger(Yardstick({}, {}), Slots(ZoneInfo("UTC"), 1000.0))
    ledger.extend(map(row_of, records))
    sums = total(ledger.cells.values())
    assert not ledger.damaged
    assert all(0 <= record.hold_s <= record.talk_s for record in records)
    assert sums.offered == len(records) == len(offered) - len(open_calls)
    assert sums.offered == sum(sums.outcomes.values())

    classes = tally.classes.values()
    assert sum(c.offered for c in classes) == len(offered)
    talking = sum(call.answered_at is not None and call.promised_at is None for call in state.calls.values())
    assert sum(c.answered for c in classes) == sums.answered + talking
    assert sum(sum(c.abandoned.values()) for c in classes) == sums.outcomes["abandoned"]
    assert sum(sum(c.left.values()) for c in classes) == sum(
        sums.outcomes[w] for w in ("outside", "voicemail", "callback")
    )

    entries = Counter(line.call for line in lines if line.event == "ENTERQUEUE")
    assert entries == Counter(fact.call for fact in offered)
    ends = [line for line in lines if line.event in ENDS]
    by_call: dict[str, list[str]] = {}
    for line in ends:
        by_call.setdefault(line.call, []).append(line.event)
    for record in sorted(records, key=lambda record: record.segment):
        assert by_call[record.call].pop(0) in WAYS[record.outcome], "the log tells another end"
    left_over = {call for call, events in by_call.items() if events}
    assert left_over <= open_calls, "a call that is over twice"  # a promised callback has left the queue, and is open
    assert all(int(word) >= 0 for line in ends for word in line.data if word.isdigit())


@settings(max_examples=80 * FUZZ, deadline=None)
@given(script=_script)
def test_every_line_fits_a_reader_of_queue_log(script: list[tuple[float, tuple[str, ...], bool]]) -> None:
    """CONNECT comes after ENTERQUEUE and before COMPLETE; agents are added before they are removed; pauses come in turn."""
    steps, _ = journal(script, 999)
    log = QueueLog(("hotline", "billing"))
    where: dict[str, str] = {}
    members: dict[tuple[str, str], bool] = {}
    paused: dict[tuple[str, str], bool] = {}
    for line in (line for facts in steps for line in log.lines(facts)):
        key = (line.agent, line.queue)
        match line.event:
            case "ENTERQUEUE":
                where[line.call] = "waiting"
            case "CONNECT":
                assert where[line.call] == "waiting"
                where[line.call] = "talking"
            case "COMPLETECALLER" | "COMPLETEAGENT" | "BLINDTRANSFER":
                assert where.pop(line.call) == "talking"
            case "ABANDON" | "EXITWITHTIMEOUT" | "EXITWITHKEY":
                assert where.pop(line.call) == "waiting"
            case "ADDMEMBER":
                assert not members.get(key)
                members[key] = True
            case "REMOVEMEMBER":
                assert members.pop(key)
                paused.pop(key, None)
            case "PAUSE":
                assert not paused.get(key)
                paused[key] = True
            case "UNPAUSE":
                assert paused.pop(key)
            case _:
                pass

"""The story of a call as a supervisor reads it."""

from collections import defaultdict
from dataclasses import fields
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from jietong.processes.explanation import explain_lines, stretches_of
from jietong.processes.live_call import lines_of
from jietong.processes.sentences import SENTENCES, pass_of, sentences_of
from routing import engine
from routing.adapters import codec
from routing.adapters.records import HistoryLine
from routing.facts import CallOffered, CallRecord, Fact, Passed
from tests.builders import a_state
from tests.scenario.play import event_of, play
from tests.unit.test_engine_invariants import CHOICES, FUZZ, _aimed, _events, _script

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = 1_795_406_400.0


def history(facts: list[Fact], call: str) -> list[HistoryLine]:
    """What the database has of the call."""
    mine = [fact for fact in facts if getattr(fact, "call", "") == call]
    return [HistoryLine(n, fact.at, type(fact).__name__, codec.to_plain(fact)) for n, fact in enumerate(mine, 1)]


def test_every_fact_about_a_call_has_a_sentence() -> None:
    """Nothing that is on record about a call is told as field names."""
    about_calls = {name for name, cls in codec.FACT_TYPES.items() if "call" in {field.name for field in fields(cls)}}
    assert about_calls - {"AgentChanged"} <= set(SENTENCES)


def test_a_fact_of_another_version_is_told_by_its_fields() -> None:
    """What this version has no sentence for is not left out."""
    assert sentences_of("CallJuggled", {"type": "CallJuggled", "at": 1.0, "call": "a", "balls": 3}) == [
        "CallJuggled: balls 3"
    ]


@pytest.mark.parametrize("reason", [reason.value for reason in Passed])
@pytest.mark.parametrize("times", [1, 7])
def test_every_reason_has_words(reason: str, times: int) -> None:
    """Whoever passed the caller over, the sentence says why and how much time was left."""
    told = {"reason": reason, "tier": "vip", "times": times, "first_at": 10.0, "last_at": 20.0}
    text = pass_of(told | {"agent": "1001", "seat": "1001", "left_s": 12.0, "last_left_s": -3.0})
    assert "12.0 s left to the target" in text and "{" not in text and "_" not in text


def test_a_supervisor_reads_why_a_caller_waited() -> None:
    """Two VIP callers were served first, one seat let it ring: each has its time, and the wait is accounted for to the last second."""
    facts = play(
        a_state(shared=1, wrap_up_s=0),
        f"""
        {NOON}      | register 1001    | nothing
        {NOON + 1}  | queue a ordinary | ring 1001 a
        {NOON + 2}  | answers a 1001   | nothing
        {NOON + 3}  | queue b ordinary | nothing
        {NOON + 4}  | queue v vip      | nothing
        {NOON + 10} | leg_ends a 1001  | ring 1001 v
        {NOON + 11} | answers v 1001   | nothing
        {NOON + 20} | leg_ends v 1001  | ring 1001 b
        {NOON + 20} | rings b 1001     | nothing
        {NOON + 28} | fails b 1001 no_answer | nothing
        {NOON + 28} | queue b          | nothing
        {NOON + 30} | ready 1001       | ring 1001 b
        {NOON + 32} | answers b 1001   | nothing
        {NOON + 60} | ends b           | record b answered caller
        """,
    )
    text = "\n".join(explain_lines("b", history(facts, "b"), SHANGHAI))
    for words in (
        "12:00:03     0.000 s  asked for a person",
        "12:00:03     0.000 s  waits: nobody can take it now; nobody else of its class waits; 20.0 s left to the target",
        "shared seats: 1 logged in, none idle",
        "12:00:10     7.000 s  passed over: agent 1001 took a vip caller first (higher tier); 13.0 s left to the target",
        "12:00:20    17.000 s  given to agent 1001 at seat 1001",
        "12:00:28    25.000 s  the offer to agent 1001 ended: no answer after 8.0 s of ringing",
        "12:00:28    25.000 s  waits: nobody can take it now; nobody else of its class waits; 5.0 s past the target",
        "where the wait of 29.000 s went:",
        "12:00:03    17.000 s  in line: no agent who may serve it was free for it",
        "12:00:20     8.000 s  seat 1001 was asked and rang",
        "12:00:30     2.000 s  seat 1001 was asked and rang",
    ):
        assert words in text, f"{words!r} is not in\n{text}"


def test_who_still_waits_is_explained_too() -> None:
    """Place in line, time left, who passed it over so far, and who could take it now but may not."""
    state = a_state(shared=1, vip=1, wrap_up_s=0)
    facts = play(
        state,
        """
        0  | register 1901    | nothing
        0  | register 1001    | nothing
        1  | queue a ordinary | ring 1001 a
        2  | answers a 1001   | nothing
        3  | queue b ordinary | nothing
        4  | queue c ordinary | nothing
        5  | queue v vip      | ring 1901 v
        6  | fails v 1901 abandoned | nothing
        """,
    )
    told = history(facts, "c")
    told += lines_of(state, state.calls["c"], 8.0, len(told))
    text = "\n".join(explain_lines("c", told, SHANGHAI))
    assert "now: waits for 4.0 s, number 2 of 2 in its line; 16.0 s left to the target" in text
    assert "seats dedicated to vip: 1 idle, kept free by the reserve of 1" in text
    assert "where the wait of 4.000 s went" in text
    first = "\n".join(explain_lines("b", lines_of(state, state.calls["b"], 8.0, 0), SHANGHAI))
    assert "was free but the seat is kept free by the reserve" in first


@settings(max_examples=150 * FUZZ)
@given(script=_script)
def test_every_wait_is_accounted_for(script: list[tuple[float, tuple[str, ...], bool]]) -> None:
    """Whatever happens in whatever order: the stretches of a wait follow each other without a gap and add up to it."""
    state = a_state(**CHOICES)
    facts: list[Fact] = []
    for at, words in _events(state, script):
        facts += engine.step(state, event_of(at, _aimed(words, state), state))[1]
    by_call: dict[str, list[list[Fact]]] = defaultdict(lambda: [[]])
    for fact in facts:
        if (call := getattr(fact, "call", "")) and type(fact).__name__ != "AgentChanged":
            by_call[call][-1].append(fact)
            if isinstance(fact, CallRecord):
                by_call[call].append([])
    for call, journeys in by_call.items():
        for journey in journeys:
            record = next((f for f in journey if isinstance(f, CallRecord)), None)
            entered = next((f for f in journey if isinstance(f, CallOffered)), None)
            if record is None or entered is None:
                continue
            stretches = stretches_of(history(list(journey), call))
            assert sum(stretch.span_s for stretch in stretches) == pytest.approx(record.wait_s, abs=0.01)
            for before, after in pairwise(stretches):
                assert after.began_at == pytest.approx(before.ended_at, abs=0.001)

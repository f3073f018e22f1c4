"""What a waiting caller is told about who was served before it: complete, merged, and never more than fits."""

import json

import msgspec

from routing import engine, snapshot
from routing.actions import RingSeat
from routing.adapters import codec
from routing.events import AsteriskLost, AsteriskSynced, CallEnded, CallQueued, SeatChanged, SeatState
from routing.facts import CallKeptWaiting, CallPassedOver, Fact, Pass, Passed
from routing.passes import MAX_KEPT, MAX_OUTAGES, passes_of
from routing.rules import Queue, Talent
from routing.selection import MAX_TOLD
from tests.builders import a_state, rules
from tests.scenario.play import play

PASSES = 100_000
MAX_STORED_BYTES = 4096


def told_of(facts: list[Fact], call: str) -> list[Pass]:
    """What the call's one fact about passes says."""
    (fact,) = [f for f in facts if isinstance(f, CallPassedOver) and f.call == call]
    return list(fact.passes)


def queued(at: float, call: str, tier: str, queue: str = "") -> CallQueued:
    """A caller of that tier comes to its line."""
    return CallQueued(at, call, f"PJSIP/c-{call}", "", queue, tier, "person", "zh-CN", "", at)


def test_who_waited_longest_reads_every_reason_once() -> None:
    """The ordinary caller reads: two VIP callers came first, an earlier caller of its own kind came first, each with times and time left."""
    facts = play(
        a_state(shared=1, wrap_up_s=0),
        """
        0  | register 1001    | nothing
        1  | queue a ordinary | ring 1001 a
        2  | answers a 1001   | nothing
        3  | queue b ordinary | nothing
        4  | queue c ordinary | nothing
        5  | queue v vip      | nothing
        6  | queue w vip      | nothing
        10 | leg_ends a 1001  | ring 1001 v
        11 | answers v 1001   | nothing
        20 | leg_ends v 1001  | ring 1001 w
        21 | answers w 1001   | nothing
        30 | leg_ends w 1001  | ring 1001 b
        31 | answers b 1001   | nothing
        50 | ends c           | record c abandoned waiting
        51 | leg_ends b 1001  | nothing
        51 | ends b           | record b answered caller
        """,
    )
    vips = Pass(Passed.TIER, "vip", 2, 10.0, 20.0, "1001", "1001", 13.0, 3.0)
    assert told_of(facts, "b") == [vips]
    assert told_of(facts, "c") == [Pass(Passed.EARLIER, "ordinary", 1, 30.0, 30.0, "1001", "1001", -6.0, -6.0)]
    waits = {f.call: f for f in facts if isinstance(f, CallKeptWaiting)}
    assert set(waits) == {"b", "c", "v", "w"}
    assert (waits["c"].alike, waits["c"].is_first, waits["c"].left_s) == (1, False, 20.0)
    assert [(c.who, c.why, c.count) for c in waits["b"].candidates] == [("shared seats", "logged in, none idle", 1)]


def test_idle_agents_who_may_not_serve_are_named() -> None:
    """A caller who needs skills reads of the idle agents without them, of the reserve, and of the seats where nobody sits."""
    billing = {"queues": (Queue("billing", 1.0, (("billing", 2),)),), "talents": {"1002": Talent((("billing", 3),))}}
    facts = play(
        a_state(shared=2, vip=1, reserve=1, wrap_up_s=0, **billing),
        """
        0 | queue a ordinary in=billing | nothing
        1 | register 1001               | nothing
        2 | register 1901               | nothing
        3 | queue b ordinary            | ring 1001 b
        4 | queue c ordinary            | nothing
        5 | ends a                      | record a abandoned waiting
        """,
    )
    first, second = [f for f in facts if isinstance(f, CallKeptWaiting)]
    assert {c.why for c in first.candidates} == {"nobody is logged in"}
    assert {(c.who, c.why, c.count) for c in second.candidates} == {
        ("shared seats", "logged in, none idle", 1),
        ("seats dedicated to vip", "idle, kept free by the reserve of 1", 1),
    }
    assert {(p.reason, p.times) for p in told_of(facts, "a")} == {(Passed.UNFIT, 3)}


def test_without_asterisk_that_is_the_reason() -> None:
    """A caller who waited while the connection was gone reads from when to when."""
    facts = play(
        a_state(shared=1, wrap_up_s=0),
        """
        0  | register 1001   | nothing
        1  | lost            | nothing
        2  | queue a         | nothing
        9  | synced a        | ring 1001 a
        10 | answers a 1001  | nothing
        20 | ends a          | record a answered caller
        """,
    )
    assert told_of(facts, "a") == [Pass(Passed.NO_ASTERISK, "", 1, 2.0, 9.0, "", "", 20.0, 13.0)]
    (wait,) = [f for f in facts if isinstance(f, CallKeptWaiting)]
    assert [c.who for c in wait.candidates] == ["Asterisk"]


def test_a_hundred_thousand_passes_are_one_line() -> None:
    """A caller nobody can help waits while 100,000 others are served: its story stays short, its counts are right."""
    needs = Queue("rare", 1.0, (("rare", 5),))
    state = a_state(shared=1, wrap_up_s=0, queues=(needs,))
    engine.step(state, SeatChanged(0.5, "1001", SeatState.FREE))
    engine.step(state, queued(0.6, "lonely", "ordinary", "rare"))
    for number in range(PASSES):
        engine.step(state, queued(1.0 + number, f"x{number}", "ordinary"))
        engine.step(state, CallEnded(1.5 + number, f"x{number}", 16))
    call = state.calls["lonely"]
    assert len(call.passes) == 1
    assert call.passes[0].times >= PASSES
    plain = msgspec.json.encode(snapshot.to_plain(state))
    assert len(plain) < MAX_STORED_BYTES
    _, facts = engine.step(state, CallEnded(2.0 + PASSES, "lonely", 16))
    (told,) = told_of(facts, "lonely")
    assert (told.first_at, told.last_at) == (1.0, 0.5 + PASSES)
    assert len(json.dumps([codec.to_plain(f) for f in facts])) < MAX_STORED_BYTES


def test_more_reasons_than_are_kept_become_one() -> None:
    """With more tiers than a story has room for, the rest is counted as further reasons and none is lost."""
    state = a_state(shared=1)
    engine.step(state, queued(0.0, "a", "ordinary"))
    from routing.passes import _note  # noqa: PLC0415 the one way to more reasons than tiers

    for number in range(1000):
        _note(state, "a", Passed.TIER, (f"t{number % 40}", state.agents["1001"]), float(number))
    call = state.calls["a"]
    assert len(call.passes) == MAX_KEPT
    assert sum(told.times for told in call.passes) == 1000
    assert call.passes[-1].reason is Passed.OTHER


def test_outages_are_bounded() -> None:
    """A connection that comes and goes a thousand times leaves the last few."""
    state = a_state(shared=1)
    for number in range(1000):
        engine.step(state, AsteriskLost(float(2 * number)))
        engine.step(state, AsteriskSynced(2.0 * number + 1, 2.0 * number, (), ()))
    assert len(state.outages) == MAX_OUTAGES
    engine.step(state, queued(1990.0, "a", "ordinary"))
    (told,) = passes_of(state, state.calls["a"], 2100.0)
    assert told.reason is Passed.NO_ASTERISK and told.last_at == 1999.0


def test_a_decision_stays_small_however_many_wait() -> None:
    """With 300 kinds of callers in line, a decision tells of some and the journal entry stays small; each caller still has its own reasons."""
    queues = tuple(Queue(f"q{n}") for n in range(300))
    state = a_state(shared=1, wrap_up_s=0, queues=queues)
    for n in range(300):
        engine.step(state, queued(float(n), f"c{n}", "ordinary", f"q{n}"))
    event = SeatChanged(400.0, "1001", SeatState.FREE)
    actions, facts = engine.step(state, event)
    assert [a.call for a in actions if isinstance(a, RingSeat)] == ["c0"]
    assert len(codec.entry_bytes(event, facts, 1.0)) < 300 * (MAX_TOLD + 4)
    assert [[p.reason for p in state.calls[f"c{n}"].passes] for n in range(1, 300)] == [[Passed.DEADLINE]] * 299


def test_passes_outlive_a_restart() -> None:
    """A router that takes over tells the same story."""
    state = a_state(shared=1)
    engine.step(state, queued(0.0, "a", "ordinary", ""))
    engine.step(state, AsteriskLost(1.0))
    engine.step(state, AsteriskSynced(2.0, 1.0, ("a",), ()))
    engine.step(state, queued(3.0, "v", "vip"))
    engine.step(state, SeatChanged(4.0, "1001", SeatState.FREE))
    again = snapshot.from_plain(msgspec.json.decode(msgspec.json.encode(snapshot.to_plain(state))), rules(shared=1))
    assert passes_of(again, again.calls["a"], 5.0) == passes_of(state, state.calls["a"], 5.0)
    assert [p.reason for p in passes_of(again, again.calls["a"], 5.0)] == [Passed.NO_ASTERISK, Passed.TIER]
    assert again.manned == state.manned

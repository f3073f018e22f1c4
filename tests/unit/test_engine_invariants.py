"""Whatever happens in whatever order, the promises of the router hold after every event."""

import copy
import os
from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import engine, snapshot
from routing.actions import MANY, CallBack, RingSeat
from routing.coverage import Coverage
from routing.events import Event, SeatState, Tick
from routing.facts import AgentState, Announced, CallEntered, CallOffered, CallRecord, CallWidened, Decision, Fact
from routing.groups import CallClass, Group
from routing.model import AT_WORK, BUSY, State
from routing.own_agent import may_be_waited_for
from routing.recipe import is_due, steps_left
from routing.rules import CallbackRules, Queue, Talent
from routing.selection import Rule, is_urgent, rule_for
from routing.steps import SUPERVISORS, Leave, Step, When
from routing.transitions import CallState
from tests.builders import a_state, rules
from tests.scenario.play import event_of

RUNG = (AgentState.OFFERED, AgentState.RINGING)
FUZZ = int(os.environ.get("JIETONG_FUZZ", "1"))  # `make fuzz` tries that many times more
CALLS = ["a", "b", "c", "d"]
SEATS = ["1001", "1002", "1901", "1902"]
CHOICES: dict[str, Any] = {
    "shared": 2,
    "vip": 2,
    "reserve": 1,
    "wrap_up_s": 3.0,
    "age_ratio": 2.0,
    "representative_s": 4.0,
    "announce_every_s": 5.0,
    "queues": (
        Queue(
            "billing",
            2.0,
            (("billing", 2),),
            (
                Step(When.AFTER, 5, relax=(("billing", 1),)),
                Step(When.LEFT, 4, ("ordinary",), add_queue="repairs"),
                Step(When.PREDICTED, 60, relax=(("billing", 2),)),
                Step(When.AFTER, 14, relax=(("billing", 3),)),
            ),
        ),
        Queue(
            "repairs",
            overflow=(
                Step(When.AFTER, 0, ring_seats=2),
                Step(When.AFTER, 6, add_queue=SUPERVISORS),
                Step(When.AFTER, 11, leave=Leave.OUTSIDE, number="02112345678"),
                Step(When.AFTER, 13, leave=Leave.VOICEMAIL),
                Step(When.AHEAD, 3, leave=Leave.VOICEMAIL),
            ),
        ),
        Queue("hotline", overflow=(Step(When.AFTER, 7, ring_seats=3),)),
    ),
    "outside": ("02112345678",),
    "callback": CallbackRules(("13XXXXXXXXX",), 30.0, 60.0, 10.0, 2, 7.0),
    "talents": {
        "1902": Talent((("billing", 2),), (SUPERVISORS,)),
        "1001": Talent((("billing", 3),)),
        "1901": Talent((("billing", 1),), ("hotline", "repairs")),
        "8001": Talent((("billing", 5),)),
    },
}

_call = st.sampled_from(CALLS)
_seat = st.sampled_from(SEATS)
_reason = st.sampled_from(["no_answer", "rejected", "busy", "unavailable", "not_delivered", "abandoned"])
_words = st.one_of(
    st.tuples(st.sampled_from(["register", "register", "unregister", "in_use", "free"]), _seat),
    st.tuples(st.just("login"), st.sampled_from(["8001", *SEATS]), _seat),
    st.tuples(st.sampled_from(["logout", "ready", "extend"]), st.sampled_from(["8001", *SEATS])),
    st.tuples(st.just("pause"), _seat, st.just("lunch")),
    st.tuples(st.sampled_from(["arrive", "ends", "hangs_up", "queue"]), _call),
    st.tuples(st.just("queue"), _call, st.sampled_from(["vip", "ordinary", "nonsense"])),
    st.tuples(
        st.just("queue"), _call, st.sampled_from(["vip", "ordinary"]), st.sampled_from(["in=billing", "in=repairs"])
    ),
    st.tuples(st.just("queue"), _call, st.sampled_from(["vip", "ordinary"]), st.sampled_from(["8001", "7777", *SEATS])),
    st.tuples(st.just("transferred"), _call, st.sampled_from(["in=billing", "in=repairs", "in=hotline"])),
    st.tuples(st.sampled_from(["rings", "answers", "leg_ends", "agent_hangs_up"]), _call, _seat),
    st.tuples(st.sampled_from(["holds", "unholds"]), _call, _seat),
    st.tuples(st.just("fails"), _call, _seat, _reason),
    st.just(("tick",)),
    st.tuples(st.just("queue"), _call, st.just("ordinary"), st.sampled_from(["from=13800000001", "from=13800000002"])),
    st.tuples(st.sampled_from(["asks", "asks", "reached", "cancel", "outside_answers", "send_fails"]), _call),
    st.tuples(st.just("unreached"), _call, st.sampled_from(["no_answer", "busy"])),
    st.tuples(st.just("message"), _call, st.just("9")),
    st.just(("lost",)),
    st.tuples(
        st.just("hours"),
        st.sampled_from(["hotline:", "hotline:0-1060,1120-9000", "billing:1000-1040", "hotline:0-9000"]),
        st.sampled_from(["holidays:", "holidays:0-1100"]),
    ),
    st.just(("synced", *CALLS)),
)
# (seconds since the event before, what) ; whether to aim the event at the seat that is really offered
_anything = st.lists(st.tuples(st.floats(0, 12), _words, st.booleans()), max_size=60)
_all_at_work = [(0.0, ("register", seat), False) for seat in SEATS]
_script = st.one_of(_anything, _anything.map(lambda events: [*_all_at_work, *events]))


def stored(state: State) -> dict[str, Any]:
    """What is left of a state after a stay in the store."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(snapshot.to_plain(state)))
    return plain


def _events(state: State, script: list[tuple[float, tuple[str, ...], bool]]) -> "list[tuple[float, list[str]]]":
    at, told = 1000.0, []
    for gap, words, aim in script:
        at += gap
        told.append((at, [*words, "aim"] if aim else list(words)))
    return told


def _aimed(words: list[str], state: State) -> list[str]:
    if words[-1] != "aim":
        return words
    words = words[:-1]
    call = (
        state.calls.get(words[1])
        if len(words) > 2 and words[0] in ("rings", "answers", "fails", "leg_ends", "holds")
        else None
    )
    if call is not None:
        words[2] = words[2] if words[2] in call.rings else next(iter(call.rings), call.seat or words[2])
    return words


def _check_places(state: State) -> None:
    for call in state.calls.values():
        standing = call.queued_at is not None and call.id in state.waiting[state.class_of(call)]
        held = bool(call.held_for) and call.id in state.held[call.held_for]
        assert (standing or held) == (call.state is CallState.WAITING) and not (standing and held)
        if held:
            assert may_be_waited_for(state, state.agents[call.held_for]) and call.until is not None
            assert call.held_for not in {a for line in state.idle.values() for a in line} or not state.connected
        assert bool(call.rings) == (call.state is CallState.OFFERED)
        in_virtual = [c for c, line in state.virtual.items() if call.id in line]
        assert in_virtual == ([state.class_of(call)] if state.is_callback_due(call) else [])
        assert (call.promised_at is None) or state.callbacks[call.caller] == call.id, "two callbacks of one number"
        for seat, offer in call.rings.items():
            agent = state.agents[offer.agent]
            expected = AgentState.OFFERED if offer.rang_at is None else AgentState.RINGING
            assert (agent.state, agent.call, offer.seat) == (expected, call.id, seat)
    lines = [*state.waiting.values(), *state.held.values()]
    assert sum(len(line) for line in lines) == sum(c.state is CallState.WAITING for c in state.calls.values())
    talking = [a.call for a in state.agents.values() if a.state is AgentState.TALKING]
    ringing = [(a.call, a.number) for a in state.agents.values() if a.state in RUNG]
    assert all(talking) and len(talking) == len(set(talking))
    assert sorted(ringing) == sorted((c.id, o.agent) for c in state.calls.values() for o in c.rings.values())
    assert not {call for call, _ in ringing} & set(talking)
    for agent in state.agents.values():
        seat = state.seats.get(agent.seat)
        idle = seat is not None and agent.number in state.idle.get(state.group_of(agent, seat), ())
        free = bool(agent.seat) and state.seats[agent.seat].state is SeatState.FREE
        assert idle == (agent.state is AgentState.READY and free)
        assert (agent.state is AgentState.LOGGED_OUT) == (not agent.seat)
        if agent.seat:
            assert state.seats[agent.seat].agent == agent.number
        if agent.state in BUSY:
            assert agent.call in state.calls


def _check_callbacks(state: State, actions: list[Any], waiting: dict[str, tuple[CallClass, float]], at: float) -> None:
    """No agent is rung for a callback while a live caller in target, whom it may serve, waits; unless the promise is near."""
    for action in actions:
        if isinstance(action, CallBack) and not is_urgent(state, state.calls[action.call], at):
            group = state.group_of(state.agents[state.seats[action.seat].agent], state.seats[action.seat])
            for call, (call_class, line_at) in waiting.items():
                if (
                    call in state.calls
                    and state.calls[call].state is CallState.WAITING
                    and not state.calls[call].held_for
                ):
                    is_in_target = at - line_at <= state.tiers[call_class.tier].answer_within_s
                    assert not (is_in_target and rule_for(state, group, call_class)), "a live caller was passed over"
    assert set(state.callbacks.values()) == {c.id for c in state.calls.values() if c.promised_at is not None}
    for call_class, line in state.virtual.items():
        for group, idle in state.idle.items():
            assert not (state.connected and len(line) and len(idle) and rule_for(state, group, call_class)), call_class


def _check_who_is_at_work(state: State) -> None:
    counted: Counter[Group] = Counter()
    for agent in state.agents.values():
        seat = state.seats.get(agent.seat)
        if seat is not None and seat.state is not SeatState.UNREACHABLE and agent.state in AT_WORK:
            counted[state.group_of(agent, seat)] += 1
    assert counted == state.at_work.groups
    anew = Coverage()
    for group, count in counted.items():
        anew.change(group, count)
    for one in state.waiting:
        assert state.at_work.of(one) == anew.of(one)
        assert [state.at_work.share(one, other) for other in state.waiting] == [
            anew.share(one, other) for other in state.waiting
        ]


def _check_steps(taken: dict[str, set[str]], facts: list[Fact]) -> None:
    for fact in facts:
        if isinstance(fact, CallOffered):
            taken[fact.call] = set()  # entering a queue, also by a transfer, begins its recipe
        if isinstance(fact, CallWidened):
            assert fact.step not in taken[fact.call], "a step was taken twice"
            taken[fact.call].add(fact.step)


def _check_announcements(told: dict[str, tuple[int, int]], facts: list[Fact]) -> None:
    for fact in facts:
        if isinstance(fact, CallEntered | CallRecord):
            told.pop(fact.call, None)  # in these stories a call's name is used again
        if isinstance(fact, Announced):
            place, minutes = told.get(fact.call, (MANY, MANY))
            assert fact.place <= place and fact.minutes <= minutes, "told a later place or a longer wait"
            told[fact.call] = (fact.place or place, fact.minutes or minutes)


def _check_nobody_servable_waits(state: State) -> None:
    if not state.connected:
        return
    for call_class, line in state.waiting.items():
        for group, idle in state.idle.items():
            assert not (len(line) and len(idle) and rule_for(state, group, call_class)), (call_class, group)
    for tiers in {group.tiers for group in state.idle}:
        counted = sum(len(line) for group, line in state.idle.items() if group.tiers == tiers)
        assert state.idle_seats.get(tiers, 0) == counted


@settings(max_examples=300 * FUZZ)
@given(script=_script)
def test_promises_hold_after_every_event(script: list[tuple[float, tuple[str, ...], bool]]) -> None:
    """Each caller is in one place, each agent has one call at most, and nobody waits who could be served."""
    state = a_state(**CHOICES)
    entered: Counter[str] = Counter()
    recorded: Counter[str] = Counter()
    offered: Counter[tuple[str, int]] = Counter()
    closed: Counter[tuple[str, int]] = Counter()
    told: dict[str, tuple[int, int]] = {}
    taken: dict[str, set[str]] = {}
    for at, words in _events(state, script):
        before = {c.id: c.queued_at for c in state.calls.values()}
        heads = {call_class: line.head() for call_class, line in state.waiting.items()}
        event = event_of(at, _aimed(words, state), state)
        actions, facts = engine.step(state, event)
        _check_places(state)
        _check_who_is_at_work(state)
        _check_announcements(told, facts)
        _check_nobody_servable_waits(state)
        live = {c.id: (state.class_of(c), c.line_at) for c in state.calls.values() if c.state is CallState.WAITING}
        _check_callbacks(state, actions, live, at)
        for call in state.calls.values():
            assert before.get(call.id) is None or call.queued_at == before[call.id], "queued_at was rewritten"
        orders = [a for a in actions if isinstance(a, RingSeat)]
        rung = [seat for a in orders for seat in a.seats]
        assert len(rung) == len(set(rung))
        for action in actions:
            rules = [
                f.rule
                for f in facts
                if isinstance(f, Decision) and isinstance(action, RingSeat) and f.call == action.call
            ]
            if isinstance(action, RingSeat) and action.call in before and Rule.OWN_AGENT not in rules:
                head = heads.get(state.class_of(state.calls[action.call]))
                key = state.calls[action.call].line_at
                assert head is None or key is None or key <= head[0] or len(orders) > 1, "not first come, first served"
        entered.update(f.call for f in facts if isinstance(f, CallEntered))
        recorded.update(f.call for f in facts if isinstance(f, CallRecord))
        offered.update((f.call, f.segment) for f in facts if isinstance(f, CallOffered))
        closed.update((f.call, f.segment) for f in facts if isinstance(f, CallRecord) and f.queued_at is not None)
        in_line = Counter((c.id, c.segment) for c in state.calls.values() if c.queued_at is not None)
        assert offered == closed + in_line, "a segment without its one record"
        _check_steps(taken, facts)
        for call in state.calls.values():
            assert len(set(call.steps_done)) == len(call.steps_done) and len(call.rings) <= call.seats_at_once
    for call in CALLS:
        assert entered[call] <= recorded[call] + (call in state.calls)


@settings(max_examples=150 * FUZZ)
@given(script=_script, cut=st.integers(0, 60))
def test_a_stored_state_goes_on_as_if_nothing_happened(
    script: list[tuple[float, tuple[str, ...], bool]], cut: int
) -> None:
    """A router that was stopped and started from its snapshot gives the same orders as one that never stopped."""
    state = a_state(**CHOICES)
    other: State | None = None
    for number, (at, words) in enumerate(_events(state, script)):
        if number == cut:
            other = snapshot.from_plain(stored(state), rules(**CHOICES))  # type: ignore[arg-type]
        event: Event = event_of(at, _aimed(words, state), state)
        twin = copy.deepcopy(event)
        expected = engine.step(state, event)
        if other is not None:
            assert engine.step(other, twin) == expected
    if other is not None:
        assert stored(other) == stored(state)


@settings(max_examples=100 * FUZZ)
@given(script=_script)
def test_no_deadline_is_missed(script: list[tuple[float, tuple[str, ...], bool]]) -> None:
    """If the router is woken whenever it asked to be, nobody stays in wrap-up or in a pause that ends by itself, and no recipe's step is late."""
    state = a_state(**CHOICES)
    for at, words in _events(state, script):
        while (due := engine.next_deadline(state)) is not None and due <= at:
            engine.step(state, Tick(due))
        engine.step(state, event_of(at, _aimed(words, state), state))
        for agent in state.agents.values():
            assert agent.until is None or agent.until >= at
        for call in state.calls.values():
            is_live = call.promised_at is None  # a callback has left its recipe behind
            if is_live and call.state in (CallState.WAITING, CallState.OFFERED, CallState.RETURNING):
                left = [
                    step for step in steps_left(state, call) if step.leave is None
                ]  # to leave takes Asterisk and no ringing seat
                late = [step for step in left if is_due(state, call, step, at, lambda _: 0.0)]
                assert not late, "a step of the recipe was not taken in time"

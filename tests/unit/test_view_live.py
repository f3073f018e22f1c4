"""What `jietong status` shows: who waits, rings and talks, and what agents do."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.view import LiveView
from routing import engine
from routing.events import Event, SeatChanged, SeatState
from routing.facts import AgentState, Fact, Outcome
from routing.rules import Queue
from routing.steps import Step, When
from routing.transitions import CallState
from tests.builders import a_state
from tests.builders_facts import agent_changed, answered, closed, decided, entered, offered, rang, record
from tests.scenario.play import event_of

WAY = [
    (entered(1.0), "menu"),
    (offered(2.0), "waiting"),
    (decided(3.0), "waiting"),
    (rang(3.1), "ringing"),
    (closed(11.1, "no_answer"), "waiting"),
    (decided(11.2, agent="1002"), "waiting"),
    (rang(11.3, agent="1002"), "ringing"),
    (closed(15.0, "answered", agent="1002"), "ringing"),
    (answered(15.0), "talking"),
    (record(60.0, Outcome.ANSWERED), None),
]


def a_view(*facts: Fact) -> LiveView:
    """A view of two agents that has seen `facts`."""
    view = LiveView(["1001", "1002"])
    for fact in facts:
        view.add(fact)
    return view


@pytest.mark.parametrize("steps", range(1, len(WAY) + 1))
def test_a_call_is_shown_where_it_is(steps: int) -> None:
    """From the menu to the end, the operator sees the caller in one place."""
    view = a_view(*(fact for fact, _ in WAY[:steps]))
    expected = WAY[steps - 1][1]
    assert [call.state for call in view.calls.values()] == ([expected] if expected else [])


@pytest.mark.parametrize("first", range(1, len(WAY) - 1))
def test_a_view_that_starts_in_the_middle_ends_empty(first: int) -> None:
    """Facts of a call that nobody heard of before neither fail nor leave a ghost behind."""
    view = a_view(*(fact for fact, _ in WAY[first:]))
    assert view.calls == {}


def test_a_caller_keeps_the_place_in_line_after_an_unanswered_offer() -> None:
    """The longest waiting is first, also when its offer failed and a later caller came meanwhile."""
    view = a_view(offered(1.0, "a"), rang(2.0, "a"), offered(3.0, "b"), closed(10.0, "no_answer", "a"))
    assert [call.call for call in view.waiting()] == ["a", "b"]


def test_agents_of_the_site_are_there_before_they_ever_log_in() -> None:
    """An agent of the site file is logged out, not missing; every state has its count."""
    counts = a_view().state_counts()
    assert counts["logged_out"] == 2
    assert {state.value for state in AgentState} | {"unreachable"} == set(counts)


def test_a_ready_agent_whose_phone_is_gone_is_shown_as_unreachable() -> None:
    """Ready means that a call could ring there."""
    view = a_view(agent_changed(1.0, reachable=False), agent_changed(1.0, "1002", AgentState.TALKING, reachable=False))
    assert (view.state_counts()["unreachable"], view.state_counts()["talking"]) == (1, 1)


def test_an_agent_is_in_a_state_since_it_began() -> None:
    """A second word on the same state does not start its clock again."""
    view = a_view(agent_changed(1.0), agent_changed(5.0, reachable=False), agent_changed(9.0))
    assert view.agents["1001"].since == 1.0


def test_agents_that_the_site_no_longer_has_go_away() -> None:
    """After a change of the site file the stored view shows the agents of the new file."""
    stored = msgspec.json.decode(
        msgspec.json.encode(a_view(agent_changed(1.0, "1001"), agent_changed(1.0, "1002")).to_plain())
    )
    view = LiveView(["1002", "1003"])
    view.load_plain(stored)
    assert {number: agent.state for number, agent in view.agents.items()} == {"1002": "ready", "1003": "logged_out"}


_call = st.sampled_from(["a", "b", "c"])
_seat = st.sampled_from(["1001", "1002", "1901"])
_words = st.one_of(
    st.tuples(st.sampled_from(["unregister", "in_use", "free"]), _seat),
    st.tuples(st.sampled_from(["arrive", "queue", "queue", "ends"]), _call),
    st.tuples(st.sampled_from(["rings", "answers", "leg_ends"]), _call, _seat),
    st.tuples(st.just("fails"), _call, _seat, st.sampled_from(["no_answer", "busy", "abandoned"])),
    st.just(("lost",)),
    st.just(("synced", "a", "b")),
)


@settings(max_examples=200)
@given(script=st.lists(_words, max_size=40))
def test_the_view_agrees_with_the_router(script: list[tuple[str, ...]]) -> None:
    """What facts tell is what the router knows: the same calls, ringing and talking at the same seats, agents in the same states."""
    two_at_once = Queue("hotline", overflow=(Step(When.AFTER, 0, ring_seats=2),))
    state = a_state(shared=2, vip=1, queues=(two_at_once,))
    view = LiveView(state.agents)
    events: list[Event] = [SeatChanged(0.5, seat, SeatState.FREE) for seat in state.seats]
    for event in events:
        _follow(view, state, event)
    for at, words in enumerate(script, 1):
        call = state.calls.get(words[1]) if len(words) > 2 else None
        if call is not None and call.rings and words[2] not in call.rings:
            words = (*words[:2], next(iter(call.rings)), *words[3:])
        _follow(view, state, event_of(float(at), list(words), state))
        again = LiveView()
        again.take_over(state, float(at))
        for shown in (view, again):
            assert shown.calls.keys() == state.calls.keys()
            for number, agent in shown.agents.items():
                assert agent.state == state.agents[number].state.value
            for known in state.calls.values():
                if known.state is CallState.WAITING and known.talk_ended_at is None:
                    assert shown.calls[known.id].state == "waiting"
                if known.state is CallState.TALKING and known.talk_ended_at is None and known.queued_at is not None:
                    assert (shown.calls[known.id].state, shown.calls[known.id].seat) == ("talking", known.seat)
                ringing = [offer.seat for offer in known.rings.values() if offer.rang_at is not None]
                if ringing:
                    assert shown.calls[known.id].state == "ringing" and shown.calls[known.id].seat in ringing


def _follow(view: LiveView, state: engine.State, event: Event) -> None:
    _, facts = engine.step(state, event)
    for fact in facts:
        view.add(fact)

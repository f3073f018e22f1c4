"""The router's memory as values for JSON and back, so that it can be stored and taken over.

Owns the round trip of a State. Must not know where it is kept.
Lines are not stored: they follow from the states of calls and agents.
"""

from typing import Any

from routing.events import SeatState
from routing.facts import AgentState, Pass, Passed
from routing.groups import Levels
from routing.model import Agent, Call, Offer, State
from routing.opening import OpeningTimes, Stretches
from routing.pace import Pace
from routing.rules import Rules
from routing.transitions import CallState

VERSION = 4


class SnapshotRefused(Exception):
    """The snapshot is of another version or damaged: start without it, waiting calls are read from Asterisk."""


def to_plain(state: State) -> dict[str, Any]:
    """Everything of `state` that the rules do not give, for a JSON encoder that knows dataclasses and enums (encode before the next step)."""
    return {
        "version": VERSION,
        "order": state.order,
        "connected": state.connected,
        "outages": state.outages,
        "opening": state.opening,
        "closed": sorted(state.closed),
        "calls": list(state.calls.values()),
        "agents": list(state.agents.values()),
        "pace": state.pace,
        "seats": [{"number": s.number, "state": s.state, "agent": s.agent} for s in state.seats.values()],
    }


def from_plain(plain: dict[str, Any], rules: Rules) -> State:
    """The state that `to_plain` gave, after JSON, under the present `rules`; seats and agents that the rules no longer have are left out.

    raises   SnapshotRefused when the version differs or a field is missing or of the wrong kind
    """
    if plain.get("version") != VERSION:
        raise SnapshotRefused(f"snapshot version {plain.get('version')!r}, this router reads {VERSION}")
    state = State.of(rules)
    try:
        state.order = int(plain["order"])
        state.connected = bool(plain["connected"])
        state.outages = [(lost_at, back_at) for lost_at, back_at in plain["outages"]]
        _restore_hours(state, plain)
        _seat_people(state, plain)
        state.pace |= {queue: Pace(**row) for queue, row in plain["pace"].items() if queue in state.queues}
        _restore_calls(state, plain)
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotRefused(f"snapshot is damaged: {error!r}") from error
    return state


def _restore_hours(state: State, plain: dict[str, Any]) -> None:
    told = plain.get("opening")  # a router of an older version did not know any
    if told is not None:
        queues = {queue: _stretches(times) for queue, times in told["queues"].items()}
        state.opening = OpeningTimes(queues, _stretches(told["holidays"]))
        state.closed = frozenset(plain["closed"])


def _stretches(rows: list[list[float]]) -> Stretches:
    return tuple((start, end) for start, end in rows)


def _seat_people(state: State, plain: dict[str, Any]) -> None:
    for row in plain["seats"]:
        seat = state.seats.get(row["number"])
        if seat is not None:
            seat.state = SeatState(row["state"])
            seat.agent = row["agent"] if row["agent"] in state.agents else ""
            state.manned[seat.dedicated_to] += bool(seat.agent)
    for row in plain["agents"]:
        if row["number"] not in state.agents:
            continue
        then = AgentState(row["then"]) if row["then"] else None
        agent = Agent(**{**row, "state": AgentState(row["state"]), "then": then})
        if agent.seat and agent.seat not in state.seats:
            agent = Agent(agent.number, agent.order)
        state.agents[agent.number] = agent
        if agent.until is not None:
            state.set_deadline("agent", agent.number, agent.until)
        state.place_agent(agent)
        state.count_work(agent)


def _restore_calls(state: State, plain: dict[str, Any]) -> None:
    for row in plain["calls"]:
        call = _call_from(row)
        if call.queued_at is not None and call.tier not in state.tiers:
            call.tier = state.rules.default_tier
        if call.queued_at is not None and call.queue not in state.queues:
            call.queue = state.rules.queue
        if call.held_for not in state.agents:
            call.held_for = ""
        call.rings = {seat: offer for seat, offer in call.rings.items() if offer.agent in state.agents}
        if call.state is CallState.OFFERED and not call.rings:
            call.state = CallState.RETURNING
        state.calls[call.id] = call
        if call.until is not None:
            state.set_deadline("call", call.id, call.until)
        if call.step_at is not None:
            state.set_deadline("step", call.id, call.step_at)
        if call.say_at is not None:
            state.set_deadline("say", call.id, call.say_at)
        if call.queued_at is not None:
            state.place_call(call)
        if call.promised_at is not None:
            state.callbacks[call.caller] = call.id


def _call_from(row: dict[str, Any]) -> Call:
    again = {
        "state": CallState(row["state"]),
        "rings": {seat: Offer(**offer) for seat, offer in row["rings"].items()},
        "requires": _levels(row["requires"]),
        "asked": _levels(row["asked"]),
        "open_to": tuple(row["open_to"]),
        "steps_done": tuple(row["steps_done"]),
        "passes": [Pass(**{**told, "reason": Passed(told["reason"])}) for told in row["passes"]],
    }
    return Call(**{**row, **again})


def _levels(rows: list[list[Any]]) -> Levels:
    return tuple((skill, level) for skill, level in rows)

"""Why a caller still waits: each time an agent was free and did not take it, merged by reason.

Owns what is kept of it with a waiting call, and the one fact that a call leaves about it. Must not choose: selection.py does.
Rules: design.md section 3: every wait can be explained. At most MAX_KEPT reasons a call, however long it waits and however many calls are served before it.
"""

from operator import attrgetter

from routing.facts import CallKeptWaiting, CallPassedOver, Pass, Passed, PassedOver
from routing.model import Agent, Call, State
from routing.outputs import Outputs
from routing.selection import Choice, Look, Rule, look_at_callers, reason_of, why_nobody

MAX_KEPT = 16  # reasons kept apart; all further ones are one entry
MAX_OUTAGES = 8
_ASTERISK = (PassedOver("Asterisk", "the router has no connection to it: nobody can be offered a call"),)
_BEGAN = attrgetter("first_at")


def note_passes(state: State, choice: Choice, looks: list[Look], out: Outputs) -> None:
    """An agent has taken a call out of its line: whoever stands first in another line, and now in this one, was passed over.

    `looks` are from before, when the call was still in line.
    """
    by = (state.calls[choice.call].tier, state.agents[choice.agent])
    found = None
    for look in looks:
        if look[1][2] == choice.call:
            found = look
    is_own = choice.rule is Rule.OWN_AGENT
    for look in looks:
        if look is not found:
            reason = reason_of(state, choice.group, look, found)
            if look[3] is not None and (is_own or choice.is_callback):
                reason = Passed.OWN_AGENT if is_own else Passed.CALLBACK
            _note(state, look[1][2], reason, by, out.at)
        elif (head := state.waiting[look[0]].head()) is not None:
            _note(state, head[2], Passed.EARLIER, by, out.at)


def note_nobody_taken(state: State, agent: Agent, out: Outputs) -> None:
    """An agent became idle and may take none of those who wait."""
    group = state.group_of(agent, state.seats[agent.seat])
    for look in look_at_callers(state, group, out.at):
        _note(state, look[1][2], reason_of(state, group, look, None), ("", agent), out.at)


def note_kept_waiting(state: State, call: Call, out: Outputs) -> None:
    """Nobody can take a call that came to its line: puts on record who there is and why not."""
    if call.queued_at is None:
        return
    call_class = state.class_of(call)
    line = state.waiting[call_class]
    head = line.head()
    left_s = state.tiers[call.tier].answer_within_s - (out.at - call.entered_at)
    candidates = why_nobody(state, call_class) if state.connected else _ASTERISK
    is_first = head is not None and head[2] == call.id
    out.facts.append(CallKeptWaiting(out.at, call.id, len(line) - 1, is_first, left_s, candidates))


def note_outage(state: State, at: float, *, is_over: bool) -> None:
    """The connection to Asterisk is lost, or there again; the last MAX_OUTAGES are remembered."""
    outages = state.outages
    if is_over and outages and outages[-1][1] is None:
        outages[-1] = (outages[-1][0], at)
    elif not is_over and not (outages and outages[-1][1] is None):
        outages.append((at, None))
        del outages[:-MAX_OUTAGES]


def passes_of(state: State, call: Call, at: float) -> list[Pass]:
    """Everything that kept the call waiting so far, the earliest first; times without Asterisk are among it."""
    if call.queued_at is None:
        return []
    if not state.outages:
        return sorted(call.passes, key=_BEGAN) if len(call.passes) > 1 else call.passes
    until = call.answered_at if call.answered_at is not None else at
    spans = [
        (max(lost_at, call.entered_at), min(until if back_at is None else back_at, until))
        for lost_at, back_at in state.outages
    ]
    spans = [span for span in spans if span[0] < span[1]]
    found = list(call.passes)
    if spans:
        first, last = spans[0][0], spans[-1][1]
        due = call.entered_at + state.tiers[call.tier].answer_within_s
        found.append(Pass(Passed.NO_ASTERISK, "", len(spans), first, last, "", "", due - first, due - last))
    return sorted(found, key=_BEGAN)


def close_passes(state: State, call: Call, out: Outputs) -> None:
    """The call is over: what kept it waiting goes on record, if anything did."""
    if not call.passes and not state.outages:
        return
    passes = passes_of(state, call, out.at)
    if passes:
        out.facts.append(CallPassedOver(out.at, call.id, tuple(passes)))


def _note(state: State, waiting: str, reason: Passed, by: tuple[str, Agent], at: float) -> None:
    call, (tier, agent) = state.calls[waiting], by
    if reason is Passed.UNFIT or reason is Passed.RESERVE:
        tier = ""  # whom the agent took instead is no matter: it could not have taken this caller
    left_s = state.tiers[call.tier].answer_within_s - (at - call.entered_at)
    for told in call.passes:
        if told.reason is reason and told.tier == tier:
            told.times += 1
            told.last_at, told.last_left_s = at, left_s
            told.agent, told.seat = agent.number, agent.seat
            return
    if len(call.passes) < MAX_KEPT - 1 or reason is Passed.OTHER:
        call.passes.append(Pass(reason, tier, 1, at, at, agent.number, agent.seat, left_s, left_s))
    else:
        _note(state, waiting, Passed.OTHER, ("", agent), at)

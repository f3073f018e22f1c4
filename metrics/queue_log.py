"""What Asterisk's own queue would have written to its queue_log about the same calls and agents.

Owns which fact gives which line. Must not know where lines are kept.
Rules: docs/queue-log.md; field.md section 4.8; apps/app_queue.c of Asterisk 22. Seconds are whole, as there: rounded down.
Test calls of ours have no lines. Each offered segment has one ENTERQUEUE and one line that ends it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from routing.facts import (
    AgentChanged,
    AgentState,
    CallAnswered,
    CallbackPromised,
    CallOffered,
    CallRecord,
    Fact,
    OfferClosed,
    Outcome,
)

NONE = "NONE"  # Asterisk's word for no queue, no call, no agent
MANAGER = "MANAGER"  # Asterisk's word for what came over AMI
CONTEXT = "jietong"  # of a transfer
CALLBACK_KEY = "1"
PAUSED = (AgentState.NOT_READY, AgentState.MISSED)
_RANG_IN_VAIN = ("no_answer", "rejected", "busy")  # app_queue writes the same for a seat that declines


class Line(NamedTuple):
    """One line: epoch second, call, queue, agent, event, up to five parameters."""

    at: float
    call: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...] = ()


@dataclass(slots=True)
class OpenCall:
    """A caller in a queue, or talking."""

    queue: str
    entered_at: float
    position: int
    ring_s: float = 0.0
    is_connected: bool = False


@dataclass(slots=True)
class QueueLog:
    """Folds facts into lines. queues: all of the site; calls: whose lines are not complete, in order of entry; agents: agent -> state."""

    queues: tuple[str, ...]
    calls: dict[str, OpenCall] = field(default_factory=dict)
    agents: dict[str, AgentState] = field(default_factory=dict)

    def lines(self, facts: Sequence[Fact]) -> Iterator[Line]:
        """The lines of these facts, in order. A transfer's two facts must be in one sequence."""
        for index, fact in enumerate(facts):
            if getattr(fact, "is_probe", False):
                continue
            match fact:
                case CallOffered():
                    yield self._enter(fact)
                case OfferClosed():
                    yield from self._offer(fact)
                case CallAnswered():
                    yield from self._connect(fact)
                case CallbackPromised():
                    yield from self._promise(fact)
                case CallRecord():
                    yield from self._end(fact, facts[index + 1 :])
                case AgentChanged():
                    yield from self._agent(fact)
                case _:
                    pass

    def _enter(self, fact: CallOffered) -> Line:
        entered_at = fact.queued_at if fact.entered_at is None else fact.entered_at
        position = 1 + sum(call.queue == fact.queue and not call.is_connected for call in self.calls.values())
        self.calls[fact.call] = OpenCall(fact.queue, entered_at, position)
        return Line(entered_at, fact.call, fact.queue, NONE, "ENTERQUEUE", ("", fact.caller, str(position)))

    def _offer(self, fact: OfferClosed) -> Iterator[Line]:
        call, rang_ms = self.calls.get(fact.call), str(int(fact.rang_s * 1000))
        if fact.result in _RANG_IN_VAIN:
            yield Line(fact.at, fact.call, fact.queue, agent_name(fact.agent), "RINGNOANSWER", (rang_ms,))
        elif fact.result == "abandoned" and fact.rang_s > 0:
            yield Line(fact.at, fact.call, fact.queue, agent_name(fact.agent), "RINGCANCELED", (rang_ms,))
        elif fact.result == "answered" and call is not None:
            call.ring_s = fact.rang_s

    def _connect(self, fact: CallAnswered) -> Iterator[Line]:
        call = self.calls.get(fact.call)
        if call is not None and not call.is_connected:
            call.is_connected = True
            data = (str(int(fact.wait_s)), fact.leg, str(int(call.ring_s)))
            yield Line(fact.at, fact.call, fact.queue, agent_name(fact.agent), "CONNECT", data)

    def _promise(self, fact: CallbackPromised) -> Iterator[Line]:
        if fact.call in self.calls:
            yield self._leave(fact.call, fact.at, "EXITWITHKEY", CALLBACK_KEY)

    def _leave(self, name: str, at: float, event: str, *first: str) -> Line:
        """Ends a wait without an agent: (first ...|position|position at entry|seconds)."""
        call = self.calls[name]
        line = [key for key, other in self.calls.items() if other.queue == call.queue and not other.is_connected]
        position = line.index(name) + 1 if name in line else 1
        del self.calls[name]
        data = (*first, str(position), str(call.position), str(int(max(0.0, at - call.entered_at))))
        return Line(at, name, call.queue, NONE, event, data)

    def _end(self, fact: CallRecord, later: Sequence[Fact]) -> Iterator[Line]:
        call = self.calls.get(fact.call)
        if call is None:
            return  # a menu call, a callback, or one of before the log
        if fact.outcome is Outcome.ANSWERED:
            del self.calls[fact.call]
            yield _complete(fact, call, later)
        elif fact.outcome in (Outcome.OUTSIDE, Outcome.VOICEMAIL):
            yield self._leave(fact.call, call.entered_at + fact.wait_s, "EXITWITHTIMEOUT")
        elif fact.outcome is Outcome.CALLBACK:
            yield self._leave(fact.call, fact.at, "EXITWITHKEY", CALLBACK_KEY)
        else:
            yield self._leave(fact.call, fact.at, "ABANDON")

    def _agent(self, fact: AgentChanged) -> Iterator[Line]:
        was, now, name = self.agents.get(fact.agent, AgentState.LOGGED_OUT), fact.state, agent_name(fact.agent)
        self.agents[fact.agent] = now
        queues = [queue for queue in self.queues if not fact.queues or queue in fact.queues] or [NONE]
        if was is AgentState.LOGGED_OUT and now is not AgentState.LOGGED_OUT:
            yield from (Line(fact.at, MANAGER, queue, name, "ADDMEMBER") for queue in queues)
        if now is AgentState.LOGGED_OUT:
            if was is not AgentState.LOGGED_OUT:
                yield from (Line(fact.at, MANAGER, queue, name, "REMOVEMEMBER") for queue in queues)
        elif (now in PAUSED) is not (was in PAUSED):
            word = "PAUSE" if now in PAUSED else "UNPAUSE"
            reason = (fact.reason,) if fact.reason and now in PAUSED else ()
            yield Line(fact.at, NONE, NONE, name, f"{word}ALL", reason)
            yield from (Line(fact.at, NONE, queue, name, word, reason) for queue in queues)


def _complete(fact: CallRecord, call: OpenCall, later: Sequence[Fact]) -> Line:
    """The end of a conversation, at the moment when it was over: a caller may answer the survey long after."""
    hold, talk = str(int(fact.wait_s)), str(int(fact.talk_s))
    at = fact.answered_at + fact.talk_s if fact.answered_at is not None else fact.at
    name = agent_name(fact.agent)
    if fact.reason == "transferred":
        to = next((f.queue for f in later if isinstance(f, CallOffered) and f.call == fact.call), "")
        data: tuple[str, ...] = (to, CONTEXT, hold, talk, str(call.position))
        return Line(at, fact.call, call.queue, name, "BLINDTRANSFER", data)
    event = "COMPLETEAGENT" if fact.reason == "agent" else "COMPLETECALLER"
    return Line(at, fact.call, call.queue, name, event, (hold, talk, str(call.position)))


def agent_name(agent: str) -> str:
    """How tools know an agent: Agent/1001, NONE for nobody."""
    return f"Agent/{agent}" if agent else NONE


def file_line(line: Line) -> str:
    """The line as it stands in the file: epoch second, then the rest, parted by bars; one stands behind the event also where no data follows, as in
    Asterisk's own. What would part or end it is left out of its words.
    """
    words = (str(int(line.at)), line.call, line.queue, line.agent, line.event, *(line.data or ("",)))
    return "|".join("".join(c for c in word if c.isprintable() and c != "|") for word in words) + "\n"

"""The router's memory: calls, agents, seats, the lines they stand in, and deadlines.

Owns the state that `engine.step` reads and changes, and the one place where lines follow from states. Single writer; no decisions here.
Rules: design.md section 3. Times are epoch seconds.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush

from routing.coverage import Coverage
from routing.events import SeatState
from routing.facts import AgentState, Pass
from routing.groups import CallClass, Directory, Group, Levels
from routing.line import Line
from routing.opening import OpeningTimes
from routing.pace import Pace
from routing.rules import Queue, Rules, Talent, Tier
from routing.transitions import CallState

DEADLINES = {"call": "until", "step": "step_at", "say": "say_at", "agent": "until"}  # kind -> field of call or agent
NO_TALENT = Talent()
BUSY = (AgentState.OFFERED, AgentState.RINGING, AgentState.TALKING)  # has a call
AT_WORK = (AgentState.READY, *BUSY, AgentState.WRAP_UP)  # serves, or will soon


@dataclass(slots=True)
class Offer:
    """One attempt to give a call to an agent. `free_at`: when agent and call were first free for each other."""

    agent: str
    seat: str
    made_at: float
    free_at: float
    rang_at: float | None = None
    leg: str = ""
    declined: bool = False  # the seat's side hung up before anyone answered


@dataclass(slots=True)
class Call:
    """One caller's journey. `queued_at` is set once and never rewritten; `order` breaks ties."""

    id: str
    channel: str
    caller: str
    arrived_at: float
    order: int
    state: CallState = CallState.MENU
    queue: str = ""
    tier: str = ""
    service: str = ""
    language: str = ""
    representative: str = ""
    requires: Levels = ()
    queued_at: float | None = None
    segment: int = 1  # one more for each transfer to a queue
    entered_at: float = 0.0  # when the present segment began to wait: `queued_at` in the first
    credit_s: float = 0.0  # waited in earlier segments: counts for the place in the line
    waiting_at: float = 0.0  # last entry to the waiting context
    answered_at: float | None = None
    talk_ended_at: float | None = None
    ring_s: float = 0.0  # of the seat that answered
    missed: int = 0  # offers that rang in vain
    held_at: float | None = None  # the agent holds the caller since
    hold_s: float = 0.0  # earlier holds of this conversation
    wrap_up_s: float | None = None  # after-call work for the present segment, once it is over
    agent: str = ""
    seat: str = ""
    leg: str = ""
    hung_up_by: str = ""
    held_for: str = ""  # agent whom the call waits for alone, until `until`
    asked_own: bool = False  # the caller's own agent has had its chance
    offers: int = 0
    rings: dict[str, Offer] = field(default_factory=dict)  # seat -> offer, the best choice first; empty unless offered
    until: float | None = None  # deadline of the present state, if it has one
    asked: Levels = ()  # `requires` at queue entry, before any step
    open_to: tuple[str, ...] = ()  # queues whose agents may serve the call beside its own queue's
    seats_at_once: int = 1
    steps_done: tuple[str, ...] = ()  # names of the recipe's steps that were taken, in order
    widened_at: float = 0.0  # when the last step was taken
    step_at: float | None = None  # when the next step is due, if one is
    passes: list[Pass] = field(default_factory=list)  # why agents passed it over so far, one of each reason
    say_at: float | None = None  # when the next announcement is due, if one is
    told_place: int = 0  # last announced place in the line, 0 none
    told_until: float = 0.0  # end of the wait that was announced last, 0.0 none
    left_at: float | None = None  # when it last left the line for outside, voicemail or a callback
    outside_at: float | None = None  # when a number outside answered
    message: str = ""  # file of the message that was left
    promised_at: float | None = None  # a callback: by when the customer shall be reached
    tries: int = 0  # how often the customer was dialled in vain
    dialled_at: float = 0.0  # when an agent last answered for a callback
    unreached: str = ""  # why the customer was not reached this time
    callback_told: bool = False  # has heard that it may be called back
    refused: str = ""  # sent away at the door for this reason
    found_closed: bool = False  # chose a queue that was closed
    goodbye: str = ""  # a callback that is over for this reason

    @property
    def line_at(self) -> float:
        """What the place in the line goes by: when the caller would have come if it had waited all the time without a break."""
        return self.entered_at - self.credit_s


@dataclass(slots=True)
class Agent:
    """A person. `ready_at`: since when idle (longest first); `then`: state to take when the present call ends, if asked for."""

    number: str
    order: int
    state: AgentState = AgentState.LOGGED_OUT
    seat: str = ""
    reason: str = ""
    ready_at: float = 0.0
    call: str = ""
    until: float | None = None
    wrap_up_at: float = 0.0  # when the present after-call work began
    wraps_up: str = ""  # ... and for which call
    wraps_up_segment: int = 1
    then: AgentState | None = None
    then_reason: str = ""


@dataclass(slots=True)
class Seat:
    """A position and what Asterisk says of its device."""

    number: str
    dedicated_to: tuple[str, ...]
    auto_login: bool
    state: SeatState = SeatState.UNREACHABLE
    agent: str = ""


@dataclass(slots=True)
class State:
    """Everything the router knows."""

    rules: Rules
    calls: dict[str, Call] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    seats: dict[str, Seat] = field(default_factory=dict)
    waiting: dict[CallClass, Line] = field(default_factory=dict)
    virtual: dict[CallClass, Line] = field(default_factory=dict)  # callers who will be called back, by class
    callbacks: dict[str, str] = field(default_factory=dict)  # number -> its callback
    opening: OpeningTimes = field(default_factory=OpeningTimes)
    closed: frozenset[str] = (
        frozenset()
    )  # queues that were closed when `opening` was told: nobody is called back for them
    idle: dict[Group, Line] = field(default_factory=dict)  # groups in which somebody is idle, no others
    held: dict[str, Line] = field(default_factory=dict)  # agent -> calls that wait for that agent alone
    deadlines: list[tuple[float, str, str]] = field(default_factory=list)  # at, kind (see DEADLINES), id
    order: int = 0
    connected: bool = False
    tiers: dict[str, Tier] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    directory: Directory = field(default_factory=Directory)
    groups: dict[str, Group] = field(default_factory=dict)  # agent -> its group at its seat, once asked for
    at_work: Coverage = field(default_factory=Coverage)  # agents who serve or will soon
    works_in: dict[str, Group] = field(default_factory=dict)  # the same agents one by one, with their groups
    pace: dict[str, Pace] = field(default_factory=dict)  # queue -> how fast it moves
    idle_seats: dict[tuple[str, ...], int] = field(
        default_factory=dict
    )  # tiers -> idle seats dedicated to just these; each kind of seat is there
    manned: dict[tuple[str, ...], int] = field(default_factory=dict)  # tiers -> seats of that kind where somebody sits
    outages: list[tuple[float, float | None]] = field(default_factory=list)  # the last times without Asterisk: from, to

    @classmethod
    def of(cls, rules: Rules) -> "State":
        """A state in which nothing has happened yet: agents logged out, seats unreachable, Asterisk not connected."""
        state = cls(rules)
        state.tiers = {tier.name: tier for tier in rules.tiers}
        state.ranks = {tier.name: rank for rank, tier in enumerate(rules.tiers)}
        state.queues = {name: Queue(name) for name in rules.queue_names()} | {
            queue.name: queue for queue in rules.queues
        }
        state.pace = {name: Pace() for name in state.queues}
        for seat in rules.seats:
            state.seats[seat.number] = Seat(seat.number, seat.dedicated_to, seat.auto_login)
            state.idle_seats[seat.dedicated_to] = state.manned[seat.dedicated_to] = 0
        for number in rules.agents:
            state.agents[number] = Agent(number, state.next_order())
        return state

    def next_order(self) -> int:
        """A number larger than all before: the tie-break between equal times."""
        self.order += 1
        return self.order

    def group_of(self, agent: Agent, seat: Seat) -> Group:
        """Whom the agent is like, at the seat where it sits."""
        known = self.groups.get(agent.number)
        if known is None:
            talent = self.rules.talents.get(agent.number, NO_TALENT)
            known = self.directory.group(seat.dedicated_to, talent.queues, talent.skills)
            self.groups[agent.number] = known
        return known

    def class_of(self, call: Call) -> CallClass:
        """Whom the call is like."""
        return self.directory.call_class(call.queue, call.tier, call.requires, call.open_to)

    def is_probe(self, call: Call) -> bool:
        """Whether the call is a test of ours, known by its caller's number."""
        return call.caller in self.rules.probe_numbers

    def is_callback_due(self, call: Call) -> bool:
        """Whether the call's customer may be called back now: nobody does yet, no pause after a try is on, and its queue is open."""
        return call.state is CallState.CALLBACK and call.until is None and call.queue not in self.closed

    def place_call(self, call: Call) -> None:
        """Makes the call stand in its line exactly if it is waiting; the key is `line_at`, so a returned call is at its old place.

        A call that is held for one agent stands in that agent's line and in no other.
        """
        call_class = self.class_of(call)
        if call.promised_at is not None:
            line = self.virtual.setdefault(call_class, Line())
            if self.is_callback_due(call):
                line.join(call.id, call.line_at, call.order)
            else:
                line.leave(call.id)
            return
        common = self.waiting.get(call_class)
        if common is None:
            common = self.waiting[call_class] = Line()
        own = self.held.setdefault(call.held_for, Line()) if call.held_for else None
        if call.state is not CallState.WAITING or call.queued_at is None:
            common.leave(call.id)
            if own is not None:
                own.leave(call.id)
        elif own is not None:
            common.leave(call.id)
            own.join(call.id, call.line_at, call.order)
        else:
            common.join(call.id, call.line_at, call.order)

    def place_agent(self, agent: Agent) -> bool:
        """Makes the agent stand among the idle exactly if a call could be offered now; True when it does."""
        seat = self.seats.get(agent.seat)
        if seat is None:
            return False
        group = self.group_of(agent, seat)
        line = self.idle.get(group)
        was_idle = line is not None and agent.number in line
        is_idle = agent.state is AgentState.READY and seat.state is SeatState.FREE
        if is_idle:
            if line is None:
                line = self.idle[group] = Line()
            line.join(agent.number, agent.ready_at, agent.order)
        elif line is not None and line.leave(agent.number) and not len(line):
            del self.idle[group]
        if is_idle != was_idle:
            self.idle_seats[group.tiers] = self.idle_seats.get(group.tiers, 0) + is_idle - was_idle
        return is_idle

    def sit(self, agent: Agent, seat: Seat) -> None:
        """The agent is at the seat from now on."""
        agent.seat, seat.agent = seat.number, agent.number
        self.groups.pop(agent.number, None)
        self.manned[seat.dedicated_to] = self.manned.get(seat.dedicated_to, 0) + 1

    def stand_up(self, agent: Agent) -> None:
        """The agent is at no seat from now on."""
        seat = self.seats[agent.seat]
        agent.seat, seat.agent = "", ""
        self.manned[seat.dedicated_to] -= 1

    def count_work(self, agent: Agent) -> None:
        """Keeps `at_work` true after a change of the agent's state or seat."""
        seat = self.seats.get(agent.seat)
        is_there = seat is not None and seat.state is not SeatState.UNREACHABLE and agent.state in AT_WORK
        now = self.group_of(agent, seat) if seat is not None and is_there else None
        before = self.works_in.get(agent.number)
        if now is before:
            return
        if before is not None:
            del self.works_in[agent.number]
            self.at_work.change(before, -1)
        if now is not None:
            self.works_in[agent.number] = now
            self.at_work.change(now, 1)

    def set_deadline(self, kind: str, subject: str, at: float) -> None:
        """Remembers to look at a call or agent at `at`; a deadline that no longer holds is passed over when it comes."""
        heappush(self.deadlines, (at, kind, subject))

    def next_due_at(self) -> float | None:
        """When the earliest deadline that still holds is due; None when there is none. Forgets those before it that hold no more."""
        while self.deadlines:
            due, kind, subject = self.deadlines[0]
            holder = self.agents.get(subject) if kind == "agent" else self.calls.get(subject)
            if holder is not None and getattr(holder, DEADLINES[kind]) == due:
                return due
            heappop(self.deadlines)
        return None

    def pop_due(self, at: float) -> tuple[float, str, str] | None:
        """When it was due, kind and id of the earliest deadline at or before `at` that still holds; None when there is none."""
        while self.deadlines and self.deadlines[0][0] <= at:
            due, kind, subject = heappop(self.deadlines)
            holder = self.agents.get(subject) if kind == "agent" else self.calls.get(subject)
            field_name = DEADLINES[kind]
            if holder is not None and getattr(holder, field_name) == due:
                setattr(holder, field_name, None)
                return due, kind, subject
        return None

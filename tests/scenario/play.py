"""Plays a story told as a text table through `engine.step`.

A line is `seconds | what happens | what must follow`. What happens, one word and its arguments:
  register SEAT · unregister SEAT · in_use SEAT · free SEAT · login AGENT SEAT · logout AGENT · pause AGENT REASON · ready AGENT · extend AGENT
  arrive CALL · queue CALL [TIER [REPRESENTATIVE]] [since=SECONDS] [in=QUEUE] [for=SERVICE] [speaks=LANGUAGE] [class=CLASS] [from=NUMBER] [wants=callback] · transferred CALL [in=QUEUE] · rings CALL SEAT · answers CALL SEAT · fails CALL SEAT REASON · leg_ends CALL SEAT · holds CALL SEAT · unholds CALL SEAT · hangs_up CALL · ends CALL
  outside_answers CALL · message CALL SECONDS · send_fails CALL · asks CALL (to be called back) · reached CALL · unreached CALL REASON · cancel CALL
  agent_hangs_up CALL SEAT · lost · synced [CALL ...] · tick
What must follow, separated by `;` — exactly the actions, and any of the other claims:
  ring SEAT[+SEAT] CALL · back SEAT CALL (rung to call back) · send CALL NUMBER|voicemail · say CALL WORD (of callbacks) · cut LEG · nothing · told CALL PLACE MINUTES (0: not that figure) · silent · step CALL WORDS OF THE LAST STEP · held CALL AGENT · agent NUMBER STATE [REASON] · call CALL STATE · record CALL OUTCOME REASON · offers CALL SEATS ASKED IN ALL · line CALL CALL ...
"""

from routing import engine
from routing.actions import Action, CallBack, HangUpLeg, RingSeat, SendOutside, SendToVoicemail, TellOfCallback
from routing.events import (
    AgentExtended,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentPaused,
    AgentReadied,
    AsteriskLost,
    AsteriskSynced,
    CallArrived,
    CallbackAsked,
    CallbackCancelled,
    CallEnded,
    CallQueued,
    CallRefused,
    CustomerReached,
    CustomerUnreached,
    Event,
    HangUpRequested,
    HoursTold,
    LegEnded,
    MessageLeft,
    OfferAnswered,
    OfferFailed,
    OfferFailure,
    OfferRinging,
    OutsideAnswered,
    QueueFoundClosed,
    SeatChanged,
    SeatState,
    SendFailed,
    TalkHeld,
    Tick,
)
from routing.facts import Announced, CallRecord, Fact
from routing.model import State


def event_of(at: float, words: list[str], state: State) -> Event:
    """The event that a table line tells of."""
    what, args = words[0], [word for word in words[1:] if "=" not in word]
    named = dict(word.split("=") for word in words[1:] if "=" in word)
    call = args[0] if args else ""
    seat = args[1] if len(args) > 1 else ""
    leg = f"leg-{call}-{seat}"
    match what:
        case "register" | "free":
            return SeatChanged(at, args[0], SeatState.FREE)
        case "unregister":
            return SeatChanged(at, args[0], SeatState.UNREACHABLE)
        case "in_use":
            return SeatChanged(at, args[0], SeatState.IN_USE)
        case "login":
            return AgentLoggedIn(at, args[0], args[1])
        case "logout":
            return AgentLoggedOut(at, args[0])
        case "pause":
            return AgentPaused(at, args[0], args[1])
        case "ready":
            return AgentReadied(at, args[0])
        case "extend":
            return AgentExtended(at, args[0])
        case "arrive":
            return CallArrived(at, call, f"PJSIP/carrier-{call}", "13912345678")
        case "queue":
            caller = named.get("from", "13912345678")
            known = state.calls.get(call)
            first = float(named.get("since", at))
            queued_at = known.queued_at if known and known.queued_at is not None else first
            tier = args[1] if len(args) > 1 else ""
            own = args[2] if len(args) > 2 else ""
            return CallQueued(
                at,
                call,
                f"PJSIP/carrier-{call}",
                caller,
                named.get("in", ""),
                tier,
                named.get("for", "person"),
                named.get("speaks", "zh-CN"),
                own,
                queued_at,
                named.get("class", ""),
                wants_callback="wants" in named,
            )
        case "holds" | "unholds":
            return TalkHeld(at, call, leg, what == "holds")
        case "transferred":
            there = state.calls.get(call)
            segment = there.segment + 1 if there else 2
            return CallQueued(
                at=at,
                call=call,
                channel=f"PJSIP/carrier-{call}",
                caller="13912345678",
                queue=named.get("in", ""),
                tier=there.tier if there else "",
                service="person",
                language="zh-CN",
                representative="",
                queued_at=there.queued_at or at if there else at,
                segment=segment,
                entered_at=at,
            )
        case "rings":
            return OfferRinging(at, call, seat, leg)
        case "answers":
            return OfferAnswered(at, call, seat, leg)
        case "fails":
            return OfferFailed(at, call, seat, OfferFailure(args[2]))
        case "leg_ends":
            return LegEnded(at, call, seat, leg)
        case "hangs_up":
            return HangUpRequested(at, call, "")
        case "agent_hangs_up":
            return HangUpRequested(at, call, leg)
        case "ends":
            return CallEnded(at, call, 16)
        case "lost":
            return AsteriskLost(at)
        case "synced":
            legs = tuple(c.leg for c in state.calls.values() if c.leg)
            return AsteriskSynced(at, at, tuple(args), legs)
        case "outside_answers":
            return OutsideAnswered(at, call)
        case "message":
            return MessageLeft(at, call, f"{call}.wav", float(args[1]))
        case "hours":
            times = {queue: _stretches(text) for queue, text in (word.split(":") for word in args)}
            holidays = times.pop("holidays", ())
            return HoursTold(at, tuple(times.items()), holidays)
        case "closed":
            leaves_message = "message" in args
            return QueueFoundClosed(at, call, named.get("in", ""), "", "person", "zh-CN", leaves_message)
        case "refused":
            return CallRefused(at, call, args[1])
        case "send_fails":
            return SendFailed(at, call)
        case "asks":
            return CallbackAsked(at, call)
        case "reached":
            return CustomerReached(at, call)
        case "unreached":
            return CustomerUnreached(at, call, args[1])
        case "cancel":
            return CallbackCancelled(at, call)
        case "tick":
            return Tick(at)
    raise AssertionError(f"no such event in a story: {what}")


def _stretches(text: str) -> tuple[tuple[float, float], ...]:
    return tuple(
        (float(start), float(end)) for start, _, end in (pair.partition("-") for pair in text.split(",") if pair)
    )


def play(state: State, story: str) -> list[Fact]:
    """Plays every line, checking what must follow; returns all facts."""
    told: list[Fact] = []
    for number, line in enumerate(story.strip().splitlines(), 1):
        if not line.strip() or line.strip().startswith("#"):
            continue
        at_text, what, claims = (part.strip() for part in line.split("|"))
        where = f"line {number}: {line.strip()}"
        actions, facts = engine.step(state, event_of(float(at_text), what.split(), state))
        told += facts
        rings = [f"ring {'+'.join(a.seats)} {a.call}" for a in actions if isinstance(a, RingSeat)]
        rings += [f"cut {a.leg}" for a in actions if isinstance(a, HangUpLeg)]
        rings += [order for a in actions if (order := _way_out(a))]
        wanted = [" ".join(claim.split()) for claim in claims.split(";") if claim.strip()]
        expected_rings = [claim for claim in wanted if claim.startswith(("ring ", "cut ", "back ", "send ", "say "))]
        assert rings == expected_rings, f"{where}: orders were {rings or 'nothing'}"
        for claim in wanted:
            _check(state, facts, claim.split(), where)
    return told


def _way_out(action: Action) -> str:
    match action:
        case CallBack():
            return f"back {action.seat} {action.call}"
        case SendOutside():
            return f"send {action.call} {action.number}"
        case SendToVoicemail():
            return f"send {action.call} voicemail"
        case TellOfCallback():
            return f"say {action.call} {action.word.value}"
    return ""


def _check(state: State, facts: list[Fact], claim: list[str], where: str) -> None:
    match claim:
        case ["ring" | "cut" | "back" | "send" | "say", *_] | ["nothing"]:
            return
        case ["agent", number, *expected]:
            agent = state.agents[number]
            found = [agent.state.value, agent.reason][: len(expected)]
            assert found == expected, f"{where}: agent {number} is {found}"
        case ["call", call, expected_state]:
            found_call = state.calls[call].state.value if call in state.calls else "gone"
            assert found_call == expected_state, f"{where}: call {call} is {found_call}"
        case ["record", call, outcome, reason]:
            records = [f for f in facts if isinstance(f, CallRecord) and f.call == call]
            assert [(r.outcome.value, r.reason) for r in records] == [(outcome, reason)], f"{where}: {records}"
        case ["told", call, place, minutes]:
            told = [(f.place, f.minutes) for f in facts if isinstance(f, Announced) and f.call == call]
            assert told == [(int(place), int(minutes))], f"{where}: told {told}"
        case ["due", call, at]:
            assert state.calls[call].promised_at == float(at), f"{where}: due {state.calls[call].promised_at}"
        case ["silent"]:
            assert not [f for f in facts if isinstance(f, Announced)], f"{where}: somebody was told something"
        case ["held", call, agent]:
            assert state.calls[call].held_for == agent, f"{where}: held for {state.calls[call].held_for or 'nobody'}"
        case ["step", call, *expected]:
            name = state.calls[call].steps_done[-1:]
            assert name == (" ".join(expected),), f"{where}: the last step is {name}"
        case ["offers", call, number]:
            offers = [f.offers for f in facts if isinstance(f, CallRecord) and f.call == call]
            assert offers == [int(number)], f"{where}: seats asked: {offers}"
        case ["line", *expected]:
            by_tier = sorted(state.waiting, key=lambda call_class: state.ranks[call_class.tier])
            standing = [call for call_class in by_tier for call in state.waiting[call_class]]
            assert standing == expected, f"{where}: the line is {standing}"
        case _:
            raise AssertionError(f"{where}: no such claim: {claim}")

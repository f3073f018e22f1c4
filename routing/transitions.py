"""Every state of a call and of an agent, and every way from one to another.

Owns the CALL and AGENT tables: what is not in a table does not happen. Must not know why a step is taken.
Rules: design.md section 3; the pictures in docs/states.md are generated from here.
"""

from enum import Enum

from routing.facts import AgentState


class CallState(Enum):
    """Where a call is."""

    __hash__ = object.__hash__  # members are one of each; Enum's own is slow Python, and every step looks some up

    MENU = "menu"  # with the IVR
    WAITING = "waiting"  # in the dialplan's waiting context; can be offered
    OFFERED = "offered"  # a seat was ordered to ring
    RETURNING = "returning"  # the offer failed; the dialplan is taking the caller back to waiting
    TALKING = "talking"
    AFTER = "after"  # the agent is gone, the caller not yet
    OUTSIDE = "outside"  # with a number outside: it rings or they talk
    VOICEMAIL = "voicemail"  # leaves a message
    CALLBACK = "callback"  # has hung up and keeps its place, or waits for the next try
    DIALLING = "dialling"  # an agent is on the line, the customer who is called back is rung
    ENDED = "ended"


class CallStep(Enum):
    """What can happen to a call."""

    __hash__ = object.__hash__  # members are one of each; Enum's own is slow Python, and every step looks some up

    QUEUE = "queue"  # the dialplan says that the caller waits
    OFFER = "offer"
    RING = "ring"
    ANSWER = "answer"
    FAIL = "fail"
    LOSE_LEG = "lose_leg"
    SEND_OUTSIDE = "send_outside"
    SEND_TO_VOICEMAIL = "send_to_voicemail"
    PROMISE = "promise"  # the caller will be called back
    CALL_LATER = "call_later"  # a callback came to nothing for now
    DIAL = "dial"  # the agent of a callback answered
    REACH = "reach"  # so did the customer
    GIVE_UP_RETURN = "give_up_return"  # no word from the dialplan in time: offer again anyway
    END = "end"


class AgentStep(Enum):
    """What can happen to an agent."""

    __hash__ = object.__hash__  # members are one of each; Enum's own is slow Python, and every step looks some up

    LOG_IN = "log_in"
    LOG_OUT = "log_out"
    READY = "ready"
    PAUSE = "pause"
    OFFER = "offer"
    ANSWER = "answer"
    WITHDRAW = "withdraw"  # the offer ended through no doing of the agent's
    RING = "ring"  # the device rings
    MISS = "miss"  # let it ring in vain
    REFUSE = "refuse"  # declined, busy, or could not be reached
    EXTEND = "extend"  # needs longer for after-call work
    FINISH = "finish"  # the conversation ended
    REST = "rest"  # ... and there is no wrap-up time


_C, _S = CallState, CallStep
CALL: dict[tuple[CallState, CallStep], CallState] = {
    (_C.MENU, _S.QUEUE): _C.WAITING,
    (_C.MENU, _S.SEND_TO_VOICEMAIL): _C.VOICEMAIL,
    (_C.WAITING, _S.OFFER): _C.OFFERED,
    (_C.OFFERED, _S.RING): _C.OFFERED,
    (_C.OFFERED, _S.ANSWER): _C.TALKING,
    (_C.WAITING, _S.ANSWER): _C.TALKING,
    (_C.RETURNING, _S.ANSWER): _C.TALKING,
    (_C.OFFERED, _S.FAIL): _C.RETURNING,
    (_C.OFFERED, _S.LOSE_LEG): _C.RETURNING,
    (_C.OFFERED, _S.QUEUE): _C.WAITING,
    (_C.RETURNING, _S.QUEUE): _C.WAITING,
    (_C.RETURNING, _S.GIVE_UP_RETURN): _C.WAITING,
    (_C.TALKING, _S.LOSE_LEG): _C.AFTER,
    (_C.TALKING, _S.QUEUE): _C.WAITING,
    (_C.AFTER, _S.QUEUE): _C.WAITING,
    (_C.WAITING, _S.SEND_OUTSIDE): _C.OUTSIDE,
    (_C.OUTSIDE, _S.QUEUE): _C.WAITING,
    (_C.WAITING, _S.SEND_TO_VOICEMAIL): _C.VOICEMAIL,
    (_C.VOICEMAIL, _S.QUEUE): _C.WAITING,
    (_C.WAITING, _S.PROMISE): _C.CALLBACK,
    (_C.CALLBACK, _S.OFFER): _C.OFFERED,
    (_C.OFFERED, _S.CALL_LATER): _C.CALLBACK,
    (_C.OFFERED, _S.DIAL): _C.DIALLING,
    (_C.DIALLING, _S.REACH): _C.TALKING,
    (_C.DIALLING, _S.CALL_LATER): _C.CALLBACK,
    **{(state, _S.END): _C.ENDED for state in CallState if state is not _C.ENDED},
}

_A, _T = AgentState, AgentStep
AGENT: dict[tuple[AgentState, AgentStep], AgentState] = {
    (_A.LOGGED_OUT, _T.LOG_IN): _A.READY,
    (_A.READY, _T.READY): _A.READY,  # the device is back
    (_A.READY, _T.LOG_OUT): _A.LOGGED_OUT,
    (_A.READY, _T.PAUSE): _A.NOT_READY,
    (_A.READY, _T.OFFER): _A.OFFERED,
    (_A.OFFERED, _T.RING): _A.RINGING,
    (_A.RINGING, _T.RING): _A.RINGING,
    (_A.OFFERED, _T.ANSWER): _A.TALKING,
    (_A.RINGING, _T.ANSWER): _A.TALKING,
    (_A.READY, _T.ANSWER): _A.TALKING,
    (_A.NOT_READY, _T.ANSWER): _A.TALKING,
    (_A.MISSED, _T.ANSWER): _A.TALKING,
    (_A.WRAP_UP, _T.ANSWER): _A.TALKING,
    (_A.OFFERED, _T.WITHDRAW): _A.READY,
    (_A.RINGING, _T.WITHDRAW): _A.READY,
    (_A.OFFERED, _T.MISS): _A.MISSED,
    (_A.RINGING, _T.MISS): _A.MISSED,
    (_A.OFFERED, _T.REFUSE): _A.NOT_READY,
    (_A.RINGING, _T.REFUSE): _A.NOT_READY,
    (_A.TALKING, _T.FINISH): _A.WRAP_UP,
    (_A.TALKING, _T.REST): _A.READY,
    (_A.WRAP_UP, _T.READY): _A.READY,
    (_A.WRAP_UP, _T.EXTEND): _A.WRAP_UP,
    (_A.WRAP_UP, _T.PAUSE): _A.NOT_READY,
    (_A.WRAP_UP, _T.LOG_OUT): _A.LOGGED_OUT,
    (_A.MISSED, _T.READY): _A.READY,
    (_A.MISSED, _T.PAUSE): _A.NOT_READY,
    (_A.MISSED, _T.LOG_OUT): _A.LOGGED_OUT,
    (_A.NOT_READY, _T.READY): _A.READY,
    (_A.NOT_READY, _T.PAUSE): _A.NOT_READY,
    (_A.NOT_READY, _T.LOG_OUT): _A.LOGGED_OUT,
}

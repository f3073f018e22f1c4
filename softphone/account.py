"""The account of a robot's softphone: who it is, and what the registrar or a caller wants of it.

Owns the pjsua2 account object and its settings; must not know how calls are treated.
Rules: own RTP ports (all accounts would share 4000 otherwise), nothing rewritten, nothing tried again by itself.
"""

from collections.abc import Callable

import pjsua2 as pj

from softphone.call import RobotCall, Say

RTP_PORTS = 40
# Header and what in it makes phones answer: the first is Snom's and most soft phones', the second Polycom's and Yealink's
ASKING_TO_ANSWER = (("Call-Info", ";answer-after=0"), ("Alert-Info", ";info=alert-autoanswer"))


class RobotAccount(pj.Account):  # type: ignore[misc]  # pjsua2 has no types
    """Passes registrations and incoming calls on until `let_go`; never raises into C++."""

    def __init__(
        self,
        say: Say,
        on_registration: Callable[[pj.OnRegStateParam, pj.AccountInfo], None],
        on_call: Callable[[RobotCall], None],
    ) -> None:
        super().__init__()
        self.say = say
        self._on_registration = on_registration
        self._on_call = on_call

    def let_go(self) -> None:
        """Nothing is passed on any more: the phone is about to shut this account."""
        self._on_registration = lambda prm, account: None
        self._on_call = lambda call: None

    def onRegState(self, prm: pj.OnRegStateParam) -> None:
        try:
            self._on_registration(prm, self.getInfo())
        except Exception as error:
            self.say("error", text=f"registration: {error}")

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        try:
            call = RobotCall(self, self.say, prm.callId)
            call.answer_headers = answer_headers(prm.rdata.wholeMsg)
            self._on_call(call)
        except Exception as error:
            self.say("error", text=f"incoming: {error}")


def answer_headers(invite: str) -> list[str]:
    """Names of the headers of `invite` by which a phone is asked to answer by itself."""
    lines = [line.partition(":") for line in invite.partition("\r\n\r\n")[0].splitlines()]
    return [name for name, _, value in lines if any(name == n and asks in value for n, asks in ASKING_TO_ANSWER)]


def account_config(identity: str, host: str, rtp_port: int) -> pj.AccountConfig:
    """Settings of an account named `identity`; whether it registers is added by the caller."""
    config = pj.AccountConfig()
    config.idUri = identity
    rtp = config.mediaConfig.transportConfig
    rtp.port, rtp.portRange, rtp.boundAddress = rtp_port, RTP_PORTS, host
    config.natConfig.contactRewriteUse = config.natConfig.viaRewriteUse = config.natConfig.sdpNatRewriteUse = 0
    config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_INACTIVE
    return config


def caller_identity(number: str, display_name: str, host: str, port: int) -> str:
    """The From address of an unregistered caller; quotes in the name are escaped."""
    quoted = display_name.replace("\\", "\\\\").replace('"', '\\"')
    name = f'"{quoted}" ' if quoted else ""
    return f"{name}<sip:{number}@{host}:{port}>"

"""A softphone without a face: commands as JSON lines on stdin, events as JSON lines on stdout.

Owns one pjsua2 endpoint, one account, one call at a time, and its main loop; must not know what is being tested.
Rules: pjsua2 allows one endpoint a process, polled by one thread; end of stdin means quit, so no orphan stays.

Run as `python -m softphone --port 5070`. Commands (optional fields in brackets):
  register server user password [expires]      unregister      answer      hang_up      quit
  behave mode(answer|obey|ignore|reject|busy) [after_s talk_s play record]   obey: answer if a header asks for it; how the next incoming calls are treated
  dial to [from_number display_name play record]                        without an account: From user is the number
  press digits [method rfc2833|info]           play file(or null)           hold           unhold           transfer to
  hear recording spans                         after a call; each span: from_s to_s like(list of wav files)
Every event has `event` and `at` (monotonic seconds, comparable between processes of one machine).
"""

import argparse
import gc
import heapq
import itertools
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pjsua2 as pj

from softphone import hearing
from softphone.account import RobotAccount, account_config, caller_identity
from softphone.call import RobotCall, Say, recorded_s
from softphone.endpoint import open_endpoint
from softphone.json_lines import JsonLines

POLL_MS = 10  # also the granularity of after_s and talk_s
GOODBYE_S = 1.5  # for BYE and un-REGISTER to be answered before the process ends
RECORDING_S = 1.0  # pjsua2's audio thread writes the header of a finished recording within some ms
REFUSALS = {"reject": 603, "busy": 486}


class Softphone:
    """One phone: keeps the references that pjsua2 needs, obeys commands, runs timers."""

    def __init__(self, say: Say, host: str, port: int, rtp_port: int, log_file: str) -> None:
        self.say = say
        self.host, self.port, self.rtp_port = host, port, rtp_port
        self.quitting = False
        self._behaviour: dict[str, Any] = {"mode": "ignore"}
        self._account: RobotAccount | None = None
        self._account_name = ""
        self._registered = False
        self._call: RobotCall | None = None
        self._timers: list[tuple[float, int, RobotCall, Callable[[], None]]] = []
        self._timer_ids = itertools.count()
        self._recordings: list[tuple[str, float]] = []
        self._endpoint = open_endpoint(host, port, log_file)

    def obey(self, line: bytes) -> None:
        """Carries out one command line. A bad one is an `error` event, nothing else."""
        try:
            command = json.loads(line)
            verb = command.pop("do")
            action = getattr(self, f"do_{verb}", None)
            if action is None:
                raise ValueError(f"unknown command {verb!r}")
            action(**command)
        except pj.Error as error:
            self.say("error", text=f"{error.title}: {error.reason}", command=_shown(line))
        except Exception as error:
            self.say("error", text=f"{type(error).__name__}: {error}", command=_shown(line))

    def run_timers(self) -> None:
        """Runs what is due, and lets go of a call that is over (never inside its own callback)."""
        while self._timers and self._timers[0][0] <= time.monotonic():
            _, _, call, action = heapq.heappop(self._timers)
            if not call.over:
                try:
                    action()
                except pj.Error as error:
                    self.say("error", text=f"{error.title}: {error.reason}")
        self._say_finished_recordings()
        if self._call is not None and self._call.over:
            self._call.on_answered = lambda: None
            self._call = None
            self._timers = [timer for timer in self._timers if not timer[2].over]

    def do_register(self, server: str, user: str, password: str, expires: int = 300) -> None:
        """Opens the account and registers; the outcome is an event."""
        self._close_account()
        config = account_config(f"sip:{user}@{server}", self.host, self.rtp_port)
        config.regConfig.registrarUri = f"sip:{server}"
        config.regConfig.timeoutSec = expires
        config.regConfig.retryIntervalSec = 0
        config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
        self._open_account(config)

    def do_stand_by(self, number: str) -> None:
        """Takes calls without being registered anywhere, as a customer's telephone behind a carrier does."""
        self._use_caller(number, None)
        self.say("standing_by", number=number)

    def do_unregister(self) -> None:
        """Takes the phone off the registrar; the account stays for dialling."""
        self._need_account().setRegistration(False)

    def do_behave(
        self,
        mode: str,
        after_s: float = 0.0,
        talk_s: float | None = None,
        play: str | None = None,
        record: str | None = None,
    ) -> None:
        """Sets how the next incoming calls are treated."""
        if mode not in ("answer", "obey", "ignore", "reject", "busy"):
            raise ValueError(f"mode {mode!r} is not answer, obey, ignore, reject or busy")
        self._behaviour = {"mode": mode, "after_s": float(after_s), "talk_s": talk_s, "play": play, "record": record}
        self.say("behaviour", mode=mode)

    def do_dial(
        self,
        to: str,
        from_number: str | None = None,
        display_name: str | None = None,
        play: str | None = None,
        record: str | None = None,
    ) -> None:
        """Calls `to`; without `from_number` from the registered account."""
        if self._call is not None and not self._call.over:
            raise ValueError("a call is already there")
        if from_number is not None:
            self._use_caller(from_number, display_name)
        call = RobotCall(self._need_account(), self.say)
        call.play_path, call.record_path = play, record
        call.on_recorded = self._expect_recording
        self._call = call
        try:
            call.makeCall(to, pj.CallOpParam(True))
        except pj.Error:
            call.over = True
            raise
        self.say("dialled", to=to)

    def do_press(self, digits: str, method: str = "rfc2833") -> None:
        """Sends keys in the running call."""
        methods = {"rfc2833": pj.PJSUA_DTMF_METHOD_RFC2833, "info": pj.PJSUA_DTMF_METHOD_SIP_INFO}
        param = pj.CallSendDtmfParam()
        param.method = methods[method]
        param.digits = digits
        self._need_call().sendDtmf(param)
        self.say("pressed", digits=digits)

    def do_play(self, file: str | None) -> None:
        """Changes what the other party hears."""
        self._need_call().play(file)

    def do_answer(self) -> None:
        """Answers the ringing call at once."""
        self._need_call().pick_up()

    def do_transfer(self, to: str) -> None:
        """Sends the other party of the running call on to `to` (REFER); the outcome is an event."""
        self._need_call().xfer(to, pj.CallOpParam(True))
        self.say("transfer_asked", to=to)

    def do_hold(self) -> None:
        """Holds the other party (re-INVITE, sendonly): neither hears the other. A `media` event says that it is so."""
        self._need_call().setHold(pj.CallOpParam(True))

    def do_unhold(self) -> None:
        """Talks with the other party again."""
        param = pj.CallOpParam(True)
        param.opt.flag = pj.PJSUA_CALL_UNHOLD
        self._need_call().reinvite(param)

    def do_hang_up(self) -> None:
        """Ends, cancels or refuses the call."""
        self._need_call().end()

    def do_hear(self, recording: str, spans: list[dict[str, Any]]) -> None:
        """Says of each span of a finished recording how much it is like each of its sounds, and whether it is silent."""
        samples = hearing.read_wav(Path(recording))
        found = []
        for span in spans:
            piece = samples[int(span["from_s"] * hearing.RATE) : int(span["to_s"] * hearing.RATE)]
            alike = {path: hearing.likeness(piece, hearing.read_wav(Path(path))) for path in span.get("like", ())}
            found.append({"like": alike, "is_silent": hearing.is_silent(piece)})
        self.say("heard", spans=found, alike=hearing.ALIKE)

    def do_quit(self) -> None:
        """Ends the phone: hangs up, unregisters, leaves."""
        self.quitting = True

    def registration_changed(self, prm: pj.OnRegStateParam, account: pj.AccountInfo) -> None:
        """Says what the registrar answered."""
        self._registered = bool(account.regIsActive) and prm.code // 100 == 2
        if self._registered:
            self.say("registered", code=prm.code, expires_s=account.regExpiresSec)
        elif prm.code // 100 == 2:
            self.say("unregistered", code=prm.code)
        else:
            self.say("registration_failed", code=prm.code, reason=prm.reason)

    def call_arrived(self, call: RobotCall) -> None:
        """Treats an incoming call as told; a second one at the same time is busy."""
        invite = call.getInfo()
        second = self._call is not None and not self._call.over
        self.say(
            "incoming",
            second=second,
            answer_headers=call.answer_headers,
            **{"from": invite.remoteUri, "to": invite.localUri, "sip_call_id": invite.callIdString},
        )
        if second:
            call.end(486)
            return
        self._call = call
        told = self._behaviour
        if told["mode"] in REFUSALS:
            self._later(told["after_s"], call, lambda: call.end(REFUSALS[told["mode"]]))
            return
        call.play_path, call.record_path = told.get("play"), told.get("record")
        call.on_recorded = self._expect_recording
        call.pick_up(180)
        if told["mode"] == "answer" or (told["mode"] == "obey" and call.answer_headers):
            if told["talk_s"] is not None:
                call.on_answered = lambda: self._later(float(told["talk_s"]), call, call.end)
            self._later(told["after_s"], call, lambda: call.pick_up())

    def leave(self) -> None:
        """Ends call and registration in order, as far as GOODBYE_S allows, then lets go of every object."""
        if self._call is not None and not self._call.over:
            self._call.end()
        if self._account is not None and self._registered:
            self._account.setRegistration(False)
        self._timers.clear()
        until = time.monotonic() + GOODBYE_S
        while time.monotonic() < until and (self._registered or self._recordings or self._call is not None):
            self.poll()
            self.run_timers()
        if self._call is not None:
            self._call.close_audio()
            self._call.over = True
        self._call = None
        self._close_account()
        gc.collect()

    def poll(self) -> None:
        """Lets pjsua2 work for at most POLL_MS."""
        self._endpoint.libHandleEvents(POLL_MS)

    def _later(self, after_s: float, call: RobotCall, action: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (time.monotonic() + after_s, next(self._timer_ids), call, action))

    def _expect_recording(self, path: str) -> None:
        self._recordings.append((path, time.monotonic() + RECORDING_S))

    def _say_finished_recordings(self) -> None:
        for path, until in list(self._recordings):
            seconds = recorded_s(path)
            if seconds is not None or time.monotonic() > until:
                self._recordings.remove((path, until))
                self.say("recorded", file=path, seconds=seconds or 0.0)

    def _need_call(self) -> RobotCall:
        if self._call is None or self._call.over:
            raise ValueError("there is no call")
        return self._call

    def _need_account(self) -> RobotAccount:
        if self._account is None:
            raise ValueError("neither registered nor told a from_number")
        return self._account

    def _use_caller(self, number: str, display_name: str | None) -> None:
        identity = caller_identity(number, display_name or "", self.host, self.port)
        if self._account is None or self._account_name != identity:
            self._close_account()
            self._open_account(account_config(identity, self.host, self.rtp_port))

    def _open_account(self, config: pj.AccountConfig) -> None:
        account = RobotAccount(self.say, self.registration_changed, self.call_arrived)
        self._account, self._account_name = account, config.idUri
        account.create(config)

    def _close_account(self) -> None:
        if self._account is not None:
            self._account.let_go()
            self._account.shutdown()
            self._account, self._registered = None, False


def _shown(line: bytes) -> str:
    return line[:200].decode(errors="replace").strip() if b"password" not in line else "(has a password)"


def _free_port(host: str) -> int:
    """A UDP port that the system gives out now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Runs one phone until it is told to quit or its stdin ends."""
    parser = argparse.ArgumentParser(prog="python -m softphone", description="A softphone driven by JSON lines.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="SIP port (UDP); 0: a free one")
    parser.add_argument("--rtp-port", type=int, default=0, help="first RTP port; default: even port above the SIP port")
    parser.add_argument("--log-file", default="", help="pjsua2's own log, level 5")
    args = parser.parse_args()
    lines = JsonLines()
    try:
        port = args.port or _free_port(args.host)
        rtp_port = args.rtp_port or (port + 3) // 2 * 2
        phone = Softphone(lines.say, args.host, port, rtp_port, args.log_file)
    except pj.Error as error:
        lines.say("error", text=f"no phone on {args.host}:{args.port}: {error.reason}")
        os._exit(1)
    lines.say("ready", port=port)
    while not phone.quitting:
        commands = lines.new()
        if commands is None:
            break
        for line in commands:
            phone.obey(line)
        phone.poll()
        phone.run_timers()
    phone.leave()
    lines.say("gone")
    os._exit(0)  # libDestroy aborts the process when any call object is still referenced


if __name__ == "__main__":
    main()

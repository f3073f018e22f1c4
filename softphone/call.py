"""One call of a robot's softphone: what its callbacks say, and its audio.

Owns the pjsua2 call object with its player and recorder; must not decide how a call is treated.
Rules: pjsua2's reference rules (a call object that outlives the library aborts the process).
"""

import wave
from collections.abc import Callable
from typing import Any

import pjsua2 as pj

Say = Callable[..., None]

# Words of our events for the SIP answers that a caller hears of
PROGRESS = {180: "ringing", 183: "early"}


class RobotCall(pj.Call):  # type: ignore[misc]  # pjsua2 has no types
    """A call with its audio. Callbacks run on the main thread only (mainThreadOnly), and never raise into C++."""

    def __init__(self, account: pj.Account, say: Say, call_id: int = -1) -> None:
        super().__init__(account, call_id)
        self.say = say
        self.over = False
        self.answer_headers: list[str] = []
        self.answered = False
        self.ended_by_us = False
        self.play_path: str | None = None
        self.record_path: str | None = None
        self.on_answered: Callable[[], None] = lambda: None
        self.on_recorded: Callable[[str], None] = lambda path: None
        self._player: pj.AudioMediaPlayer | None = None
        self._recorder: pj.AudioMediaRecorder | None = None

    def onCallState(self, prm: pj.OnCallStateParam) -> None:
        try:
            self._state_changed(self.getInfo())
        except Exception as error:
            self.say("error", text=f"call state: {error}")

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:
        try:
            media = self.audio()
            if media is not None:
                self._connect(media)
            self.say("media", active=media is not None)
        except Exception as error:
            self.say("error", text=f"media: {error}")

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:
        """As phones do: once the other party has been sent on, this side hangs up."""
        try:
            self.say("transfer", code=prm.statusCode, final=prm.finalNotify)
            if prm.finalNotify and prm.statusCode // 100 == 2:
                self.end()
        except Exception as error:
            self.say("error", text=f"transfer: {error}")

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:
        try:
            self.say("dtmf", digit=prm.digit)
        except Exception as error:
            self.say("error", text=f"dtmf: {error}")

    def audio(self) -> Any | None:
        """The call's active audio, None while there is none (not answered, on hold, over)."""
        if self.over:
            return None
        now = self.getInfo()  # kept: its media list dangles when the CallInfo is collected
        for index, media in enumerate(now.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                return self.getAudioMedia(index)
        return None

    def play(self, path: str | None) -> None:
        """Plays `path` in a loop to the other party from now on, or as soon as there is audio; None = silence."""
        self._player = None
        self.play_path = path
        media = self.audio()
        if media is not None:
            self._connect(media)

    def pick_up(self, code: int = 200) -> None:
        """Answers the incoming call; 180 only says that it rings."""
        param = pj.CallOpParam()
        param.statusCode = code
        self.answer(param)

    def end(self, code: int = 0) -> None:
        """Hangs up, cancels or refuses with `code` (0 = what the state asks for). Harmless when over."""
        if self.over:
            return
        self.ended_by_us = True
        param = pj.CallOpParam()
        param.statusCode = code
        self.hangup(param)

    def close_audio(self) -> None:
        """Ends playing and recording. The file is whole a little later: pjsua2's audio thread closes it."""
        self._player = None
        if self._recorder is not None:
            self._recorder = None
            self.on_recorded(self.record_path or "")

    def _state_changed(self, now: pj.CallInfo) -> None:
        if now.state == pj.PJSIP_INV_STATE_EARLY and now.role == pj.PJSIP_ROLE_UAC:
            if now.lastStatusCode in PROGRESS:
                self.say(PROGRESS[now.lastStatusCode])
        elif now.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.answered = True
            self.say("answered", remote=now.remoteUri)
            self.on_answered()
        elif now.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.over = True
            self.close_audio()
            spoken = now.connectDuration
            self.say(
                "disconnected",
                code=now.lastStatusCode,
                reason=now.lastReason,
                duration_s=spoken.sec + spoken.msec / 1000 if self.answered else 0.0,
                by_us=self.ended_by_us,
                was_answered=self.answered,
            )

    def _connect(self, media: Any) -> None:
        if self.play_path is not None:
            if self._player is None:
                player = pj.AudioMediaPlayer()
                player.createPlayer(self.play_path)  # loops
                self._player = player
            self._player.startTransmit(media)
        if self.record_path is not None:
            if self._recorder is None:
                recorder = pj.AudioMediaRecorder()
                recorder.createRecorder(self.record_path)
                self._recorder = recorder
            media.startTransmit(self._recorder)


def recorded_s(path: str) -> float | None:
    """Length of a finished recording; None while its header is not written."""
    try:
        with wave.open(path, "rb") as sound:
            return round(sound.getnframes() / sound.getframerate(), 2)
    except (OSError, EOFError, wave.Error):
        return None

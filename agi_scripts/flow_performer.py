"""Performing a flow on a call: what ivr/flow_step.py asks for is played, asked, recorded and looked up.

Owns the way from outputs to AGI commands: one command for a question of one prompt. Must not know what a key means.
Rules: issue 5; asterisk.md (GET DATA plays and waits in one command). What somebody recorded who hung up then is still handed in.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import structlog

from agi_scripts.context import LOOK_UP_S, ScriptContext
from agi_scripts.speech import say
from ivr.adapters.agi_channel import AGIAppError, AgiChannel, CallerHungUp
from ivr.flow_step import Input, start, step
from ivr.flow_words import Ask, Find, Keys, Leave, Output, Play, Played, Prompt, Silence, Tape, Taped
from ivr.look_up import FAILED, Door, LookedUp

ANY_KEY = "0123456789*#"
ENDS = "#"
BEEP = "beep"
SILENCE_ENDS_S = 5  # longer than anybody thinks before going on
SPOKEN_BYTES = 24_000  # 1.5 s of 8 kHz audio in 16 bits: of mere silence Asterisk keeps one second
log = structlog.get_logger("agi")


def perform(
    channel: AgiChannel,
    context: ScriptContext,
    flow: str,
    language: str,
    values: Mapping[str, str],
    *,
    own_doors: Mapping[str, Door] | None = None,
) -> Leave:
    """Leads the caller through `flow`, and returns how it leaves.

    own_doors   doors of this call only, asked in this thread: they may use the channel
    raises      CallerHungUp, after what the caller had recorded was handed in
    """
    performer = _Performer(channel, context, own_doors or {})
    position, output = start(context.flows, flow, language, values)
    while not isinstance(output, Leave):
        position, output = step(context.flows, position, performer.answer(output))
    if performer.gone is not None:
        raise performer.gone
    return output


def look_up(channel: AgiChannel, context: ScriptContext, door: str, values: Mapping[str, str]) -> LookedUp:
    """What the door answers; the outcome FAILED when there is no such door, it fails or takes longer than LOOK_UP_S (logged)."""
    try:
        found = context.doors[door]
        return context.look_ups.within(LOOK_UP_S, partial(found, channel.caller, channel.call, values))
    except Exception as error:  # noqa: BLE001 - whatever is behind a door, the caller is served
        log.error("look-up failed, the call goes on", call=channel.call, door=door, error=type(error).__name__)
        return LookedUp(FAILED, {})


class _Performer:
    """`gone` once the caller hung up while it recorded something: then nothing is played or asked any more."""

    def __init__(self, channel: AgiChannel, context: ScriptContext, own_doors: Mapping[str, Door]) -> None:
        self.gone: CallerHungUp | None = None
        self._channel = channel
        self._context = context
        self._own_doors = own_doors
        self._taped = 0

    def answer(self, output: Output) -> Input:
        """The input that answers `output`."""
        if isinstance(output, Find):
            return self._find(output)
        if self.gone is not None and not isinstance(output, Play):
            raise self.gone
        if isinstance(output, Play):
            key = "" if self.gone is not None else self._play(output.prompts)
            return Keys(key) if key else Played()
        if isinstance(output, Tape):
            return self._tape(output)
        assert isinstance(output, Ask)
        return self._ask(output)

    def _find(self, output: Find) -> Input:
        own = self._own_doors.get(output.door)
        if own is not None:
            return own(self._channel.caller, self._channel.call, output.values)
        return look_up(self._channel, self._context, output.door, output.values)

    def _play(self, prompts: tuple[Prompt, ...]) -> str:
        for prompt in prompts:
            key = say(self._channel, self._context, prompt.language, prompt.name, ANY_KEY if prompt.cut else "")
            if key:
                return key
        return ""

    def _ask(self, output: Ask) -> Input:
        *first, last = output.prompts or (None,)
        key = self._play(tuple(prompt for prompt in first if prompt is not None))
        if not key and last is not None and last.cut:
            try:
                file = self._context.prompt(last.language, last.name)
                typed, is_timeout = self._channel.digits(file, output.most, output.within_s)
            except CallerHungUp:
                raise
            except AGIAppError:
                log.error("prompt cannot be played", call=self._channel.call, prompt=last.name, language=last.language)
            else:
                return Keys(typed) if typed else Silence() if is_timeout else Keys(ENDS)
        elif not key and last is not None:
            self._play((last,))
        key = key or self._channel.key_within(output.within_s)
        return Keys(self._more(key, output)) if key else Silence()

    def _more(self, typed: str, output: Ask) -> str:
        """Whatever follows a first key, up to `most`, # or a pause."""
        while typed[-1] != ENDS and len(typed) < output.most:
            key = self._channel.key_within(output.within_s)
            if not key or key == ENDS:
                break
            typed += key
        return typed

    def _tape(self, output: Tape) -> Input:
        self._taped += 1
        file = self._context.recordings / f"{self._channel.call}-{self._taped}.wav"
        self._play(output.prompts)
        self._play((Prompt(self._context.language, BEEP),))
        try:
            self._channel.record(str(file.with_suffix("")), ENDS, output.longest_s, SILENCE_ENDS_S)
        except CallerHungUp as gone:
            self.gone = gone
        except AGIAppError:
            log.error("nothing can be recorded", call=self._channel.call, file=file.name)
            return Taped("")
        return Taped(file.name if _size(file) >= SPOKEN_BYTES else "")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0

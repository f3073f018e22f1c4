"""The same prompts and ways without a telephone: their files one after another, as a-law carries them. Quick, for whoever changes a prompt.

Owns the putting together. Must not call anybody. Rules: tests/speech/calls.py has the proof over SIP; pauses are those of a call.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from jietong.prompt_build.companded import CURVES, companded
from jietong.prompt_build.texts import PROMPTS_DIR
from softphone.hearing import RATE, Samples, read_wav
from tests.speech.calls import Recorded, keep
from tests.speech.script import AFTER_KEY_S, BETWEEN_PROMPTS_S, OVER_S, Batch, Parts, Way, parts_of

LOUDEST = 32767.0


def put_together(folder: Path, batches: list[Batch], ways: list[Way]) -> list[Recorded]:
    """A recording for each prompt and each way, in the order of the lists."""
    found = []
    for batch in batches:
        for name in batch.prompts:
            said = (parts_of(batch.language, (name,)), _said(batch.language, (name,)))
            found.append(keep(folder, "prompt", name, batch.language, [said]))
    return found + [keep(folder, "way", way.title, way.language, list(_steps(way))) for way in ways]


def _steps(way: Way) -> Iterator[tuple[Parts, Samples]]:
    """What is said before each key, between the silence behind the key before and that before the key."""
    for number, (parts, (names, _)) in enumerate(zip(way.steps, way.heard, strict=True)):
        before = _silence(AFTER_KEY_S if number else 0)
        yield parts, np.concatenate((before, _said(way.language, names), _silence(OVER_S)))


def _said(language: str, names: tuple[str, ...]) -> Samples:
    """Some prompts one after another, as a-law carries them."""
    sounds = [sound for name in names for sound in (_silence(BETWEEN_PROMPTS_S), _wav(language, name))]
    sent = companded(np.concatenate(sounds[1:]).astype(np.float32) / LOUDEST, ".alaw")
    return CURVES[".alaw"][sent].astype(np.float64)


def _wav(language: str, name: str) -> Samples:
    return read_wav(PROMPTS_DIR / language / f"{name}.wav")


def _silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE))

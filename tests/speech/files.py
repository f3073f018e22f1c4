"""The same prompts and ways without a telephone: their files one after another, as a-law carries them. Quick, for whoever changes a prompt.

Owns the putting together. Must not call anybody. Rules: tests/speech/calls.py has the proof over SIP; pauses are those of a call.
"""

from pathlib import Path

import numpy as np

from jietong.prompt_build.companded import CURVES, companded
from jietong.prompt_build.texts import PROMPTS_DIR
from softphone.hearing import RATE, Samples, read_wav
from tests.speech.calls import Recorded, keep
from tests.speech.script import BETWEEN_PROMPTS_S, TEXTS, Batch, Way

LOUDEST = 32767.0


def put_together(folder: Path, batches: list[Batch], ways: list[Way]) -> list[Recorded]:
    """A recording for each prompt and each way, in the order of the lists."""
    found = []
    for batch in batches:
        for name in batch.prompts:
            sound = _heard(batch.language, (name,))
            found.append(keep(folder, "prompt", name, batch.language, TEXTS[name][batch.language], sound))
    for way in ways:
        names = tuple(name for heard, _ in way.heard for name in heard)
        found.append(keep(folder, "way", way.title, way.language, way.text, _heard(way.language, names)))
    return found


def _heard(language: str, names: tuple[str, ...]) -> Samples:
    pause = np.zeros(int(BETWEEN_PROMPTS_S * RATE))
    parts = [part for name in names for part in (pause, read_wav(PROMPTS_DIR / language / f"{name}.wav"))]
    sent = companded(np.concatenate(parts[1:]).astype(np.float32) / LOUDEST, ".alaw")
    return CURVES[".alaw"][sent].astype(np.float64)

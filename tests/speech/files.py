"""The same prompts and ways without a telephone: their files one after another, as a-law carries them. Quick, for whoever changes a prompt.

Owns the putting together. Must not call anybody. Rules: tests/speech/calls.py has the proof over SIP; pauses are those of a call.
"""

from pathlib import Path

import numpy as np

from jietong.prompt_build.companded import CURVES, companded
from jietong.prompt_build.texts import PROMPTS_DIR
from softphone.hearing import RATE, Samples, read_wav
from tests.speech.calls import Recorded, keep
from tests.speech.script import BETWEEN_PROMPTS_S, OVER_S, Batch, Way, parts_of

LOUDEST = 32767.0


def put_together(folder: Path, batches: list[Batch], ways: list[Way]) -> list[Recorded]:
    """A recording for each prompt and each way, in the order of the lists."""
    found = []
    for batch in batches:
        for name in batch.prompts:
            sound = _heard(batch.language, [(name,)])
            found.append(keep(folder, "prompt", name, batch.language, parts_of(batch.language, (name,)), sound))
    for way in ways:
        found.append(
            keep(
                folder,
                "way",
                way.title,
                way.language,
                way.parts,
                _heard(way.language, [names for names, _ in way.heard]),
            )
        )
    return found


def _heard(language: str, said: list[tuple[str, ...]]) -> Samples:
    """Some prompts, a silence until a key is pressed, and so on."""
    parts: list[Samples] = []
    for names in said:
        for name in names:
            parts += [read_wav(PROMPTS_DIR / language / f"{name}.wav"), _silence(BETWEEN_PROMPTS_S)]
        parts[-1] = _silence(OVER_S)
    sent = companded(np.concatenate(parts[:-1]).astype(np.float32) / LOUDEST, ".alaw")
    return CURVES[".alaw"][sent].astype(np.float64)


def _silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE))

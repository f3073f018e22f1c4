"""Waits for a sound in a recording while it grows, as a caller waits for a sentence before it presses a key.

Owns this waiting. Must not know calls or menus. Rules: pjsua2 writes the sound at once and the header at the end, so the header is not asked.
"""

import asyncio
import time
from pathlib import Path

import numpy as np

from softphone.hearing import RATE, Samples, likeness, read_wav

HEADER_BYTES = 44
LOOKS_EVERY_S = 0.2
THE_SAME = 0.75  # more than ALIKE: two menus of one voice share words, and come up to 0.7


class Ear:
    """Hears one sound after another in the recording of a call that goes on; each is looked for behind the one before."""

    def __init__(self, recording: Path) -> None:
        self._recording, self._from = recording, 0

    async def hears(self, sound: Path, within_s: float = 20.0) -> None:
        """Waits until a second of `sound` is heard; fails when it is not within that time."""
        wanted = read_wav(sound)
        deadline = time.monotonic() + within_s
        while True:
            samples = so_far(self._recording)
            alike = await asyncio.to_thread(likeness, samples[self._from :], wanted)
            if alike > THE_SAME:
                self._from = len(samples)
                return
            heard_s = (len(samples) - self._from) / RATE
            assert time.monotonic() < deadline, (
                f"waited {within_s:g} s for {sound.stem} in {self._recording}: {heard_s:.1f} s of sound, likeness {alike:.2f}"
            )
            await asyncio.sleep(LOOKS_EVERY_S)


def so_far(recording: Path) -> Samples:
    """The samples that a recording of 8 kHz has by now; none when there is no file yet."""
    content = recording.read_bytes()[HEADER_BYTES:] if recording.exists() else b""
    return np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.float64)

"""Stories of an operator who lets callers hear recordings of the hotline's own."""

from pathlib import Path

import numpy as np

from jietong.recordings import SHIPPED
from tests.live.closed import closed_today
from tests.live.hotline import Hotline
from tests.robots.audio import ALIKE, Samples, heard, party_tone, read_wav

PROMPT = "closed-hours"
COMPLAINT = "5"


def alaw(samples: Samples) -> bytes:
    """Bare A-law, as ITU-T G.711 writes it."""
    size = samples.astype(np.int64) >> 3
    signs = np.where(size >= 0, 0xD5, 0x55)
    size = np.where(size < 0, -size - 1, size)
    chord = np.searchsorted([0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF], size)
    step = np.where(chord < 2, size >> 1, size >> np.maximum(chord, 1)) & 0x0F
    return bytes(((chord << 4 | step) ^ signs).astype(np.uint8))


async def what_is_heard(hotline: Hotline, recording: Path) -> Path:
    """A caller whose queue is closed is told and sent away; returns what that caller heard."""
    with closed_today(hotline):
        async with hotline.caller(record=recording) as caller:
            await caller.is_answered()
            await caller.phone.wait_for("media")
            caller.press(f"{COMPLAINT}0")
            await caller.is_over(20)
            await caller.phone.wait_for("recorded")
            assert (await hotline.record_of(caller)).reason == "closed"
    return recording


async def test_the_operators_own_voice_is_heard(hotline: Hotline, tmp_path: Path) -> None:
    """A recording of the operator's is heard from the next reload on, in A-law too; a wrong one changes nothing; taken away, the shipped prompt is back."""
    config = hotline.site.config
    assert config is not None
    folder, shipped = config.parent / "recordings" / "zh-CN", SHIPPED / "zh-CN" / f"{PROMPT}.wav"
    own, tone = folder / f"{PROMPT}.alaw", party_tone(tmp_path / "tone.wav", 3)
    own.write_bytes(alaw(read_wav(tone)))
    try:
        assert await hotline.reload() == (0, "")
        wrong = folder / "welcome.mp3"
        wrong.write_bytes(b"ID3")
        code, told = await hotline.reload()
        wrong.unlink()
        assert (code, told.count("\n")) == (2, 2)
        assert f"{wrong}: ends in .mp3, which is not played; make a WAV file: sox" in told
        before = await what_is_heard(hotline, tmp_path / "before.wav")
    finally:
        own.unlink()
        assert await hotline.reload() == (0, "")
    after = await what_is_heard(hotline, tmp_path / "after.wav")
    assert heard(before, tone) > ALIKE > heard(before, shipped)
    assert heard(after, shipped) > ALIKE > heard(after, tone)

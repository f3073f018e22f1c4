"""The robots' ears: the right sound is recognised, every other one is not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from jietong.launch import PROMPTS
from tests.robots.audio import (
    ALIKE,
    PARTIES,
    RATE,
    Samples,
    heard,
    heard_s,
    heard_whole,
    party_tone,
    read_wav,
    silent,
    sweep,
    write_wav,
)
from tests.robots.ear import Ear

NOISE = np.random.default_rng(7)


def a_law(samples: Samples) -> Samples:
    """What A-law coding makes of samples (continuous form of G.711, rounded to 8 bits)."""
    x = samples / 32768
    low = np.abs(x) < 1 / 87.6
    coded = np.where(low, 87.6 * np.abs(x), 1 + np.log(np.maximum(87.6 * np.abs(x), 1e-12))) / (1 + np.log(87.6))
    coded = np.round(coded * 127) / 127
    limit = 1 / (1 + np.log(87.6))
    back = np.where(coded < limit, coded / limit / 87.6, np.exp(coded * (1 + np.log(87.6)) - 1) / 87.6)
    return np.sign(x) * back * 32768


def with_lost_packets(samples: Samples) -> Samples:
    """One packet of twenty is missing."""
    packets = samples.copy().reshape(-1, 160)
    packets[::20] = 0
    return packets.reshape(-1)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x,
        lambda x: x * 0.1,
        lambda x: np.clip(x * 3, -32768, 32767),
        lambda x: np.concatenate([np.zeros(12_345), x, np.zeros(5_000)]),
        lambda x: np.roll(x, 7_777),
        lambda x: np.tile(x, 3)[3_000:70_000],
        a_law,
        with_lost_packets,
        lambda x: x + NOISE.normal(0, 500, len(x)),
        lambda x: np.concatenate([NOISE.normal(0, 3000, 16_000), x[:12_000]]),
        lambda x: np.concatenate([x[8_000:12_000], x[12_240:24_000]]),  # the jitter buffer dropped 30 ms
    ],
    ids=[
        "same",
        "quiet",
        "clipped",
        "late",
        "looped elsewhere",
        "longer",
        "A-law",
        "losses",
        "noisy",
        "after noise",
        "a jump",
    ],
)
def test_a_sound_is_recognised(tmp_path: Path, change: Callable[[Samples], Samples]) -> None:
    """The other party is heard although the line delays, damps, codes or loses a little."""
    reference = party_tone(tmp_path / "reference.wav", 2)
    recording = write_wav(tmp_path / "recording.wav", change(read_wav(reference)))
    assert heard(recording, reference) > ALIKE + 0.1
    assert heard_s(recording, reference) >= 1.0
    assert not silent(recording)


@pytest.mark.parametrize("party", range(PARTIES))
def test_parties_sound_different(tmp_path: Path, party: int) -> None:
    """No party is taken for another one, nor for a sweep."""
    recording = party_tone(tmp_path / "recording.wav", party, seconds=2)
    others = [party_tone(tmp_path / f"{n}.wav", n) for n in range(PARTIES) if n != party] + [
        sweep(tmp_path / "sweep.wav")
    ]
    assert max(heard(recording, other) for other in others) < ALIKE / 2


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(32_000),
        np.zeros(0),
        np.full(32_000, 8.0),
        NOISE.normal(0, 3000, 32_000),
        NOISE.normal(0, 20, 32_000),
        np.sin(2 * np.pi * 450 * np.arange(32_000) / RATE) * 8000,
        np.sin(2 * np.pi * 440 * np.arange(32_000) / RATE) * 8000 * (np.arange(32_000) // 4000 % 2),
    ],
    ids=["silence", "empty", "A-law idle", "noise", "faint noise", "ring tone", "beeps"],
)
def test_other_sounds_are_not_taken_for_the_party(tmp_path: Path, sound: Samples) -> None:
    """Silence, noise or ring tone never count as "they hear each other"."""
    recording = write_wav(tmp_path / "recording.wav", sound)
    for party in range(PARTIES):
        assert heard(recording, party_tone(tmp_path / "reference.wav", party)) < ALIKE - 0.15
    assert heard(recording, sweep(tmp_path / "sweep.wav")) < ALIKE - 0.15


def test_a_sweep_is_not_its_reverse(tmp_path: Path) -> None:
    """Order in time counts, not only which tones occur."""
    up, down = sweep(tmp_path / "up.wav", 300, 3000), sweep(tmp_path / "down.wav", 3000, 300)
    assert heard(up, up) > 0.99
    assert heard(up, down) < ALIKE / 2


def test_silence_as_reference_is_never_heard(tmp_path: Path) -> None:
    """A test that plays an empty file cannot pass by chance."""
    nothing = write_wav(tmp_path / "nothing.wav", np.zeros(32_000))
    assert heard(party_tone(tmp_path / "tone.wav", 1), nothing) == 0.0


def test_how_long_a_sound_is_heard(tmp_path: Path) -> None:
    """Three seconds of hold music in an eight-second recording are three seconds."""
    music, voice = party_tone(tmp_path / "music.wav", 3), party_tone(tmp_path / "voice.wav", 5)
    recording = write_wav(
        tmp_path / "r.wav",
        np.concatenate([read_wav(music)[: 3 * RATE], np.zeros(2 * RATE), read_wav(voice)[: 3 * RATE]]),
    )
    assert heard_s(recording, music) == pytest.approx(3.0, abs=0.6)
    assert heard_s(recording, voice) == pytest.approx(3.0, abs=0.6)


@pytest.mark.parametrize(
    ("sound", "expected"),
    [
        (np.zeros(0), True),
        (np.zeros(8000), True),
        (np.full(8000, 8.0), True),
        (np.concatenate([np.full(80, 9000.0), np.zeros(16_000)]), True),
        (NOISE.normal(0, 300, 8000), False),
    ],
    ids=["empty", "zeros", "A-law idle", "a click", "soft noise"],
)
def test_silence(tmp_path: Path, sound: Samples, expected: bool) -> None:
    """A click does not break silence, soft noise does."""
    assert silent(write_wav(tmp_path / "r.wav", sound)) is expected


def test_wrong_parties_and_files_are_refused(tmp_path: Path) -> None:
    """A ninth party would sound like another one; a stereo file would be misread."""
    with pytest.raises(ValueError, match="party 8"):
        party_tone(tmp_path / "x.wav", 8)


def test_sentences_that_differ_in_one_word_are_told_apart() -> None:
    """A caller who was told that it is first didn't hear that it is second, though most of the sentence is the same."""
    for language in ("zh-CN", "en"):
        one, two = (PROMPTS / language / f"place-0{place}.wav" for place in (1, 2))
        assert heard_whole(one, one) > 0.95 > 0.85 > heard_whole(one, two)


async def test_an_ear_hears_one_sound_after_another_while_the_recording_grows(tmp_path: Path) -> None:
    """A caller who waits for a sentence hears it before the call is over, and does not take an earlier one for a later."""
    recording, (first, second) = (
        tmp_path / "call.wav",
        (PROMPTS / "zh-CN" / f"{name}.wav" for name in ("welcome", "main-menu")),
    )
    ear = Ear(recording)
    with pytest.raises(AssertionError, match="for welcome"):
        await ear.hears(first, 0.0)
    recording.write_bytes(bytes(44) + first.read_bytes()[44:])
    await ear.hears(first, 1.0)
    with pytest.raises(AssertionError, match="for welcome"):
        await ear.hears(first, 0.0)
    with recording.open("ab") as more:
        more.write(second.read_bytes()[44:])
    await ear.hears(second, 1.0)

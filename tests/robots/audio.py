"""Sounds of the robots, each of which can be told from every other in a recording.

Owns these sounds; must not know calls or SIP. What is heard in a recording is softphone/hearing.py's.
Rules: 8 kHz mono 16-bit wav.
"""

import wave
from pathlib import Path

import numpy as np

from softphone.hearing import (
    ALIKE,
    RATE,
    Samples,
    heard,
    heard_s,
    heard_whole,
    longest_silence_s,
    read_wav,
    silent,
)

__all__ = [
    "ALIKE",
    "PARTIES",
    "RATE",
    "Samples",
    "heard",
    "heard_s",
    "heard_whole",
    "longest_silence_s",
    "party_tone",
    "read_wav",
    "silent",
    "sweep",
    "write_wav",
]

LOUDEST = 32767.0

# Four partials a party, parties 90 Hz apart, all inside the telephone band and off the ring tone (450 Hz); the rhythm differs, too
_LOWEST_HZ, _PARTY_SPACING_HZ, _PARTIAL_SPACING_HZ, PARTIES = 315.0, 90.0, 723.0, 8


def party_tone(path: Path, party: int, seconds: float = 4.0, level: float = 0.3) -> Path:
    """Writes the sound of one party (0..7): a chord of its own that pulses in a rhythm of its own. Returns `path`.

    raises  ValueError for a party outside 0..7
    """
    if not 0 <= party < PARTIES:
        raise ValueError(f"party {party} is not 0..{PARTIES - 1}")
    at = np.arange(int(seconds * RATE)) / RATE
    partials = [_LOWEST_HZ + party * _PARTY_SPACING_HZ + n * _PARTIAL_SPACING_HZ for n in range(4)]
    chord = sum(np.sin(2 * np.pi * hz * at + n) for n, hz in enumerate(partials)) / len(partials)
    rhythm = 0.55 + 0.45 * np.sin(2 * np.pi * (1.0 + 0.25 * (party % 5)) * at)
    return write_wav(path, chord * rhythm * level * LOUDEST)


def sweep(
    path: Path, first_hz: float = 300.0, last_hz: float = 3000.0, seconds: float = 4.0, level: float = 0.3
) -> Path:
    """Writes a tone that glides from `first_hz` to `last_hz`. Returns `path`."""
    at = np.arange(int(seconds * RATE)) / RATE
    turns = first_hz * at + (last_hz - first_hz) * at**2 / (2 * seconds)
    return write_wav(path, np.sin(2 * np.pi * turns) * level * LOUDEST)


def write_wav(path: Path, samples: Samples) -> Path:
    """Writes samples (-32768..32767) as 8 kHz mono 16-bit. Returns `path`."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes())
    return path

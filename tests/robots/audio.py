"""Who is heard in a recording: makes tones that can be told apart, and compares recordings with them.

Owns sounds of the robots and their comparison; must not know calls or SIP.
Rules: 8 kHz mono 16-bit wav; a comparison survives delay, level, a-law, packet loss and looping (spectrogram correlation).
"""

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]

RATE = 8000
WINDOW = 256  # 32 ms, bands 31 Hz apart
HOP = 160  # 20 ms
STRETCH = 50  # frames compared at once: 1 s
STEP = 10  # frames between stretches: 0.2 s
LOUDEST = 32767.0
SILENCE_RMS = 100.0  # -50 dBFS; a-law's own idle noise is 8
ALIKE = 0.6  # `heard` above this is the same sound; other sounds stay below 0.4 (test table)

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


def read_wav(path: Path) -> Samples:
    """The samples of a mono 16-bit wav of 8 or 16 kHz, at 8 kHz.

    raises  ValueError for another form
    """
    with wave.open(str(path), "rb") as sound:
        if sound.getnchannels() != 1 or sound.getsampwidth() != 2 or sound.getframerate() not in (RATE, 2 * RATE):
            raise ValueError(f"{path}: not a mono 16-bit wav of 8 or 16 kHz")
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.float64)
        if sound.getframerate() == 2 * RATE:
            samples = samples[: len(samples) // 2 * 2].reshape(-1, 2).mean(axis=1)
        return samples


def heard(recording: Path, reference: Path) -> float:
    """How well the best second of `recording` matches some second of `reference`: 0 (not at all) .. 1 (the same).

    The reference counts as looped. Above ALIKE it is the same sound. A recording shorter than a second gives 0.
    """
    return float(max(_matches(read_wav(recording), read_wav(reference)), default=0.0))


def heard_whole(recording: Path, reference: Path) -> float:
    """How well that second of `reference` which is least like anything in `recording` matches it: tells sentences apart that differ in one word."""
    return float(min(_matches(read_wav(reference), read_wav(recording)), default=0.0))


def heard_s(recording: Path, reference: Path) -> float:
    """For how many seconds of `recording` the sound of `reference` is heard (0.2 s steps; each edge 0.3 s uncertain)."""
    edge = np.zeros(STRETCH * HOP // 2)
    samples = np.concatenate([edge, read_wav(recording), edge])
    return sum(match > ALIKE for match in _matches(samples, read_wav(reference))) * STEP * HOP / RATE


def silent(recording: Path) -> bool:
    """True when nothing louder than -50 dBFS lasts in `recording` (single clicks are forgiven). An empty one is silent."""
    samples = read_wav(recording)
    whole = len(samples) // HOP * HOP
    if whole == 0:
        return True
    rms = np.sqrt((samples[:whole].reshape(-1, HOP) ** 2).mean(axis=1))
    return bool(np.percentile(rms, 98) < SILENCE_RMS)


def longest_silence_s(recording: Path) -> float:
    """The longest stretch of `recording` in which nothing is louder than -50 dBFS, in seconds (steps of a hop)."""
    samples = read_wav(recording)
    whole = len(samples) // HOP * HOP
    rms = np.sqrt((samples[:whole].reshape(-1, HOP) ** 2).mean(axis=1))
    longest = here = 0
    for is_loud in rms >= SILENCE_RMS:
        here = 0 if is_loud else here + 1
        longest = max(longest, here)
    return longest * HOP / RATE


def _matches(recording: Samples, reference: Samples) -> list[float]:
    """For each second of the recording (0.2 s steps) its best correlation with any second of the looped reference."""
    heard_frames, wanted = _spectrogram(recording), _spectrogram(reference)
    if len(heard_frames) < STRETCH or len(wanted) == 0:
        return []
    turns = -(-(len(wanted) + STRETCH) // len(wanted))
    wanted = np.tile(wanted, (turns, 1))[: len(wanted) + STRETCH]
    size = 1 << (len(wanted) + STRETCH - 1).bit_length()
    wanted_spectrum = np.fft.rfft(wanted, size, axis=0)
    count = STRETCH * wanted.shape[1]
    sums, squares = _running(wanted.sum(axis=1)), _running((wanted**2).sum(axis=1))
    spread = np.sqrt(np.maximum(squares - sums**2 / count, 0.0))
    loud = max(spread.max(), 1e-9)
    matches = []
    for start in range(0, len(heard_frames) - STRETCH + 1, STEP):
        piece = heard_frames[start : start + STRETCH]
        piece = piece - piece.mean()
        norm = np.sqrt((piece**2).sum())
        if norm < 1e-6:
            matches.append(0.0)
            continue
        products = np.fft.irfft((wanted_spectrum * np.fft.rfft(piece, size, axis=0).conj()).sum(axis=1), size)
        likeness = products[: len(spread)] / (norm * np.maximum(spread, 0.02 * loud))
        matches.append(float(np.clip(likeness.max(), 0.0, 1.0)))
    return matches


def _running(values: Samples) -> Samples:
    return np.convolve(values, np.ones(STRETCH), "valid")


def _spectrogram(samples: Samples) -> Samples:
    """Magnitudes, one row a frame, each row of length 1 (level does not count); frames of silence are zero rows."""
    frames = 1 + (len(samples) - WINDOW) // HOP
    if frames < 1:
        return np.zeros((0, WINDOW // 2 + 1))
    index = np.arange(WINDOW)[None, :] + HOP * np.arange(frames)[:, None]
    pieces = samples[index]
    loud = np.sqrt((pieces**2).mean(axis=1)) >= SILENCE_RMS / 2
    rows: Samples = np.abs(np.fft.rfft(pieces * np.hanning(WINDOW), axis=1))
    lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    scaled: Samples = rows / np.maximum(lengths, 1e-9) * loud[:, None]
    return scaled

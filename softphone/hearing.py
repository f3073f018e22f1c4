"""What is heard in a recording: compares it with sounds that are known, and finds silence.

Owns the comparison. Must not know calls, SIP or a hotline; no pjsua2 in it.
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
SILENCE_RMS = 100.0  # -50 dBFS; a-law's own idle noise is 8
ALIKE = 0.6  # `heard` above this is the same sound; other sounds stay below 0.4 (test table)


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
    return likeness(read_wav(recording), read_wav(reference))


def likeness(recording: Samples, reference: Samples) -> float:
    """The same for samples."""
    return float(max(_matches(recording, reference), default=0.0))


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
    return is_silent(read_wav(recording))


def is_silent(samples: Samples) -> bool:
    """The same for samples."""
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

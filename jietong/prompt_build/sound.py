"""Trims, joins, levels and stores speech as Asterisk plays it: 8 kHz, one channel, 16 bit.

Owns the sound of a prompt after the voice. Must not know what is said.
Rules: G.711 passes 300-3400 Hz; the level keeps 17 dB to full scale, as telephone speech has, and every prompt has the same.
"""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.floating[Any]]

VOICE_HZ = 24000
TELEPHONE_HZ = 8000
LEVEL_DBFS = -20.0
PEAK_DBFS = -3.0
# Silence before and after a sentence, and a word that is put together with others.
ENDS_S = (0.05, 0.10)
WORD_ENDS_S = (0.02, 0.04)

_FRAME_S = 0.01
_SPEECH_BELOW_PEAK_DB = 40.0
_FADE_S = 0.005


def loudness_dbfs(sound: Sound, rate_hz: int = TELEPHONE_HZ) -> float:
    """RMS over the frames that hold speech; pauses do not count. 0 dBFS is a full-scale square wave."""
    frames = _frame_rms(sound, rate_hz)
    speech = frames[frames > float(np.max(frames)) * _ratio(-30.0)]
    return float(20 * np.log10(np.sqrt(np.mean(speech**2)) + 1e-12))


def trim(sound: Sound, rate_hz: int = VOICE_HZ) -> Sound:
    """Cuts silence off both ends, with short fades so that nothing clicks. Adds no silence."""
    frames = _frame_rms(sound, rate_hz)
    loud = np.flatnonzero(frames > float(np.max(frames)) * _ratio(-_SPEECH_BELOW_PEAK_DB))
    step = round(rate_hz * _FRAME_S)
    return _faded(sound[max(0, loud[0] - 1) * step : (loud[-1] + 2) * step], rate_hz)


def joined(sounds: list[Sound], pause_s: float = 0.3, rate_hz: int = VOICE_HZ) -> Sound:
    """Trimmed sounds one after another, each at the common level, with a pause between."""
    pause = np.zeros(round(pause_s * rate_hz), np.float32)
    parts = [part for sound in sounds for part in (pause, _at_level(trim(sound, rate_hz), rate_hz))]
    return np.concatenate(parts[1:])


def for_telephone(sound: Sound, ends_s: tuple[float, float] = ENDS_S) -> Sound:
    """From the voice's 24 kHz to a finished prompt: trimmed, 8 kHz, at LEVEL_DBFS under PEAK_DBFS, silence before and after."""
    finished = _limited(_third_of_rate(trim(sound)))
    before, after = (np.zeros(round(silence_s * TELEPHONE_HZ), np.float32) for silence_s in ends_s)
    return np.concatenate((before, finished, after))


def tone(tone_hz: int, length_s: float) -> Sound:
    """A tone at LEVEL_DBFS with short fades, at telephone rate; 0 Hz is silence."""
    at_s = np.arange(round(length_s * TELEPHONE_HZ)) / TELEPHONE_HZ
    wave_of_one = np.sqrt(2) * np.sin(2 * np.pi * tone_hz * at_s)
    return _faded((wave_of_one * _ratio(LEVEL_DBFS)).astype(np.float32), TELEPHONE_HZ)


def write_wav(path: Path, sound: Sound, rate_hz: int = TELEPHONE_HZ) -> None:
    """Writes 16 bit mono, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    with wave.open(str(beside), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.clip(np.round(sound * 32767), -32767, 32767).astype("<i2").tobytes())
    beside.replace(path)


def read_wav(path: Path) -> Sound:
    """The samples of a 16 bit mono file, -1 to 1."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32767


def _limited(sound: Sound) -> Sound:
    """Raises to the level; what would pass the knee is bent softly under the peak. Repeats, as bending costs level."""
    peak, gain = _ratio(PEAK_DBFS), _ratio(LEVEL_DBFS - loudness_dbfs(sound))
    for _ in range(8):
        bent = _bent(sound * gain, knee=peak * 0.6, peak=peak * 0.99)
        gain *= _ratio(LEVEL_DBFS - loudness_dbfs(bent))
    return _bent(sound * gain, knee=peak * 0.6, peak=peak * 0.99)


def _bent(sound: Sound, knee: float, peak: float) -> Sound:
    over = np.maximum(np.abs(sound) - knee, 0)
    room = peak - knee
    return (np.sign(sound) * (np.minimum(np.abs(sound), knee) + room * np.tanh(over / room))).astype(np.float32)


def _third_of_rate(sound: Sound) -> Sound:
    """24 kHz to 8 kHz through a windowed-sinc low pass at 3.6 kHz, and no hum below 60 Hz."""
    taps = np.arange(-120, 121)
    low = np.sinc(taps * 2 * 3600 / VOICE_HZ) * np.blackman(taps.size)
    rumble = np.hanning(801)
    clean = sound - np.convolve(sound, rumble / rumble.sum(), "same")
    return np.convolve(clean, low / low.sum(), "same")[::3].astype(np.float32)


def _at_level(sound: Sound, rate_hz: int) -> Sound:
    return (sound * _ratio(LEVEL_DBFS - loudness_dbfs(sound, rate_hz))).astype(np.float32)


def _faded(sound: Sound, rate_hz: int) -> Sound:
    ramp = np.linspace(0, 1, round(_FADE_S * rate_hz), dtype=np.float32)
    faded = sound.copy()
    faded[: ramp.size] *= ramp
    faded[-ramp.size :] *= ramp[::-1]
    return faded


def _frame_rms(sound: Sound, rate_hz: int) -> Sound:
    step = round(rate_hz * _FRAME_S)
    whole = sound[: sound.size // step * step].reshape(-1, step)
    return np.asarray(np.sqrt(np.mean(whole**2, axis=1)) + 1e-9)


def _ratio(db: float) -> float:
    return float(10 ** (db / 20))

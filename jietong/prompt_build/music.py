"""Composes and plays the hold piece: plucked tones in a pentatonic scale over slow chords, which loops without a seam.

Owns the music. Must not use any recording: every sample is computed here, so the piece is ours to give away.
Rules: tones between 150 and 3000 Hz, as a telephone carries; far below speech in level; no two phrases alike.
"""

import math

import numpy as np

from jietong.prompt_build.sound import TELEPHONE_HZ, Sound

LEVEL_DBFS = -26.0
BEAT_S = 0.75
BEATS_IN_BAR = 4

# Semitones above C4 (261.6 Hz): root of each bar's chord, the bars of one verse.
_CHORDS = {
    "C": (-12, 0, 4, 7),
    "Am": (-15, -3, 0, 4),
    "F": (-7, -3, 0, 5),
    "G": (-5, -1, 2, 7),
    "Dm": (-10, 2, 5, 9),
    "Em": (-8, -1, 4, 7),
}
_BARS = (
    *("C", "Am", "F", "G", "C", "Am", "Dm", "G"),  # first theme, twice with another end
    *("F", "G", "Em", "Am", "Dm", "G", "C", "C"),  # second theme, higher
    *("C", "Am", "F", "G", "F", "G", "C", "C"),  # first theme again, and home
)
_SCALE = (0, 2, 4, 7, 9, 12, 14, 16, 19, 21, 24)  # C major pentatonic, two octaves
# The melody of each bar: (beat, step of the scale, beats long). Written by hand; echoes fill the off-beats.
_THEME_A = (((0, 4, 1.5), (1.5, 3, 0.5), (2, 2, 2)), ((0, 3, 1), (1, 4, 1), (2, 5, 2)),
            ((0, 5, 1.5), (1.5, 4, 0.5), (2, 3, 1), (3, 2, 1)), ((0, 1, 3),))  # fmt: skip
_END_A = (((0, 4, 1), (1, 5, 1), (2, 7, 2)), ((0, 6, 1), (1, 5, 0.5), (1.5, 4, 0.5), (2, 3, 2)),
          ((0, 2, 1), (1, 3, 1), (2, 4, 1), (3, 3, 1)), ((0, 1, 2), (2, 3, 2)))  # fmt: skip
_THEME_B = (((0, 7, 1), (1, 8, 1), (2, 7, 2)), ((0, 6, 1), (1, 7, 0.5), (1.5, 6, 0.5), (2, 4, 2)),
            ((0, 5, 1.5), (1.5, 6, 0.5), (2, 7, 1), (3, 9, 1)), ((0, 8, 3),),
            ((0, 6, 0.5), (0.5, 7, 0.5), (1, 6, 1), (2, 5, 2)), ((0, 4, 1), (1, 3, 1), (2, 1, 2)),
            ((0, 2, 1), (1, 3, 1), (2, 5, 2)), ((0, 5, 2), (2, 2, 2)))  # fmt: skip
_HOME = (
    ((0, 5, 1), (1, 7, 1), (2, 8, 2)),
    ((0, 6, 1), (1, 4, 1), (2, 3, 2)),
    ((0, 2, 1), (1, 1, 1), (2, 0, 2)),
    ((0, 0, 3),),
)
_MELODY = _THEME_A + _END_A + _THEME_B + _THEME_A + _HOME


def hold_piece() -> Sound:
    """The whole piece, 72 s at 8 kHz. What still rings at its end is laid over its beginning, so it loops without a click."""
    piece = np.zeros(round(len(_BARS) * BEATS_IN_BAR * BEAT_S * TELEPHONE_HZ))
    for bar, (chord, melody) in enumerate(zip(_BARS, _MELODY, strict=True)):
        start = bar * BEATS_IN_BAR
        _lay(piece, start, _pad([_hz(tone) for tone in _CHORDS[chord][1:]], BEATS_IN_BAR * BEAT_S), 0.10)
        _lay(piece, start, _pluck(_hz(_CHORDS[chord][0] + 12 * (_CHORDS[chord][0] < -8)), 2.5, 0.6), 0.45)
        for half_beat, tone in enumerate(_arpeggio(chord, bar)):
            _lay(piece, start + half_beat / 2, _pluck(_hz(tone), 1.2, 1.2), 0.26)
        for beat, step, beats in melody:
            _lay(piece, start + beat, _pluck(_hz(_SCALE[step] + 12), 0.6 + beats * BEAT_S, 2.0), 0.5)
            _lay(piece, start + beat + 0.75, _pluck(_hz(_SCALE[step] + 12), 0.8, 0.8), 0.09)
    level = math.sqrt(float(np.mean(piece**2)))
    return (piece * 10 ** (LEVEL_DBFS / 20) / level).astype(np.float32)


def _arpeggio(chord: str, bar: int) -> tuple[int, ...]:
    """Eight half-beats of the chord's tones; the figure turns with the bar, so that no two bars sound the same."""
    tones = _CHORDS[chord][1:]
    figure = ((0, 1, 2, 1, 0, 2, 1, 2), (0, 2, 1, 2, 0, 1, 2, 1), (2, 1, 0, 1, 2, 0, 1, 0))[(bar * 2 + bar // 4) % 3]
    return tuple(tones[index] for index in figure)


def _pluck(hz: float, length_s: float, brightness: float) -> Sound:
    """A plucked string by frequency modulation: bright at the touch, a plain tone as it dies away."""
    at_s = np.arange(round(length_s * TELEPHONE_HZ)) / TELEPHONE_HZ
    dying = np.exp(-at_s * 4.0 / length_s) * np.minimum(1, at_s / 0.006) * np.minimum(1, (length_s - at_s) / 0.03)
    index = brightness * np.exp(-at_s * 7)
    return np.asarray((np.sin(2 * np.pi * hz * at_s + index * np.sin(2 * np.pi * 2 * hz * at_s)) * dying), np.float32)


def _pad(tones_hz: list[float], length_s: float) -> Sound:
    """A soft chord that swells and fades, each tone doubled a little out of tune."""
    at_s = np.arange(round(length_s * TELEPHONE_HZ)) / TELEPHONE_HZ
    swell = np.sin(np.pi * at_s / length_s) ** 0.7
    tones = [np.sin(2 * np.pi * hz * at_s) + np.sin(2 * np.pi * hz * 1.003 * at_s) for hz in tones_hz]
    return np.asarray(np.sum(tones, axis=0) * swell / 2, np.float32)


def _lay(piece: Sound, beat: float, tone: Sound, volume: float) -> None:
    """Adds a tone at a beat; beyond the end it goes on at the beginning."""
    at = (round(beat * BEAT_S * TELEPHONE_HZ) + np.arange(tone.size)) % piece.size
    piece[at] += tone * volume


def _hz(semitones: float) -> float:
    return float(261.6256 * 2 ** (semitones / 12))

"""Whether a sound file is one that Asterisk plays to a caller as it is.

Owns formats and what is wrong with a file. Must not know prompts nor folders.
Rules: 8 kHz, one channel; Asterisk's format_wav reads 16 bit PCM in a file that ends in a small .wav, format_pcm and format_sln
read bare samples.
"""

import shlex
import struct
from pathlib import PurePath
from typing import NamedTuple

RATE_HZ = 8000
MAX_BYTES = 10_000_000  # ten minutes
LEAST_S = 0.05
# Bytes of a sample; the last three have no header.
SUFFIXES = {".wav": 2, ".alaw": 1, ".ulaw": 1, ".sln": 2}

_RIFF_HEAD = 12
_CHUNK_HEAD = 8
_FMT = struct.Struct("<HHIIHH")
_PCM = 1
_ENCODINGS = {3: "floating point", 6: "A-law", 7: "µ-law", 17: "ADPCM", 49: "GSM", 85: "MP3", 0xFFFE: "extensible"}
_SAMPLE_BYTES = 2


class Unplayable(ValueError):
    """The sound cannot be played: the text, which follows the file's name, says why."""


class _Form(NamedTuple):
    encoding: int
    channels: int
    rate_hz: int
    bits: int


def conversion(path: PurePath) -> str:
    """The command that makes a playable file of that name from nearly any sound."""
    good = path.with_suffix(".wav")
    made = path.with_name(f"{path.stem}.8k.wav") if path == good else good
    sox = f"sox {shlex.quote(str(path))} -r 8000 -c 1 -e signed-integer -b 16 {shlex.quote(str(made))}"
    return sox if made == good else f"{sox} && mv {shlex.quote(str(made))} {shlex.quote(str(good))}"


def check_sound(content: bytes, suffix: str) -> None:
    """Raises Unplayable for a file of that name ending which Asterisk would not play, or which says nothing."""
    if not content:
        raise Unplayable("is empty (0 bytes): record it again")
    if suffix != ".wav" and content[:4] == b"RIFF":
        raise Unplayable(f"is a WAV file in spite of its name: call it .wav, a {suffix} has no header")
    samples = _wav_samples(content) if suffix == ".wav" else content
    width = SUFFIXES[suffix]
    if len(samples) % width:
        raise Unplayable("ends within a sample: it was cut short, copy it again")
    if len(samples) < RATE_HZ * width * LEAST_S:
        raise Unplayable("holds no sound: record it again")
    if samples == samples[:width] * (len(samples) // width):
        raise Unplayable("is silent from beginning to end: record it again")


def _wav_samples(content: bytes) -> bytes:
    """The samples; raises Unplayable for a header that promises anything else."""
    if content[:4] != b"RIFF" or content[8:_RIFF_HEAD] != b"WAVE":
        raise Unplayable("is no WAV file in spite of its name: convert it")
    form: _Form | None = None
    at = _RIFF_HEAD
    while at + _CHUNK_HEAD <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        at += _CHUNK_HEAD
        if name == b"fmt " and size >= _FMT.size and at + _FMT.size <= len(content):
            encoding, channels, rate_hz, _, _, bits = _FMT.unpack_from(content, at)
            form = _Form(encoding, channels, rate_hz, bits)
        if name == b"data":
            _check_form(form)
            if at + size > len(content):
                raise Unplayable(
                    f"is cut short: its header promises {size} bytes of sound, {len(content) - at} are there: copy it again"
                )
            return content[at : at + size]
        at += size + size % 2
    raise Unplayable("has a broken header: convert it, or record it again")


def _check_form(form: _Form | None) -> None:
    if form is None:
        raise Unplayable("has a broken header: convert it, or record it again")
    if form != _Form(_PCM, 1, RATE_HZ, _SAMPLE_BYTES * 8):
        encoding = "" if form.encoding == _PCM else f", {_ENCODINGS.get(form.encoding, f'encoding {form.encoding}')}"
        channels = {1: "one channel", 2: "stereo"}.get(form.channels, f"{form.channels} channels")
        raise Unplayable(
            f"is {form.rate_hz} Hz, {channels}, {form.bits} bit{encoding}; needed are 8000 Hz, one channel, 16 bit: convert it"
        )

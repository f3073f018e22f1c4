"""The samples of a sound file that Asterisk plays, and a WAV file of samples.

Owns the two laws of the telephone. Must not judge a file (sound_file.py does).
Rules: ITU-T G.711; samples are 16 bit, little-endian, 8 kHz, one channel.
"""

import array
import io
import sys
import wave

from jietong.sound_file import RATE_HZ

_BIAS = 132  # of µ-law


def samples_of(content: bytes, suffix: str) -> bytes:
    """The samples of a file that `check_sound` has passed; `suffix` is its ending."""
    if suffix == ".wav":
        with wave.open(io.BytesIO(content)) as file:
            return bytes(file.readframes(file.getnframes()))
    if suffix == ".sln":
        return content
    table = _A_LAW if suffix == ".alaw" else _MU_LAW
    samples = array.array("h", (table[byte] for byte in content))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def wav_of(samples: bytes) -> bytes:
    """A WAV file of these samples."""
    into = io.BytesIO()
    with wave.open(into, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples)
    return into.getvalue()


def _a_law(byte: int) -> int:
    byte ^= 0x55
    step, mantissa = (byte & 0x70) >> 4, (byte & 0x0F) << 4
    size = mantissa + 8 if step == 0 else (mantissa + 264) << (step - 1)
    return size if byte & 0x80 else -size


def _mu_law(byte: int) -> int:
    byte = ~byte & 0xFF
    size = ((((byte & 0x0F) << 3) + _BIAS) << ((byte & 0x70) >> 4)) - _BIAS
    return -size if byte & 0x80 else size


_A_LAW, _MU_LAW = [_a_law(byte) for byte in range(256)], [_mu_law(byte) for byte in range(256)]

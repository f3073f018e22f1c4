"""Sound as G.711 has it, A-law and mu-law: what Asterisk sends to a caller without computing anything.

Owns the two curves. Must not know what sounds. Source: ITU-T G.711 tables; each sample gets the code whose value lies nearest.
Why: a caller's music in the caller's own coding costs Asterisk no translation, fifty times a second (bench/music_cost.py).
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from jietong.prompt_build.sound import Sound

Codes = npt.NDArray[np.uint8]


def a_law_values() -> npt.NDArray[np.int32]:
    """The 16 bit value of each of the 256 A-law codes as they are sent (every second bit inverted)."""
    code = np.arange(256) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    size = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, size, -size).astype(np.int32)


def mu_law_values() -> npt.NDArray[np.int32]:
    """The 16 bit value of each of the 256 mu-law codes as they are sent (all bits inverted)."""
    code = np.arange(256) ^ 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 15
    size = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int32)


CURVES = {".alaw": a_law_values(), ".ulaw": mu_law_values()}  # by the file name's ending, as Asterisk knows it


def companded(sound: Sound, ending: str) -> Codes:
    """The codes of a sound of -1 to 1; raises KeyError for an ending that is neither `.alaw` nor `.ulaw`."""
    values = CURVES[ending]
    by_value = np.argsort(values, kind="stable")
    ascending = values[by_value]
    wanted = np.clip(np.round(np.asarray(sound) * 32767), -32767, 32767)
    above = np.clip(np.searchsorted(ascending, wanted), 1, 255)
    nearer = np.where(wanted - ascending[above - 1] <= ascending[above] - wanted, above - 1, above)
    return by_value[nearer].astype(np.uint8)


def write_companded(path: Path, sound: Sound) -> None:
    """Writes raw codes, whole or not at all; the ending of the name says which curve."""
    beside = path.with_suffix(".part")
    beside.write_bytes(companded(sound, path.suffix).tobytes())
    beside.replace(path)


def read_companded(path: Path) -> Sound:
    """The samples of such a file, -1 to 1."""
    return (CURVES[path.suffix][np.frombuffer(path.read_bytes(), np.uint8)] / 32767).astype(np.float32)

"""Speaks Mandarin and English with the Kokoro-82M voices.

Owns text to 24 kHz sound. Must not know prompts, files or levels.
Rules: phoneme alphabets of the misaki library (Mandarin) and of espeak-ng turned into Kokoro's own (English).
"""

import json
import re
import subprocess
from pathlib import Path

import numpy as np

from jietong.prompt_build.sound import Sound

VOICES = {"zh-CN": "zf_xiaoxiao", "en": "af_heart"}
MODEL_FILE, PHONEMES_FILE = "kokoro-v1.0.int8.onnx", "vocab.json"

# espeak-ng's IPA (tie bar written ^) to the letters Kokoro was trained on; the longest is replaced first.
_ENGLISH = {
    "a^ɪ": "I", "a^ʊ": "W", "d^ʒ": "ʤ", "e^ɪ": "A", "t^ʃ": "ʧ", "ɔ^ɪ": "Y", "o^ʊ": "O", "ə^l": "ᵊl", "əl": "ᵊl",
    "ɚ": "əɹ", "ɐ": "ə", "ɜː": "ɜɹ", "ɪə": "iə", "ː": "", "r": "ɹ", "x": "k", "ç": "k", "ʔ": "t", "ʲ": "",
}  # fmt: skip
_STOPS = re.compile(r"([,.!?;:])")


class Speaker:
    """Both voices, loaded once from the folder that weights.py filled."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        vocabulary = json.loads((folder / PHONEMES_FILE).read_text(encoding="utf-8"))
        self._ids: dict[str, int] = vocabulary["vocab"]
        self._model = onnxruntime.InferenceSession(str(folder / MODEL_FILE), providers=["CPUExecutionProvider"])
        self._styles = {
            language: np.fromfile(folder / f"{voice}.bin", np.float32).reshape(-1, 256) for language, voice in VOICES.items()
        }
        self._mandarin = _mandarin_phonemes()

    def say(self, text: str, language: str, speed: float = 1.0) -> Sound:
        """Speaks one sentence of one language; up to 500 phonemes. The same text gives the same samples every time."""
        phonemes = self._mandarin(text) if language == "zh-CN" else english_phonemes(text)
        tokens = [self._ids[letter] for letter in phonemes if letter in self._ids]
        styles = self._styles[language]
        spoken = self._model.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": styles[min(len(tokens), len(styles)) - 1].reshape(1, 256),
                "speed": np.array([speed], np.float32),
            },
        )
        return np.asarray(spoken[0], np.float32).ravel()


def english_phonemes(text: str) -> str:
    """English text to Kokoro's phonemes. Stops are kept, as they make the pauses."""
    return "".join(part if _STOPS.fullmatch(part) else _english_words(part) for part in _STOPS.split(text)).strip()


def _english_words(words: str) -> str:
    if not words.strip():
        return words
    command = ["espeak-ng", "-q", "--ipa=3", "--tie=^", "-v", "en-us", "--", words]
    spoken = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    spoken = " ".join(spoken.split()).replace("\u0361", "^")
    for ipa in sorted(_ENGLISH, key=len, reverse=True):
        spoken = spoken.replace(ipa, _ENGLISH[ipa])
    return (" " if words[0] == " " else "") + spoken.replace("^", "").replace("_", "")


def _mandarin_phonemes():  # type: ignore[no-untyped-def]
    """misaki's Mandarin reader, with the tone sandhi it lacks (您好 is spoken nin2 hao3, 一个 yi2 ge4)."""
    from misaki.zh import ZHG2P
    from pypinyin import Style, lazy_pinyin

    def word(text: str) -> str:
        syllables = lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
        return "".join(ZHG2P.py2ipa(syllable) for syllable in syllables)

    ZHG2P.word2ipa = staticmethod(word)
    reader = ZHG2P()
    return lambda text: reader(text.replace(",", "，").replace(".", "。"))[0]

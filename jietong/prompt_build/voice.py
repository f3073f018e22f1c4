"""Speaks Mandarin and English with the Kokoro-82M voices, in sentences, or in lists whose items are cut apart.

Owns text to 24 kHz sound. Must not know prompts, files or levels.
Rules: phoneme alphabets of the misaki library (Mandarin) and of espeak-ng turned into Kokoro's own (English).
"""

import json
import re
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt

from jietong.prompt_build.paced import FRAME_SAMPLES, paced_model
from jietong.prompt_build.sandhi import READINGS, spoken_tones
from jietong.prompt_build.sound import Sound

Lengths = npt.NDArray[np.float32]

VOICES = {"zh-CN": "zf_xiaoxiao", "en": "af_heart"}
MODEL_FILE, PACED_FILE, PHONEMES_FILE = "kokoro-v1.0.int8.onnx", "kokoro-v1.0.int8.paced.onnx", "vocab.json"

# Lists are spoken slower; each item lasts at least so long and the comma after it so much longer (frames of 25 ms). Chosen by
# ear of the recogniser over random numbers: shorter items run together, longer commas fill with voice.
LIST_SPEED = 0.8
ITEM_FRAMES = 12
LIST_COMMA_FRAMES = 3
# A sentence is taken from this much before its first phoneme, as hissed consonants begin early, to this much after its last one:
# what the voice adds later is breath, or a syllable nobody wrote.
SENTENCE_LEAD_FRAMES, SENTENCE_TAIL_FRAMES = 6, 4
LIST_LEAD_FRAMES = 3

# espeak-ng's IPA (tie bar written ^) to the letters Kokoro was trained on; the longest is replaced first.
_ENGLISH = {
    "a^ɪ": "I", "a^ʊ": "W", "d^ʒ": "ʤ", "e^ɪ": "A", "t^ʃ": "ʧ", "ɔ^ɪ": "Y", "o^ʊ": "O", "ə^l": "ᵊl", "əl": "ᵊl",
    "ɚ": "əɹ", "ɐ": "ə", "ɜː": "ɜɹ", "ɪə": "iə", "ː": "", "r": "ɹ", "x": "k", "ç": "k", "ʔ": "t", "ʲ": "",
}  # fmt: skip
_STOPS = re.compile(r"([,.!?;:])")


class Speaker:
    """Both voices, loaded once from the folder that weights.py filled."""

    def __init__(self, folder: Path) -> None:
        vocabulary = json.loads((folder / PHONEMES_FILE).read_text(encoding="utf-8"))
        self._ids: dict[str, int] = vocabulary["vocab"]
        model = paced_model(folder / MODEL_FILE, folder / PACED_FILE)
        self._model = import_module("onnxruntime").InferenceSession(str(model), providers=["CPUExecutionProvider"])
        self._styles = {
            language: np.fromfile(folder / f"{voice}.bin", np.float32).reshape(-1, 256)
            for language, voice in VOICES.items()
        }
        self._mandarin = _mandarin_phonemes()

    def say(self, text: str, language: str, speed: float = 1.0) -> Sound:
        """Speaks one sentence of one language; up to 500 phonemes. The same text gives the same samples every time."""
        phonemes = self._phonemes(text, language)
        sound, lengths = self._spoken(phonemes, language, speed)
        said = len(phonemes.rstrip(" ,.!?;:"))
        return _cut(sound, lengths, (0, said), SENTENCE_LEAD_FRAMES, SENTENCE_TAIL_FRAMES)

    def say_list(self, items: list[str], language: str) -> list[Sound]:
        """Speaks the items as one list and cuts them apart where the model says that each begins and ends."""
        # The first of a list begins with a breath and the last falls: neither is one of ours.
        parts = [self._phonemes(item, language) for item in [items[-1], *items, items[0]]]
        phonemes = ", ".join(parts) + ","
        ours = range(1, len(items) + 1)
        starts = {place: sum(len(part) + 2 for part in parts[:place]) for place in ours}
        _, lengths = self._spoken(phonemes, language, LIST_SPEED)
        longer = np.zeros(len(lengths), np.float32)
        for place, start in starts.items():
            item = slice(start + 1, start + 1 + len(parts[place]))
            longer[item] = np.round(lengths[item] * max(1.0, ITEM_FRAMES / lengths[item].sum())) - lengths[item]
            longer[item.stop] = LIST_COMMA_FRAMES
        sound, lengths = self._spoken(phonemes, language, LIST_SPEED, longer)
        spans = [(start, start + len(parts[place])) for place, start in starts.items()]
        return [_cut(sound, lengths, span, LIST_LEAD_FRAMES, 0) for span in spans]

    def _phonemes(self, text: str, language: str) -> str:
        phonemes = self._mandarin(text) if language == "zh-CN" else english_phonemes(text)
        return "".join(letter for letter in phonemes if letter in self._ids)

    def _spoken(
        self, phonemes: str, language: str, speed: float, longer: Lengths | None = None
    ) -> tuple[Sound, Lengths]:
        """The sound, and how many frames each phoneme lasts; the first and last length belong to the ends."""
        tokens = np.array([[0, *(self._ids[letter] for letter in phonemes), 0]], np.int64)
        styles = self._styles[language]
        added = np.zeros(tokens.shape, np.float32) if longer is None else longer.reshape(1, -1)
        style = styles[min(len(phonemes), len(styles)) - 1].reshape(1, 256)
        feed = {"tokens": tokens, "style": style, "speed": np.array([speed], np.float32), "longer": added}
        sound, lengths = self._model.run(["audio", "paced"], feed)
        return np.asarray(sound, np.float32).ravel(), np.asarray(lengths, np.float32).ravel()


def _cut(sound: Sound, lengths: Lengths, span: tuple[int, int], lead_frames: int, tail_frames: int) -> Sound:
    """The phonemes of a span (first, end), counted without the model's own start token, and some frames around."""
    first, end = span
    edges = np.concatenate(([0], np.cumsum(lengths))).astype(int)
    start = max(0, edges[first + 1] - lead_frames) * FRAME_SAMPLES
    return sound[start : (edges[end + 1] + tail_frames) * FRAME_SAMPLES]


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


def _mandarin_phonemes() -> Callable[[str], str]:
    """The Mandarin reader of misaki, with the tone sandhi it lacks (您好 is spoken nin2 hao3, 一个 yi2 ge4)."""
    reader_kind, pinyin = import_module("misaki.zh").ZHG2P, import_module("pypinyin")
    pinyin.load_phrases_dict(READINGS)

    def word(text: str) -> str:
        syllables = pinyin.lazy_pinyin(text, style=pinyin.Style.TONE3, neutral_tone_with_five=True)
        return "".join(reader_kind.py2ipa(syllable) for syllable in spoken_tones(text, syllables))

    reader_kind.word2ipa = staticmethod(word)
    reader = reader_kind()
    return lambda text: str(reader(text.replace(",", "，").replace(".", "。"))[0])

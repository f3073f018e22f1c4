"""Listens to the finished prompts with a speech recogniser, to find words that do not come across on a telephone.

Owns how what was heard is compared with the text. Must not change a sound.
Rules: Mandarin is compared by syllables without tone, as the recogniser writes homophones; English by words.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from jietong.prompt_build.sound import Sound, read_wav
from jietong.prompt_build.texts import LANGUAGES, PROMPTS_DIR, Prompt, read_prompts

_DIGITS = {
    "zh-CN": "零一二三四五六七八九",
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
}


@dataclass(frozen=True, slots=True)
class Heard:
    """One listening: which prompts in a row, what they say, what was understood, wrong units of all units."""

    language: str
    names: str
    heard: str
    wrong: int
    units: int


def listen(model_folder: Path, root: Path = PROMPTS_DIR, only: frozenset[str] = frozenset()) -> Iterator[Heard]:
    """Hears every prompt, or `only` those named; those of one list in a row."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    whisper = import_module("faster_whisper")
    model = whisper.WhisperModel(
        str(model_folder), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True
    )
    for language in LANGUAGES:
        for row in _rows([prompt for prompt in read_prompts() if prompt.texts]):
            if only and not only & {prompt.name for prompt in row}:
                continue
            sound = np.concatenate([read_wav(prompt.wav(language, root)) for prompt in row])
            said = _units(" ".join(prompt.texts[language] for prompt in row), language)
            heard = _understood(model, sound, language)
            names = row[0].name if len(row) == 1 else f"{row[0].name} … {row[-1].name}"
            yield Heard(language, names, heard, distance(_units(heard, language), said), len(said))


def distance(heard: list[str], said: list[str]) -> int:
    """Fewest units to change, add or leave out to get from one to the other."""
    row = list(range(len(said) + 1))
    for count, unit in enumerate(heard, 1):
        before, row = row, [count]
        for place, wanted in enumerate(said):
            row.append(min(before[place] + (unit != wanted), before[place + 1] + 1, row[place] + 1))
    return row[-1]


def _rows(prompts: list[Prompt]) -> list[list[Prompt]]:
    """Each prompt alone; those of one list together, as the recogniser cannot make out one syllable."""
    alone = [[prompt] for prompt in prompts if prompt.cut_from is None]
    lists = {prompt.cut_from for prompt in prompts if prompt.cut_from}
    return alone + [[prompt for prompt in prompts if prompt.cut_from == name] for name in sorted(lists)]


def _understood(model: Any, sound: Sound, language: str) -> str:
    twice = np.interp(np.arange(sound.size * 2) / 2, np.arange(sound.size), sound).astype(np.float32)
    segments, _ = model.transcribe(twice, language=language[:2], temperature=0, condition_on_previous_text=False)
    return "".join(segment.text for segment in segments).strip()


def _units(text: str, language: str) -> list[str]:
    """Syllables without tone, and Latin words in small letters; digits as words of the language."""
    lazy_pinyin = import_module("pypinyin").lazy_pinyin
    for number, word in enumerate(_DIGITS[language]):
        text = text.replace(str(number), f" {word} ")
    units: list[str] = []
    for run in re.findall(r"[\u4e00-\u9fff]+|[a-z']+", text.lower()):
        units += lazy_pinyin(run) if run[0] > "z" else [run]
    return ["yi" if unit == "yao" else unit for unit in units]

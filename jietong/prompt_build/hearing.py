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

from ivr.say import MOST_FIGURES, prompts_for
from jietong.prompt_build.sound import Sound, read_wav
from jietong.prompt_build.texts import LANGUAGES, PROMPTS_DIR, Prompt, read_prompts

_FIGURES = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(st|nd|rd|th)?")


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
            said = _units(" ".join(prompt.texts[language] for prompt in row))
            heard = _understood(model, sound, language)
            names = row[0].name if len(row) == 1 else f"{row[0].name} … {row[-1].name}"
            wrong = min(distance(_units(text), said) for text in _in_words(heard, language))
            yield Heard(language, names, heard, wrong, len(said))


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


def _in_words(heard: str, language: str) -> tuple[str, str]:
    """What the recogniser wrote in figures, in words: figure by figure, and as numbers."""
    texts = {prompt.name: prompt.texts.get(language, "") for prompt in read_prompts()}

    def words(kind: str) -> str:
        def written(found: re.Match[str]) -> str:
            figures = found[1].replace(",", "")
            if found[2] and f"day-{figures:0>2}" in texts:
                return f" {texts[f'day-{figures:0>2}']} "
            names = prompts_for(kind, figures[:MOST_FIGURES], language)  # the recogniser may repeat one for ever
            return f" {' '.join(texts[name] for name in names)} "

        return _FIGURES.sub(written, heard)

    return words("digits"), words("number")


def _units(text: str) -> list[str]:
    """Syllables without tone, and Latin words in small letters."""
    lazy_pinyin = import_module("pypinyin").lazy_pinyin
    units: list[str] = []
    for run in re.findall(r"[\u4e00-\u9fff]+|[a-z']+", text.lower()):
        units += lazy_pinyin(run) if run[0] > "z" else [run]
    return ["yi" if unit == "yao" else unit for unit in units]

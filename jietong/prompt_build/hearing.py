"""Listens to speech with a speech recogniser, to find words that do not come across on a telephone.

Owns how what was heard is compared with the text. Must not change a sound.
Rules: Mandarin is compared by syllables without tone, as the recogniser writes homophones; English by words. A sentence of the other
language inside a text is heard in that language.
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
from jietong.prompt_build.sound import TELEPHONE_HZ, Sound, read_wav
from jietong.prompt_build.texts import LANGUAGES, PROMPTS_DIR, Prompt, read_prompts, voice_runs

UNIT_S = {"zh-CN": 0.24, "en": 0.38}  # a syllable, a word, beside each other
PAUSE_S, PAUSE_BELOW_PEAK_DB = 0.2, 35.0  # voices change after 0.3 s of silence
QUIET_S = 0.5
CONTRACTED = {"n't": "not", "'m": "am", "'re": "are", "'ll": "will", "'ve": "have"}
SPELT = {"can't": "can not", "won't": "will not", "cannot": "can not", "canceled": "cancelled"}
RANGE_WORD = {"zh-CN": "到", "en": "to"}
_FIGURES = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(st|nd|rd|th)?")
_RANGE = re.compile(r"(?<![\d-])(\d{1,2})[-–~](\d{1,2})(?![\d-])")


@dataclass(frozen=True, slots=True)
class Heard:
    """One listening: which prompts in a row, what they say, what was understood, wrong units of all units."""

    language: str
    names: str
    heard: str
    wrong: int
    units: int


@dataclass(frozen=True, slots=True)
class Run:
    """Words in one language, and about how long they last."""

    language: str
    text: str
    lasts_s: float


class Listener:
    """The recogniser, loaded once from the folder that weights.py filled."""

    def __init__(self, model_folder: Path) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        whisper = import_module("faster_whisper")
        self._model: Any = whisper.WhisperModel(
            str(model_folder), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True
        )

    def write_down(self, sound: Sound, language: str) -> str:
        """What it understands of 8 kHz sound, which it wants at 16 kHz: twice the samples, nothing above 4 kHz."""
        spectrum = np.fft.rfft(sound)
        twice = np.fft.irfft(np.pad(spectrum, (0, sound.size - spectrum.size + 1)), 2 * sound.size) * 2
        segments, _ = self._model.transcribe(
            twice.astype(np.float32), language=language[:2], temperature=0, condition_on_previous_text=False
        )
        return "".join(segment.text for segment in segments).strip()


def listen(model_folder: Path, root: Path = PROMPTS_DIR, only: frozenset[str] = frozenset()) -> Iterator[Heard]:
    """Hears every prompt, or `only` those named; those of one list in a row."""
    listener = Listener(model_folder)
    for language in LANGUAGES:
        for row in _rows([prompt for prompt in read_prompts() if prompt.texts]):
            if only and not only & {prompt.name for prompt in row}:
                continue
            sound = np.concatenate([read_wav(prompt.wav(language, root)) for prompt in row])
            names = row[0].name if len(row) == 1 else f"{row[0].name} … {row[-1].name}"
            parts = [
                (prompt.texts[language], read_wav(prompt.wav(language, root)).size / TELEPHONE_HZ) for prompt in row
            ]
            found = hear(listener, sound, parts, language)
            yield Heard(language, names, found.heard, found.wrong, found.units)


def hear(listener: Listener, sound: Sound, parts: list[tuple[str, float]], language: str) -> Heard:
    """What is understood of a sound that says these texts, each of which lasts so many seconds; each stretch of one language is heard in that language."""
    runs = _runs(parts)
    if {run.language for run in runs} == {language}:
        runs = [Run(language, " ".join(text for text, _ in parts), 1.0)]
    heard, wrong, units = [], 0, 0
    for stretch, run in zip(cut_apart(sound, [run.lasts_s for run in runs]), runs, strict=True):
        said = _units(run.text)
        heard.append(listener.write_down(stretch, run.language))
        wrong += min(distance(_units(words), said) for words in in_words(heard[-1], run.language))
        units += len(said)
    return Heard(language, "", " / ".join(heard), wrong, units)


def cut_apart(sound: Sound, expected_s: list[float]) -> list[Sound]:
    """Cuts at pauses, where the stretches come closest to these shares of the whole; each gets silence around it.

    A sound with too few pauses is not cut: each stretch is all of it.
    """
    if len(expected_s) == 1:
        return [sound]
    pauses = pauses_in(sound)
    if len(pauses) < len(expected_s) - 1:
        return [sound] * len(expected_s)
    edges = [0, *((first + last) // 2 for first, last in pauses), sound.size]
    scale = sound.size / sum(expected_s)
    # best[n]: how badly the stretches before edge n match at the least, and the edges that they end at
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for share in expected_s:
        reached: dict[int, tuple[float, list[int]]] = {}
        for start, (off, ends) in best.items():
            for end in range(start + 1, len(edges)):
                length = edges[end] - edges[start]
                here = off + (length - share * scale) ** 2 / (share * scale)
                if end not in reached or here < reached[end][0]:
                    reached[end] = here, [*ends, end]
        best = reached
    ends = best[len(edges) - 1][1]
    quiet = np.zeros(round(QUIET_S * TELEPHONE_HZ), sound.dtype)
    return [
        np.concatenate((quiet, sound[edges[start] : edges[end]], quiet))
        for start, end in zip([0, *ends], ends, strict=False)
    ]


def pauses_in(sound: Sound) -> list[tuple[int, int]]:
    """First and last sample of each stretch inside that is quiet for at least PAUSE_S."""
    step = TELEPHONE_HZ // 100
    frames = np.sqrt(np.mean(sound[: sound.size // step * step].reshape(-1, step) ** 2, axis=1))
    loud = np.flatnonzero(frames > float(np.max(frames)) * 10 ** (-PAUSE_BELOW_PEAK_DB / 20))
    breaks = np.flatnonzero(np.diff(loud) * 0.01 >= PAUSE_S)
    return [(int(loud[n] + 1) * step, int(loud[n + 1]) * step) for n in breaks]


def distance(heard: list[str], said: list[str]) -> int:
    """Fewest units to change, add or leave out to get from one to the other."""
    row = list(range(len(said) + 1))
    for count, unit in enumerate(heard, 1):
        before, row = row, [count]
        for place, wanted in enumerate(said):
            row.append(min(before[place] + (unit != wanted), before[place + 1] + 1, row[place] + 1))
    return row[-1]


def _runs(parts: list[tuple[str, float]]) -> list[Run]:
    """What is said in one language without a break by the other. Inside a text of both, each has its share of the length by its units."""
    found: list[Run] = []
    for text, lasts_s in parts:
        runs = [
            (language, run, UNIT_S[language] * len(_units(run))) for language, run in voice_runs(text) if _units(run)
        ]
        whole = sum(share for *_, share in runs)
        for language, run, share in runs:
            length_s = lasts_s * share / whole
            if found and found[-1].language == language:
                found[-1] = Run(language, f"{found[-1].text} {run}", found[-1].lasts_s + length_s)
            else:
                found.append(Run(language, run, length_s))
    return found


def _rows(prompts: list[Prompt]) -> list[list[Prompt]]:
    """Each prompt alone; those of one list together, as the recogniser cannot make out one syllable."""
    alone = [[prompt] for prompt in prompts if prompt.cut_from is None]
    lists = {prompt.cut_from for prompt in prompts if prompt.cut_from}
    return alone + [[prompt for prompt in prompts if prompt.cut_from == name] for name in sorted(lists)]


def in_words(heard: str, language: str) -> set[str]:
    """What the recogniser wrote in figures, in words: figure by figure, and as numbers; the dash of 1-5 as a word, and as none."""
    texts = {prompt.name: prompt.texts.get(language, "") for prompt in read_prompts()}

    def words(written_so: str, kind: str) -> str:
        def written(found: re.Match[str]) -> str:
            figures = found[1].replace(",", "")
            if found[2] and f"day-{figures:0>2}" in texts:
                return f" {texts[f'day-{figures:0>2}']} "
            names = prompts_for(kind, figures[:MOST_FIGURES], language)  # the recogniser may repeat one for ever
            return f" {' '.join(texts[name] for name in names)} "

        return _FIGURES.sub(written, written_so)

    ranges = _RANGE.sub(rf"\1 {RANGE_WORD[language]} \2", heard)
    return {words(written_so, kind) for written_so in (heard, ranges) for kind in ("digits", "number")}


def _units(text: str) -> list[str]:
    """Syllables without tone, and Latin words in small letters; one way of writing for what sounds the same."""
    units: list[str] = []
    for run in re.findall(r"[\u4e00-\u9fff]+|[a-z']+", text.lower().replace("’", "'")):
        units += import_module("pypinyin").lazy_pinyin(run) if run[0] > "z" else english_words(run)
    return ["yi" if unit == "yao" else unit for unit in units]


def english_words(written: str) -> list[str]:
    """Words of a small-letter word as they are spoken in full: the recogniser writes I'm where somebody says I am."""
    if written in SPELT:
        return SPELT[written].split()
    for ending, word in CONTRACTED.items():
        if written.endswith(ending) and len(written) > len(ending):
            return [written.removesuffix(ending), word]
    return [written]

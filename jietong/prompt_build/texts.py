"""Reads prompts.toml: which prompts there are, what they say, and in which voice each part of a sentence is spoken.

Owns the shape of the text file. Must not know how speech is made.
Rules: the comment at the head of ivr/prompts/prompts.toml.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("zh-CN", "en")
PROMPTS_DIR = Path(__file__).resolve().parents[2] / "ivr" / "prompts"
MUSIC = PROMPTS_DIR / "music" / "hold.wav"

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RUN = re.compile(r"[A-Za-z][^\u4e00-\u9fff]*|[^A-Za-z]+")


class TextsWrong(ValueError):
    """The text file cannot be used. The message names the file, the prompt and what to write."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A sound that is no speech: a tone of `tone_hz` (0: silence), `length_s` long."""

    tone_hz: int
    length_s: float


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: `texts` by language; `cut_from` is the list it is spoken in, or nothing when it is spoken alone. A tone has no texts."""

    name: str
    texts: dict[str, str]
    cut_from: str | None = None
    tone: Tone | None = None

    def wav(self, language: str, root: Path = PROMPTS_DIR) -> Path:
        """Where the sound of this prompt lies."""
        return root / language / f"{self.name}.wav"


def read_prompts(path: Path = PROMPTS_DIR / "prompts.toml") -> list[Prompt]:
    """All prompts in the order of the file. raises TextsWrong for a name, key or text that cannot be used."""
    prompts = []
    for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
        if not _NAME.fullmatch(name):
            raise TextsWrong(f"{path}: [{name}]: use small letters, digits and single hyphens, it becomes a file name")
        if isinstance(table, dict) and set(table) == {"tone_hz", "length_s"}:
            prompts.append(Prompt(name, {}, tone=_tone(table, f"{path}: [{name}]")))
            continue
        if not isinstance(table, dict) or set(table) - {"cut_from"} != set(LANGUAGES):
            raise TextsWrong(
                f"{path}: [{name}]: needs exactly {' and '.join(LANGUAGES)}, and cut_from if spoken in a list; "
                "or tone_hz and length_s"
            )
        texts = {language: table[language] for language in LANGUAGES}
        if not all(isinstance(text, str) and text.strip() for text in table.values()):
            raise TextsWrong(f"{path}: [{name}]: every text is a string in quotes and says something")
        prompts.append(Prompt(name, texts, table.get("cut_from")))
    return prompts


def _tone(table: dict[str, object], where: str) -> Tone:
    tone_hz, length_s = table["tone_hz"], table["length_s"]
    if type(tone_hz) is not int or not (tone_hz == 0 or 300 <= tone_hz <= 3400):
        raise TextsWrong(
            f"{where}: tone_hz is a whole number from 300 to 3400, as a telephone carries, or 0 for silence"
        )
    if not isinstance(length_s, float) or not 0.05 <= length_s <= 2:
        raise TextsWrong(f"{where}: length_s is a decimal number of seconds from 0.05 to 2.0")
    return Tone(tone_hz, length_s)


def voice_runs(text: str) -> list[tuple[str, str]]:
    """Splits a text into (language, text) at semicolons and where the script changes: Latin is English, all else Mandarin."""
    runs = [run.strip() for part in re.split("[;；]", text) for run in _RUN.findall(part)]
    return [("en" if run[0].isascii() and run[0].isalpha() else "zh-CN", run) for run in runs if run]

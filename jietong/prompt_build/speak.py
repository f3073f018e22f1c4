"""Speaks every prompt of the text file into its wav. Runs inside the tool's private environment.

Owns the order of work: text, voice, sound, file. Must not hold texts, weights or levels.
Rules: prompts that share `cut_from` are one spoken list, cut apart.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from jietong.prompt_build import sound
from jietong.prompt_build.music import hold_piece
from jietong.prompt_build.texts import LANGUAGES, MUSIC, PROMPTS_DIR, Prompt, read_prompts, voice_runs
from jietong.prompt_build.voice import Speaker


def build(folder: Path, root: Path = PROMPTS_DIR) -> Iterator[Path]:
    """Writes every prompt in every language and the music; yields each file as it is written."""
    speaker = Speaker(folder)
    for language in LANGUAGES:
        for cut_from, group in groupby(read_prompts(), key=lambda prompt: prompt.cut_from):
            prompts = list(group)
            if cut_from:
                spoken = speaker.say_list([prompt.texts[language] for prompt in prompts], language)
            else:
                spoken = [_alone(speaker, prompt, language) for prompt in prompts]
            for prompt, heard in zip(prompts, spoken, strict=True):
                sound.write_wav(prompt.wav(language, root), sound.for_telephone(heard))
                yield prompt.wav(language, root)
    sound.write_wav(root / MUSIC.relative_to(PROMPTS_DIR), hold_piece())
    yield root / MUSIC.relative_to(PROMPTS_DIR)


def _alone(speaker: Speaker, prompt: Prompt, language: str) -> sound.Sound:
    return sound.joined([speaker.say(text, spoken_in) for spoken_in, text in voice_runs(prompt.texts[language])])

"""Speaks every prompt of the text file into its wav. Runs inside the tool's private environment.

Owns the order of work: text, voice, sound, file. Must not hold texts, weights or levels.
Rules: prompts that share `cut_from` are one spoken list, cut apart.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from jietong.prompt_build import sound
from jietong.prompt_build.companded import CURVES, write_companded
from jietong.prompt_build.music import hold_piece
from jietong.prompt_build.texts import LANGUAGES, MUSIC, PROMPTS_DIR, Prompt, read_prompts, voice_runs
from jietong.prompt_build.voice import Speaker


def build(folder: Path, root: Path = PROMPTS_DIR, only: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Writes every prompt in every language and the music; yields each file as it is written.

    `only`: these prompts and those of the same spoken lists, no music; raises ValueError for a name that no prompt has.
    """
    wanted = _wanted(read_prompts(), only)
    speaker = Speaker(folder)
    for language in LANGUAGES:
        for cut_from, group in groupby(wanted, key=lambda prompt: prompt.cut_from):
            prompts = list(group)
            if cut_from:
                items = [prompt.texts[language] for prompt in prompts]
                spoken = [sound.for_telephone(heard, sound.WORD_ENDS_S) for heard in speaker.say_list(items, language)]
            else:
                spoken = [_alone(speaker, prompt, language) for prompt in prompts]
            for prompt, heard in zip(prompts, spoken, strict=True):
                sound.write_wav(prompt.wav(language, root), heard)
                yield prompt.wav(language, root)
    if not only:
        piece, music = hold_piece(), root / MUSIC.relative_to(PROMPTS_DIR)
        sound.write_wav(music, piece)
        yield music
        for ending in CURVES:
            write_companded(music.with_suffix(ending), piece)
            yield music.with_suffix(ending)


def _wanted(prompts: list[Prompt], only: frozenset[str]) -> list[Prompt]:
    if unknown := only - {prompt.name for prompt in prompts}:
        raise ValueError(f"prompts.toml has no {', '.join(sorted(unknown))}: write its text there first")
    lists = {prompt.cut_from for prompt in prompts if prompt.name in only} - {None}
    return [prompt for prompt in prompts if not only or prompt.name in only or prompt.cut_from in lists]


def _alone(speaker: Speaker, prompt: Prompt, language: str) -> sound.Sound:
    if prompt.tone is not None:
        return sound.tone(prompt.tone.tone_hz, prompt.tone.length_s)
    runs = [speaker.say(text, spoken_in) for spoken_in, text in voice_runs(prompt.texts[language])]
    return sound.for_telephone(sound.joined(runs))

"""What a node says as prompts, with the values of this caller.

Owns the filling in of values and lists. Must not know how prompts are played.
Rules: a value that is missing, or none of its kind, is left out: a caller hears the rest of the sentence.
"""

import re
from collections.abc import Callable, Mapping

from ivr.flow import MAX_CHOICES, PROMPT, PROMPT_IN, Each, Speech, Words
from ivr.flow_words import Prompt

PromptsFor = Callable[[str, str, str], tuple[str, ...]]
PROMPT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


def prompts_of(
    speech: Speech, values: Mapping[str, str], language: str, prompts_for: PromptsFor, *, cut: bool = True
) -> tuple[Prompt, ...]:
    """The prompts of `speech` in order."""
    return tuple(Prompt(language, n, cut) for words in speech for n in _names(words, values, language, prompts_for))


def prompts_of_each(
    each: Each, values: Mapping[str, str], language: str, prompts_for: PromptsFor, *, cut: bool = True
) -> tuple[Prompt, ...]:
    """The prompts of a list, item by item."""
    found: tuple[Prompt, ...] = ()
    for key in range(1, count_of(values, each.of) + 1):
        item = {**values, **item_of(values, each.of, key)}
        found += prompts_of(each.speech, item, language, prompts_for, cut=cut)
    return found


def count_of(values: Mapping[str, str], of: str) -> int:
    """How many items the list `of` has: `of_1_...`, `of_2_...` without a gap, MAX_CHOICES at most."""
    there = {name.split("_")[1] for name in values if name.startswith(f"{of}_") and name.count("_") > 1}
    return next((key - 1 for key in range(1, MAX_CHOICES + 1) if str(key) not in there), MAX_CHOICES)


def item_of(values: Mapping[str, str], of: str, key: int) -> dict[str, str]:
    """The values of one item under the names without its number, and its number as `of_key`."""
    start = f"{of}_{key}_"
    found = {f"{of}_{name.removeprefix(start)}": value for name, value in values.items() if name.startswith(start)}
    return {**found, f"{of}_key": str(key)}


def _names(words: Words, values: Mapping[str, str], language: str, prompts_for: PromptsFor) -> tuple[str, ...]:
    if words.kind == PROMPT:
        return (words.text,)
    value = values.get(words.text, "")
    if words.kind == PROMPT_IN:
        return (value,) if PROMPT_NAME.fullmatch(value) else ()
    try:
        return prompts_for(words.kind, value, language) if value else ()
    except ValueError:
        return ()

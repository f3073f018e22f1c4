"""Whether a name that an operator typed is a prompt that every caller can hear.

Owns that one sentence. Must not know what the prompt is wanted for.
Rules: docs/guide/prompts.md: shipped prompts and the operator's own recordings, in every language.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from jietong.recordings import prompt_names
from jietong.site import Site
from jietong.site_raw import nearest


def wrong_prompt_of(site: Site) -> Callable[[str], str]:
    """A function of a prompt's name: what is wrong with it, with the nearest name that there is; empty: nothing."""
    folder = Path(site.prompts.folder) if site.prompts.folder is not None else None
    return partial(_wrong_prompt, prompt_names(folder))


def _wrong_prompt(names: dict[str, frozenset[str]], prompt: str) -> str:
    missing = [language for language, known in names.items() if prompt not in known]
    if not missing:
        return ""
    if len(missing) < len(names):
        return f"prompt {prompt!r} is not there in {', '.join(missing)}: record it in every language"
    return f"no prompt {prompt[:60]!r}{nearest(prompt[:60], sorted(frozenset.intersection(*names.values())))}"

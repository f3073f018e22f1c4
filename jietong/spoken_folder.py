"""Sentences put together before anybody needs them: what caller and agent hear in the moment in which the agent has picked up.

Owns the folder DIR/run/spoken and its names, by which the dialplan finds a sentence; which prompts a sentence has is ivr/connecting.py's.
Rules: Asterisk's Dial plays one file to each side, so there is a file for each agent and for each kind of caller.
"""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from ivr.connecting import Kind, agent_words, whisper_words
from jietong.prompt_folder import prompts_of
from jietong.recordings import LANGUAGES
from jietong.rules_of_site import agent_numbers
from jietong.running import RunningSite
from jietong.site import ServiceName, Site
from jietong.sound_file import SUFFIXES
from jietong.sound_samples import samples_of, wav_of

FOLDER = "spoken"
NOTHING = "pause"  # a prompt, played where a kind of caller has no words
Sentence = tuple[str, str, tuple[str, ...]]  # file without its ending, language, prompts


def spoken_of(site: RunningSite) -> Path | None:
    """Where the sentences are; None when the site wants none."""
    return site.layout.run / FOLDER if _is_wanted(site.site) else None


def prepare_spoken(site: RunningSite) -> None:
    """Makes DIR/run/spoken anew from the site's prompts; a call that is being told something hears the end of it."""
    if not _is_wanted(site.site):
        return
    run = site.layout.run
    fresh = Path(tempfile.mkdtemp(prefix=f"{FOLDER}-", dir=run))
    fresh.chmod(0o755)
    made: dict[tuple[str, tuple[str, ...]], Path] = {}
    for name, language, prompts in _sentences(site.site, _known(prompts_of(site))):
        path = fresh / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        first = made.setdefault((language, prompts), path)
        if first != path:
            path.symlink_to(first)
            continue
        folder = prompts_of(site) / language
        path.write_bytes(wav_of(b"".join(_samples(folder, prompt) for prompt in prompts or (NOTHING,))))
    _take_place(fresh, run)


def _is_wanted(site: Site) -> bool:
    return site.hotline.announce_agent or site.hotline.whisper


def _sentences(site: Site, known: frozenset[str]) -> Iterator[Sentence]:
    """Every sentence. A caller whose language is not known hears the hotline's; a word that is not known is empty in the name."""
    home = site.hotline.language
    for agent in agent_numbers(site) if site.hotline.announce_agent else ():
        for language in LANGUAGES:
            yield f"agent/{language}/{agent}", language, agent_words(agent, language)
        yield f"agent/{agent}", home, agent_words(agent, home)
    if not site.hotline.whisper:
        return
    queues: dict[str, str] = {name: service.queue for name, service in site.services.items() if service.queue}
    tiers, lines = ("", *site.tiers), ("", site.hotline.queue, *(queue.name for queue in site.queues))
    services: tuple[str, ...] = ("", *get_args(ServiceName))
    for kind in map(Kind._make, itertools.product(tiers, dict.fromkeys(lines), services, ("", *LANGUAGES))):
        yield f"whisper/{'+'.join(kind)}", home, whisper_words(kind, home, queues, known)


def _known(prompts: Path) -> frozenset[str]:
    """Prompts that are there in every language."""
    there = [{path.stem for path in (prompts / language).iterdir()} for language in LANGUAGES]
    return frozenset(set.intersection(*there))


def _samples(folder: Path, prompt: str) -> bytes:
    path = next(path for suffix in SUFFIXES if (path := folder / f"{prompt}{suffix}").exists())
    return samples_of(path.read_bytes(), path.suffix)


def _take_place(fresh: Path, run: Path) -> None:
    link = run / FOLDER
    beside = fresh / "link"
    beside.symlink_to(fresh.name)
    beside.replace(link)  # at once: there is always a folder
    for old in set(run.glob(f"{FOLDER}-*")) - {fresh}:
        shutil.rmtree(old, ignore_errors=True)

"""`jietong flow check|test|try|draw`: flows for whoever writes them, without a telephone.

Owns what is said on the terminal. Must not judge nor walk a flow: ivr/ does. Rules: docs/flows.md.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from ivr.doors import DOORS
from ivr.flow import LookUp, Test
from ivr.flow_step import Input, start, step
from ivr.flow_story import HANGS_UP, SILENT, SPEAKS, USUAL_ANSWERS, end_of, read_stories, tell
from ivr.flow_visit import ANNOUNCEMENTS, Flows, here
from ivr.flow_words import Ask, Find, Gone, HungUp, Keys, Leave, Output, Play, Played, Position, Silence, Tape, Taped
from ivr.look_up import FAILED, LookedUp
from ivr.say import prompts_for
from jietong import exit_codes
from jietong.flow_files import SHIPPED, check_folder, read_flows, surroundings_of
from jietong.flow_picture import picture_of
from jietong.prompt_build.texts import read_prompts
from jietong.recordings import LANGUAGES
from jietong.site import Site
from jietong.site_file import SiteFileError, load_site

STORIES = "stories"


def check(folder: Path | None, config: Path | None) -> int:
    """Tells every mistake of the flows in `folder` (left out: the site's) and returns the exit code."""
    try:
        site = load_site(config) if config is not None else None
    except SiteFileError as error:
        return _wrong(error.mistakes)
    folder = _folder(folder, site)
    mistakes = check_folder(folder, surroundings_of(site))
    if mistakes:
        return _wrong(mistakes)
    flows, _ = read_flows(folder)
    sys.stdout.write(f"{len(flows)} flows, {sum(len(flow.nodes) for flow in flows.values())} nodes: no mistakes\n")
    return exit_codes.DONE


def test(folder: Path | None, files: list[Path]) -> int:
    """Plays the stories of `files` (left out: those in the folder's own and the shipped `stories`), and returns the exit code."""
    flows = _flows(folder)
    if flows is None:
        return exit_codes.WRONG_CONFIGURATION
    told = failed = 0
    for file in files or _story_files(folder):
        try:
            stories, faults = read_stories(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            return _wrong([f"{file}: cannot be read: {error}"])
        lines = [(fault.line, fault.text) for fault in faults]
        for story in stories:
            different = tell(flows, story)
            lines += [(fault.line, f"{story.title}: {fault.text}") for fault in different]
            failed += bool(different)
        failed += bool(faults)
        told += len(stories)
        for line, text in sorted(lines):
            sys.stdout.write(f"{file}:{line}: {text}\n")
    sys.stdout.write(f"{told} stories, {failed} failed\n")
    return exit_codes.FAILED if failed else exit_codes.DONE


def try_out(name: str, folder: Path | None, language: str, caller: list[str]) -> int:
    """Runs a flow in the terminal: prompts as text, keys as they are typed; returns the exit code."""
    flows = _flows(folder)
    if flows is None:
        return exit_codes.WRONG_CONFIGURATION
    if name not in flows.flows:
        return _wrong([f"there is no flow {name!r}: {', '.join(sorted(flows.flows))}"])
    values = dict(pair.split("=", 1) for pair in caller if "=" in pair)
    texts = {language: texts_in(language) for language in LANGUAGES}
    sys.stdout.write(
        f"Type keys and Enter. {SILENT} or nothing: silence. {HANGS_UP} hangs up. A look-up asks you for its answer.\n"
    )
    position, output = start(flows, name, language, {"tier": "ordinary", "caller": "stranger"} | values)
    while not isinstance(output, Leave | Gone):
        _show(output, texts)
        try:
            what = _typed(flows, position, output)
        except EOFError:
            what = HungUp()
        position, output = step(flows, position, what)
    sys.stdout.write(f"== {end_of(output)}\n")
    return exit_codes.DONE


def draw(name: str, folder: Path | None, out: Path | None, language: str) -> int:
    """Writes the picture of a flow to `out` (left out: the terminal); returns the exit code."""
    flows = _flows(folder)
    if flows is None:
        return exit_codes.WRONG_CONFIGURATION
    if name not in flows.flows:
        return _wrong([f"there is no flow {name!r}: {', '.join(sorted(flows.flows))}"])
    picture = picture_of(flows.flows[name], texts_in(language))
    if out is None:
        sys.stdout.write(picture)
    else:
        out.write_text(picture, encoding="utf-8")
    return exit_codes.DONE


def texts_in(language: str) -> dict[str, str]:
    """What the shipped prompts say; those of an operator are known by name only."""
    return {prompt.name: prompt.texts[language] for prompt in read_prompts() if prompt.texts}


def _show(output: Output, texts: Mapping[str, Mapping[str, str]]) -> None:
    for prompt in output.prompts if isinstance(output, Ask | Play | Tape) else ():
        sys.stdout.write(f"   {texts[prompt.language].get(prompt.name, '[' + prompt.name + ']')}\n")


def _typed(flows: Flows, position: Position, output: Output) -> Input:
    if isinstance(output, Find):
        return USUAL_ANSWERS[ANNOUNCEMENTS] if output.door == ANNOUNCEMENTS else _looked_up(flows, position, output)
    if isinstance(output, Play):
        return Played()
    if isinstance(output, Tape):
        typed = input("(tone) Enter: something is said, -: nothing > ").strip()
        return HungUp() if typed == HANGS_UP else Taped("" if typed == SILENT else f"{SPEAKS}.wav")
    typed = "".join(c for c in input("key > ").strip() if c in f"0123456789*#{SILENT}{HANGS_UP}")
    if typed == HANGS_UP:
        return HungUp()
    most = output.most if isinstance(output, Ask) else 1
    return Keys(typed[:most]) if typed and typed != SILENT else Silence()


def _looked_up(flows: Flows, position: Position, output: Find) -> Input:
    _, node = here(flows, position.place)
    usual = USUAL_ANSWERS.get(output.door, LookedUp(FAILED, {}))
    known = (*DOORS[output.door].outcomes, FAILED) if isinstance(node, LookUp) and output.door in DOORS else ()
    if isinstance(node, Test):
        known = tuple(node.outcomes)
    said = f" ({', '.join(known)})" if known else ""
    given = " ".join(f"{name}={value}" for name, value in output.values.items() if value)
    outcome, *pairs = input(f"{output.door} {given}{said}; Enter: {usual.outcome} > ").split() or [usual.outcome]
    return LookedUp(outcome, dict(pair.split("=", 1) for pair in pairs if "=" in pair))


def _flows(folder: Path | None) -> Flows | None:
    flows, mistakes = read_flows(folder)
    if mistakes:
        _wrong(mistakes)
        return None
    return Flows(flows, LANGUAGES, prompts_for)


def _story_files(folder: Path | None) -> list[Path]:
    own = sorted((folder / STORIES).glob("*.txt")) if folder is not None else []
    named = {file.name for file in own}
    return [*(file for file in sorted((SHIPPED / STORIES).glob("*.txt")) if file.name not in named), *own]


def _folder(folder: Path | None, site: Site | None) -> Path | None:
    if folder is None and site is not None and site.hotline.flows is not None:
        return Path(site.hotline.flows)
    return folder


def _wrong(mistakes: list[str]) -> int:
    for mistake in mistakes:
        sys.stderr.write(f"{mistake}\n")
    return exit_codes.WRONG_CONFIGURATION

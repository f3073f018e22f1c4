"""Stories of callers as text, and whether flows tell them so: keys in, prompts and end out.

Owns the text's grammar and the comparison. Must not read files. Rules: docs/flows.md, "Test it".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ivr.flow import CallBack, HangUp, Leaving, Message, ToQueue, Transfer
from ivr.flow_step import Input, start, step
from ivr.flow_visit import Flows
from ivr.flow_words import Ask, Find, Gone, HungUp, Keys, Leave, Output, Play, Played, Position, Silence, Tape, Taped
from ivr.look_up import FAILED, LookedUp

SILENT, HANGS_UP, SPEAKS = "-", "!", "speaks"
ANYTHING = "..."
WORDS = ("story", "flow", "caller", "answer", "keys", "hears", "end")
# What a story need not say.
USUAL_ANSWERS: Mapping[str, LookedUp] = {
    "open": LookedUp("open", {}),
    "waiting": LookedUp("0", {}),
    "time": LookedUp("12:00", {}),
    "weekday": LookedUp("1", {}),
    "announcements": LookedUp("none", {}),
}
RECORDED = "1.wav"


class Fault(NamedTuple):
    """What is wrong at which line of a text (from 1)."""

    line: int
    text: str


class Line(NamedTuple):
    """A line's number and the words behind its first."""

    number: int
    words: tuple[str, ...]


@dataclass
class Story:
    """One caller. `hears`: a line for each time something is played; `end`: how it leaves, not compared when it is missing."""

    title: str
    line: int
    flow: str = "hotline"
    language: str = ""
    values: dict[str, str] = field(default_factory=dict)
    answers: dict[str, LookedUp] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    hears: list[Line] = field(default_factory=list)
    end: Line | None = None


def read_stories(text: str) -> tuple[list[Story], list[Fault]]:
    """The stories of a text, and each line that is none of a story's."""
    stories: list[Story] = []
    faults: list[Fault] = []
    for number, raw in enumerate(text.splitlines(), 1):
        words = raw.split("#  ")[0].split() if not raw.lstrip().startswith("#") else []
        if not words:
            continue
        if words[0] == "story":
            stories.append(Story(" ".join(words[1:]), number))
        elif words[0] not in WORDS:
            faults.append(Fault(number, f"a line begins with one of {', '.join(WORDS)}, not with {words[0][:40]!r}"))
        elif not stories:
            faults.append(
                Fault(
                    number,
                    f"{words[0]} before the first story: begin with a line such as `story a caller asks for a person`",
                )
            )
        else:
            faults += [Fault(number, fault) for fault in _add(stories[-1], words[0], Line(number, tuple(words[1:])))]
    return stories, faults


def tell(flows: Flows, story: Story) -> list[Fault]:
    """Where the flows differ from the story; at most the first difference, the rest would follow from it."""
    return next(([fault] for fault in _differences(flows, story)), [])


def end_of(output: Output) -> str:
    """The words in which a story tells the end."""
    if isinstance(output, Gone):
        return "gone"
    return _leaving(output.how) if isinstance(output, Leave) else "asks"


def _leaving(how: Leaving) -> str:
    if isinstance(how, ToQueue):
        return f"queue {how.service}"
    if isinstance(how, CallBack):
        return f"callback {how.service}"
    if isinstance(how, Message):
        return f"message {how.service}"
    if isinstance(how, Transfer):
        return f"transfer {how.number}"
    assert isinstance(how, HangUp)
    return "hang_up"


def _add(story: Story, word: str, line: Line) -> Iterator[str]:
    if word == "keys":
        story.keys += line.words
    elif word == "hears":
        story.hears.append(line)
    elif word == "end":
        story.end = line
    elif word == "flow":
        story.flow = " ".join(line.words)
    elif word == "caller":
        yield from _set_values(story, line.words)
    elif len(line.words) < 3 or line.words[1] != "->":
        yield "write answer DOOR -> OUTCOME name=value ..."
    else:
        door, _, outcome, *pairs = line.words
        story.answers[door] = LookedUp(outcome, dict(_pairs(pairs)))


def _set_values(story: Story, words: tuple[str, ...]) -> Iterator[str]:
    for word in words:
        if "=" not in word:
            yield f"write caller tier=vip age=70, not {word[:40]!r}"
    found = dict(_pairs(words))
    story.language = found.pop("language", story.language)
    story.values.update(found)


def _pairs(words: "tuple[str, ...] | list[str]") -> Iterator[tuple[str, str]]:
    for word in words:
        name, sign, value = word.partition("=")
        if sign:
            yield name, value.replace("+", " ")


def _differences(flows: Flows, story: Story) -> Iterator[Fault]:
    if story.flow not in flows.flows:
        yield Fault(story.line, f"there is no flow {story.flow!r}")
        return
    keys, hears = list(story.keys), list(story.hears)
    position, output = start(
        flows, story.flow, story.language, {"tier": "ordinary", "caller": "stranger", **story.values}
    )
    while not isinstance(output, Leave | Gone):
        if isinstance(output, Ask | Play | Tape):
            heard = " ".join(prompt.name for prompt in output.prompts)
            if hears:
                line = hears.pop(0)
                if " ".join(line.words) not in (heard, ANYTHING):
                    yield Fault(line.number, f"hears {heard or 'nothing'}, not {' '.join(line.words)}")
            elif not keys and story.end is None:
                return
        answered = _answer(story, output, keys)
        if answered is None:
            break
        position, output = step(flows, position, answered)
    yield from _rest(story, position, output, keys, hears)


def _rest(story: Story, position: Position, output: Output, keys: list[str], hears: list[Line]) -> Iterator[Fault]:
    end = end_of(output)
    if hears:
        yield Fault(hears[0].number, f"hears nothing more: the caller's end is {end}")
    if keys:
        yield Fault(story.line, f"the caller's end is {end} before key {keys[0]}")
    if story.end is not None and story.end.words != tuple(end.split()):
        at = f", at {position.place[-1].flow}/{position.place[-1].node}" if end == "asks" and position.place else ""
        yield Fault(story.end.number, f"the end is {end}{at}, not {' '.join(story.end.words)}")


def _answer(story: Story, output: Output, keys: list[str]) -> Input | None:
    """The caller's or the hotline's answer; None when the story has none."""
    if isinstance(output, Find):
        return story.answers.get(output.door) or USUAL_ANSWERS.get(output.door) or LookedUp(FAILED, {})
    if isinstance(output, Tape):
        spoken = keys.pop(0) if keys else SPEAKS
        return HungUp() if spoken == HANGS_UP else Taped(RECORDED if spoken == SPEAKS else "")
    if isinstance(output, Play):
        return Played()
    if not keys:
        return None
    key = keys.pop(0)
    return HungUp() if key == HANGS_UP else Silence() if key == SILENT else Keys(key)

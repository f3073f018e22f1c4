"""What is listened to: every prompt that lasts, read out by a flow of ours, and whole ways through the shipped menus.

Owns the choice, the flow that reads out, and what a caller must hear on a way. Must not call or listen.
Rules: issue 5 item 5 (prompts longer than 1.5 s, whole menu paths, both languages).
"""

import tomllib
import wave
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.flow_read import read_flow
from ivr.flow_step import Input, start, step
from ivr.flow_visit import Flows
from ivr.flow_words import Ask, Find, Keys, Leave, Play, Played, Prompt, Tape, Taped
from ivr.look_up import LookedUp
from ivr.say import prompts_for
from jietong.prompt_build.texts import LANGUAGES, PROMPTS_DIR, read_prompts
from jietong.sound_samples import wav_of
from tests.flows import FOLDER

LEAST_S = 1.5
A_CALL_READS = 10
GAP = "own-gap"
READ_OUT_KEY = "8"
BETWEEN_PROMPTS_S = 0.02  # from one file to the next: 0.00 to 0.02 in recorded calls
OVER_S = 0.9  # a silence this long ends what is said; the menu waits longer for a key
AFTER_KEY_S = 0.35  # from the key to the first sound
TEXTS = {prompt.name: prompt.texts for prompt in read_prompts()}
Parts = tuple[tuple[str, float], ...]  # texts, and how many seconds each lasts

# Keys of each way, pressed after everything was heard. The caller's number has two subscriptions.
WAYS = {
    "main menu": (),
    "a question answered": ("1", "1"),
    "another question": ("1", "4"),
    "business": ("2",),
    "what the caller has ordered": ("3",),
    "cancelling, not confirmed": ("4", "1"),
    "a complaint": ("5",),
    "a case that is not there": ("5", "2", "123456789#"),
    "a wrong key": ("7",),
}
ANSWERS = {
    "announcements": LookedUp("", {"prompts": ""}),
    "subscriptions": LookedUp(
        "some",
        {
            "count": "2",
            "item_1_code": "flow-bag",
            "item_1_prompt": "product-flow-bag",
            "item_1_fee": "1000",
            "item_2_code": "news",
            "item_2_prompt": "product-news",
            "item_2_fee": "350",
        },
    ),
    "case_status": LookedUp("unknown", {}),
}


@dataclass(frozen=True)
class Batch:
    """Prompts that one call reads out, chosen by these digits."""

    digits: str
    language: str
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """What is heard between the keys of a caller who goes one way: prompts, and the key that follows them."""

    title: str
    language: str
    heard: tuple[tuple[tuple[str, ...], str], ...]

    @property
    def steps(self) -> tuple[Parts, ...]:
        """What is said before each key, prompt by prompt."""
        return tuple(parts_of(self.language, names) for names, _ in self.heard)


def length_s(language: str, prompt: str) -> float:
    """How long a prompt lasts."""
    with wave.open(str(PROMPTS_DIR / language / f"{prompt}.wav")) as sound:
        return sound.getnframes() / sound.getframerate()


def parts_of(language: str, prompts: tuple[str, ...]) -> Parts:
    """Text and seconds of each prompt that are said one after another, with the silence behind it; a tone has no text."""
    silences = (*(BETWEEN_PROMPTS_S for _ in prompts[1:]), OVER_S)
    return tuple(
        (TEXTS[name].get(language, ""), length_s(language, name) + silence_s)
        for name, silence_s in zip(prompts, silences, strict=True)
    )


def batches() -> list[Batch]:
    """Every prompt that lasts longer than LEAST_S, in both languages."""
    found = []
    for number, language in enumerate(LANGUAGES, 1):
        lasting = [name for name, texts in TEXTS.items() if texts and length_s(language, name) > LEAST_S]
        for at in range(0, len(lasting), A_CALL_READS):
            found.append(Batch(f"{number}{len(found) + 1:02d}", language, tuple(lasting[at : at + A_CALL_READS])))
    return found


def flow_files() -> dict[str, str]:
    """The shipped main menu with one more key, and the flow behind it that reads out; file names and texts."""
    hotline = (FOLDER / "hotline.toml").read_text(encoding="utf-8")
    assert "[main]\n" in hotline
    hotline = hotline.replace('5 = "flow:complaint"\n', f'5 = "flow:complaint"\n{READ_OUT_KEY} = "flow:read-out"\n')
    return {"hotline.toml": hotline, "read-out.toml": "\n".join(_read_out())}


def _read_out() -> Iterator[str]:
    yield f'[which]\ndigits = "{GAP}"\ninto = "batch"\nnext = "choose"\nleast = 3\nmost = 3'
    ways = ", ".join(f'"{batch.digits}" = "language-{batch.digits}"' for batch in batches())
    yield f'[choose]\ntest = "batch"\nwhen = {{ {ways} }}\notherwise = "end"'
    for batch in batches():
        said = ", ".join(f'"{name}", "{GAP}"' for name in batch.prompts)
        yield f'[language-{batch.digits}]\nlanguage = "{batch.language}"\nnext = "say-{batch.digits}"'
        yield f'[say-{batch.digits}]\nsay = ["{GAP}", {said}]\nbarge_in = false\nnext = "end"'


def ways() -> list[Way]:
    """What is heard on each of WAYS, as the shipped flows have it."""
    files = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in FOLDER.glob("*.toml")}
    flows = Flows({name: read_flow(name, table).flow for name, table in files.items()}, LANGUAGES, prompts_for)
    return [_way(flows, title, language, keys) for title, keys in WAYS.items() for language in LANGUAGES]


def _way(flows: Flows, title: str, language: str, keys: tuple[str, ...]) -> Way:
    position, output = start(flows, "hotline", language, {"tier": "ordinary", "age": "", "caller": "customer"})
    left, heard, said = list(keys), [], ()
    while not isinstance(output, Leave):
        if isinstance(output, Ask | Play | Tape):
            said += output.prompts
        if isinstance(output, Ask):
            key = left.pop(0) if left else ""
            heard.append((_names(said, language), key))
            said = ()
            if not key:
                break
            what: Input = Keys(key.removesuffix("#"))
        elif isinstance(output, Find):
            what = ANSWERS[output.door]
        else:
            what = Taped("") if isinstance(output, Tape) else Played()
        position, output = step(flows, position, what)
    return Way(title, language, tuple(heard))


def _names(said: tuple[Prompt, ...], language: str) -> tuple[str, ...]:
    assert all(prompt.language == language for prompt in said)
    return tuple(prompt.name for prompt in said)


def gap_wav() -> bytes:
    """A second and a bit of the faintest noise: silence to a listener, and a sound to whoever checks recordings."""
    return wav_of(b"\x01\x00\xff\xff\x00\x00\x02\x00" * 2600)

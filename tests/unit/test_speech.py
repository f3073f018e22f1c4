"""The listening test itself: it chooses every lasting prompt, cuts recordings where prompts end, and counts what was misheard."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from ivr.flow_check import Surroundings, check_flows
from jietong.flow_files import read_flows
from jietong.prompt_build.hearing import Listener, cut_apart, distance, english_words, in_words
from jietong.recordings import prompt_names
from softphone.hearing import RATE
from tests.speech.calls import cut, keep
from tests.speech.listen import step_by_step
from tests.speech.page import is_understood, page_of
from tests.speech.script import GAP, LEAST_S, TEXTS, batches, flow_files, length_s, ways
from tests.unit.test_ivr_flow_check import SERVICES

DISTANCES = [
    ("press one", "press one", 0),
    ("press won", "press one", 1),
    ("", "press one", 2),
    ("you may press one now please", "press one", 4),
    ("you may pass one now please", "press one", 5),
]


@pytest.mark.parametrize(("heard", "said", "wrong"), DISTANCES)
def test_what_was_misheard_is_counted(heard: str, said: str, wrong: int) -> None:
    """Changed, missing and added words count."""
    assert distance(heard.split(), said.split()) == wrong


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("i'm", "i am"),
        ("we're", "we are"),
        ("don't", "do not"),
        ("cannot", "can not"),
        ("canceled", "cancelled"),
        ("o'clock", "o'clock"),
    ],
)
def test_two_ways_of_writing_are_one_of_saying(written: str, spoken: str) -> None:
    """A recogniser that writes I'm for I am has misheard nothing."""
    assert english_words(written) == spoken.split()


@pytest.mark.parametrize(
    ("language", "written", "spoken"),
    [
        ("en", "press 5", "press five"),
        ("en", "a key from 1-5.", "a key from one to five ."),
        ("en", "a key from 1–5.", "a key from one to five ."),
        ("en", "10-20 minutes", "ten to twenty minutes"),
        ("en", "number 1-2", "number one - two"),
        ("en", "1-2-3", "one - two - three"),
        ("en", "555-1234", "five five five - one two three four"),
        ("zh-CN", "请按1-5", "请按 一 到 五"),
    ],
)
def test_figures_are_heard_as_words(language: str, written: str, spoken: str) -> None:
    """A recogniser that writes 1-5 for one to five has misheard nothing; between figures that are told one by one it writes dashes too."""
    assert spoken in {" ".join(words.split()) for words in in_words(written, language)}


@pytest.mark.parametrize("written", ["1-2-3", "555-1234", "5"])
def test_a_dash_between_other_figures_is_no_word(written: str) -> None:
    """Only two small numbers make a range."""
    assert not any("to" in words.split() for words in in_words(written, "en"))


def sounding(*spans_s: float) -> np.ndarray:
    """Noise and silence by turns, as prompts have them."""
    rng = np.random.default_rng(2)
    return np.concatenate([rng.normal(0, (0.1, 0.0001)[n % 2], int(s * RATE)) for n, s in enumerate(spans_s)])


def test_each_language_of_a_sentence_is_cut_out() -> None:
    """The English sentence behind six Mandarin ones is heard as English, they as Mandarin; what has no pause is heard whole in both."""
    menu = sounding(1.5, 0.3, 1.4, 0.3, 1.8, 0.3, 1.6)
    assert [round(len(piece) / RATE - 1, 1) for piece in cut_apart(menu, [5.0, 1.5])] == [5.5, 1.8]
    assert [round(len(piece) / RATE - 1, 1) for piece in cut_apart(menu, [1.4, 3.3, 1.5])] == [1.6, 3.8, 1.8]
    assert [len(piece) for piece in cut_apart(sounding(2.0), [1.0, 1.0])] == [2 * RATE] * 2
    assert [len(piece) for piece in cut_apart(menu, [1.0])] == [len(menu)]


class Ear:
    """A recogniser that hears everything, and keeps how long each stretch lasts."""

    def __init__(self, *says: str) -> None:
        self.says, self.lasted_s = list(says), list[float]()

    def write_down(self, sound: np.ndarray, language: str) -> str:
        """The next of what it says."""
        self.lasted_s.append(round(len(sound) / RATE, 1))
        return self.says.pop(0)


def test_each_step_of_a_way_is_heard_alone(tmp_path: Path) -> None:
    """What is said before a key is heard from the key before to that one, however long the later steps are said to last."""
    steps = [("press one", 3.0, 1.0), ("press nine now", 9.0, 2.0)]
    said = [(((text, expected_s),), 3000 * sounding(lasts_s)) for text, expected_s, lasts_s in steps]
    ear = Ear("press one", "press now")
    found = step_by_step(cast("Listener", ear), keep(tmp_path, "way", "a way", "en", said).row())
    assert ear.lasted_s == [1.5, 2.5]  # with the silence around the recording
    assert [(one.wrong, one.units) for one in found] == [(0, 2), (1, 3)]


def test_a_recording_is_cut_where_prompts_end() -> None:
    """A pause inside a sentence is none, the silence between two prompts is one."""
    loud, rng = 3000, np.random.default_rng(1)

    def tone(seconds: float) -> np.ndarray:
        return rng.normal(0, loud, int(seconds * RATE))

    def quiet(seconds: float) -> np.ndarray:
        return rng.normal(0, 5, int(seconds * RATE))

    whole = np.concatenate([quiet(1), tone(1), quiet(0.4), tone(1), quiet(1.2), tone(2), quiet(3)])
    assert [round(len(piece) / RATE, 1) for piece in cut(whole)] == [2.4, 2.0]
    assert cut(quiet(2)) == []


def test_every_prompt_that_lasts_is_read_out_once() -> None:
    """None is left out, in either language; nobody wrote them down by hand."""
    read = [(batch.language, name) for batch in batches() for name in batch.prompts]
    lasting = {
        (lang, n) for lang in ("zh-CN", "en") for n, texts in TEXTS.items() if texts and length_s(lang, n) > LEAST_S
    }
    assert len(read) == len(set(read)) and set(read) == lasting
    assert len({batch.digits for batch in batches()}) == len(batches())


def test_the_flow_that_reads_out_is_right(tmp_path: Path) -> None:
    """The site of the listening test starts: its flows have no mistake."""
    for name, text in flow_files().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    flows, mistakes = read_flows(tmp_path)
    prompts = {language: names | {GAP} for language, names in prompt_names(None).items()}
    assert mistakes == [] and check_flows(flows, Surroundings(prompts, SERVICES)) == []


def test_ways_go_where_their_keys_lead() -> None:
    """Each key of a way is pressed, and what is heard has a text."""
    for way in ways():
        assert [key for _, key in way.heard][-1] == ""
        assert all(names for names, _ in way.heard)
        assert all(text.strip() for parts in way.steps for text, _ in parts)


def test_the_page_says_what_was_misheard() -> None:
    """More than 12 % wrong is told as such."""
    row = {
        "kind": "prompt",
        "name": "welcome",
        "language": "en",
        "text": "",
        "file": "",
        "heard": "welcome",
        "wrong": 1,
        "units": 8,
    }
    assert not is_understood(row) and is_understood({**row, "units": 9})
    assert "| prompts, en | 1 | 12.5 | 12.5 | 12.5 | 1 |" in page_of([row])

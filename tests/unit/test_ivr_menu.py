"""The first menu as its callers meet it: keys in, prompts and service out, and nobody is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.main_menu import MAIN_MENU
from ivr.menu import (
    MAX_ASKED,
    MAX_FAILURES,
    Ask,
    Choose,
    End,
    HungUp,
    Input,
    KeyPressed,
    NothingPressed,
    Output,
    Position,
    start,
    step,
)

# Keys as a caller presses them ("_" is silence, "!" hanging up), then what is played at each question, then how it ends.
W, N, M = "wrong-key", "no-key", "main-menu"
FIRST = ("welcome", M)
PATHS = {
    "consultation": ("1", [FIRST], "zh-CN consultation"),
    "business": ("2", [FIRST], "zh-CN business"),
    "query": ("3", [FIRST], "zh-CN query"),
    "cancel": ("4", [FIRST], "zh-CN cancel"),
    "complaint": ("5", [FIRST], "zh-CN complaint"),
    "a person at once": ("0", [FIRST], "zh-CN person"),
    "English, then a person": ("90", [FIRST, (M,)], "en person"),
    "English and back": ("991", [FIRST, (M,), (M,)], "zh-CN consultation"),
    "one wrong key": ("75", [FIRST, (W, M)], "zh-CN complaint"),
    "silence once": ("_2", [FIRST, (N, M)], "zh-CN business"),
    "star and hash mean nothing": ("*#3", [FIRST, (W, M), (W, M)], "zh-CN query"),
    "silence to the end": ("___", [FIRST, (N, M), (N, M)], "zh-CN person"),
    "three wrong keys": ("678", [FIRST, (W, M), (W, M)], "zh-CN person"),
    "wrong, silent, wrong": ("6_8", [FIRST, (W, M), (N, M)], "zh-CN person"),
    "ten wrong keys: a person after the third": ("6666666666", [FIRST, (W, M), (W, M)], "zh-CN person"),
    "the other language clears the failures": ("669_6_", [FIRST, (W, M), (W, M), (M,), (N, M), (W, M)], "en person"),
    "hangs up at once": ("!", [FIRST], "zh-CN gone"),
    "hangs up later": ("9!", [FIRST, (M,)], "en gone"),
}


def input_of(key: str) -> Input:
    """A letter of the table as an input."""
    return {"_": NothingPressed(), "!": HungUp()}.get(key) or KeyPressed(key)


def walk(keys: str, language: str = "zh-CN") -> tuple[list[tuple[str, ...]], Position, Output]:
    """What is played while the keys are pressed, and where it ends."""
    position, output = start(MAIN_MENU, language)
    played = []
    for key in keys:
        if not isinstance(output, Ask):
            break
        played.append(output.prompts)
        position, output = step(MAIN_MENU, position, input_of(key))
    return played, position, output


@pytest.mark.parametrize("title", PATHS)
def test_a_caller_walks_through_the_menu(title: str) -> None:
    """Each way through the menu plays and ends as the table says."""
    keys, asked, end = PATHS[title]
    played, position, output = walk(keys)
    assert played == asked
    service = output.service if isinstance(output, Choose) else "gone"
    assert isinstance(output, Choose | End)
    assert f"{position.language} {service}" == end


@pytest.mark.parametrize(("language", "heard"), [("en", "en"), ("zh-CN", "zh-CN"), ("", "zh-CN"), ("fr", "zh-CN")])
def test_a_known_customer_hears_its_language(language: str, heard: str) -> None:
    """The customer's language is spoken at once; one that nobody recorded becomes Mandarin."""
    assert start(MAIN_MENU, language)[0].language == heard


@given(st.text(alphabet="0123456789*#ABCD_", min_size=MAX_ASKED, max_size=MAX_ASKED))
def test_nobody_stays_in_the_menu(keys: str) -> None:
    """Whatever a caller presses, after a bounded number of questions it is on its way to a person or a service."""
    _, position, output = walk(keys)
    assert isinstance(output, Choose)
    assert position.failures <= MAX_FAILURES


def test_changing_language_for_ever_ends_at_a_person() -> None:
    """A line that presses 9 and nothing else does not hold the menu."""
    played, _, output = walk("9" * 1000)
    assert len(played) == MAX_ASKED
    assert output == Choose("person")

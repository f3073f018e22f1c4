"""The hotline's flows as callers meet them: stories as text, and every node under every input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow_step import Input, start, step
from ivr.flow_story import Story, read_stories, tell
from ivr.flow_visit import MAX_ASKED, visit
from ivr.flow_words import Ask, Find, Frame, Gone, HungUp, Keys, Leave, Play, Played, Position, Silence, Tape, Taped
from ivr.look_up import LookedUp
from tests.flows import FOLDER, LANGUAGES, flows_of, shipped

FLOWS = shipped()
STORIES = [
    (file.name, story)
    for file in sorted((FOLDER / "stories").glob("*.txt"))
    for story in read_stories(file.read_text(encoding="utf-8"))[0]
]
NODES = [(flow.name, node) for flow in FLOWS.flows.values() for node in flow.nodes]
ITEMS = {"item_1_code": "news", "item_1_prompt": "product-news", "item_1_fee": "500", "rating": "5", "number": "1234"}

inputs = st.one_of(
    st.builds(Keys, st.text("0123456789*#", min_size=1, max_size=12)),
    st.sampled_from((Silence(), Played(), Taped("1.wav"), Taped(""))),
    st.builds(
        LookedUp,
        st.sampled_from(
            ("failed", "some", "none", "opened", "cancelled", "unknown", "open", "", "99999999999999999999")
        ),
        st.dictionaries(
            st.sampled_from(("count", "prompts", "item_1_prompt", "item_2_code", "number")), st.text(max_size=9)
        ),
    ),
)


@pytest.mark.parametrize(
    ("file", "story"), STORIES, ids=lambda found: found.title if isinstance(found, Story) else found
)
def test_a_caller_is_served_as_told(file: str, story: Story) -> None:
    """Each of the shipped stories is what the flows do."""
    assert tell(FLOWS, story) == []


def test_every_line_of_the_stories_is_read() -> None:
    """No story is left out because of a slip of the pen."""
    for file in (FOLDER / "stories").glob("*.txt"):
        assert read_stories(file.read_text(encoding="utf-8"))[1] == []


@pytest.mark.parametrize(("flow", "node"), NODES)
def test_a_caller_hangs_up_at_every_node(flow: str, node: str) -> None:
    """Wherever a caller is when it hangs up, the flow is over at once."""
    position, _ = visit(FLOWS, Position((Frame(flow, node),), "zh-CN", dict(ITEMS)))
    assert step(FLOWS, position, HungUp())[1] == Gone()


@given(st.sampled_from(NODES), st.sampled_from(LANGUAGES), st.lists(inputs, max_size=100))
def test_whatever_a_caller_does_it_is_asked_told_or_led_on(
    at: tuple[str, str], language: str, pressed: list[Input]
) -> None:
    """From every node, any keys and answers in any order: no error, a bounded number of questions, and an end after enough of them."""
    position, output = visit(FLOWS, Position((Frame(*at),), language, dict(ITEMS)))
    for what in pressed:
        if isinstance(output, Leave):
            break
        assert isinstance(output, Ask | Play | Find | Tape)
        assert position.language in LANGUAGES
        assert position.asked <= MAX_ASKED
        position, output = step(FLOWS, position, what)


@given(st.lists(inputs, min_size=1, max_size=12))
def test_keys_without_end_lead_to_a_person(pressed: list[Input]) -> None:
    """Whoever repeats the same keys for ever does not hold a line for ever."""
    position, output = start(FLOWS, "hotline", "zh-CN", {})
    for turn in range(4000):
        if isinstance(output, Leave):
            return
        position, output = step(FLOWS, position, pressed[turn % len(pressed)])
    raise AssertionError("four thousand inputs, and still in the menu")


CIRCLES = {
    "sentences that follow each other": '[a]\nsay = "welcome"\nnext = "b"\n[b]\nsay = "welcome"\nnext = "a"',
    "a look-up that asks itself": '[a]\nlook_up = "case_status"\notherwise = "a"',
    "a flow that calls itself": '[a]\nflow = "hotline"\nnext = "a"',
    "a test that leads to itself": '[a]\ntest = "tier"\nwhen = { vip = "a" }\notherwise = "a"',
    "a return from nowhere": '[a]\nsay = "welcome"\nnext = "return"',
    "a node that is not there": '[a]\nsay = "welcome"\nnext = "nowhere"',
    "a recording that begins anew": '[a]\nrecord = "complaint-record"\ninto = "file"\nnext = "a"\nnothing = "a"',
    "back from the first sentence": '[a]\nsay = "welcome"\nnext = "back"',
}


@pytest.mark.parametrize("title", CIRCLES)
def test_a_flow_that_goes_round_leads_to_a_person(title: str) -> None:
    """A mistake that the checker would have told does not hold a caller."""
    flows = flows_of(hotline=CIRCLES[title])
    position, output = start(flows, "hotline", "zh-CN", {"tier": "vip"})
    for _ in range(200):
        if isinstance(output, Leave):
            break
        answer = {Find: LookedUp("none", {}), Tape: Taped("1.wav")}.get(type(output), Played())
        position, output = step(flows, position, answer)
    assert isinstance(output, Leave)


@pytest.mark.parametrize(("language", "heard"), [("en", "en"), ("zh-CN", "zh-CN"), ("", "zh-CN"), ("fr", "zh-CN")])
def test_a_known_customer_hears_its_language(language: str, heard: str) -> None:
    """The customer's language is spoken at once; one that nobody recorded becomes Mandarin."""
    assert start(FLOWS, "hotline", language, {})[0].language == heard


DIGITS = '[a]\ndigits = "case-enter-number"\ninto = "n"\nnext = "b"\nleast = 4\nmost = 8\n{}\n[b]\nsay = [{{ digits = "n" }}]\nnext = "end"'
TYPED = [
    ("", "1234", "digits-1234 goodbye"),
    ("", "1234#", "digits-1234 goodbye"),
    ("", "123", "wrong-key case-enter-number"),
    ("", "123456789", "wrong-key case-enter-number"),
    ("", "12*34", "case-enter-number"),
    ("", "0", "queue person"),
    ("", "0000", "digits-0000 goodbye"),
    ('check = "luhn"', "4242", "digits-4242 goodbye"),
    ('check = "luhn"', "4243", "wrong-key case-enter-number"),
    ('check = "luhn"', "0018", "digits-0018 goodbye"),
    ('check = "phone"', "1001", "wrong-key case-enter-number"),
    ('check = "phone"', "10010", "digits-10010 goodbye"),
    ('pattern = "26[0-9]{4}"', "261124", "digits-261124 goodbye"),
    ('pattern = "26[0-9]{4}"', "271124", "wrong-key case-enter-number"),
    ('wrong = "case-not-found"', "1", "case-not-found case-enter-number"),
]


@pytest.mark.parametrize(("check", "typed", "then"), TYPED)
def test_digits_are_checked(check: str, typed: str, then: str) -> None:
    """What a caller types is taken, asked for again with the reason, or leads to a person."""
    flows = flows_of(a=DIGITS.format(check))
    position, output = start(flows, "a", "zh-CN", {})
    position, output = step(flows, position, Keys(typed))
    assert said(output) == then


TIMES = [
    ('between = ["08:00", "18:00"]', "08:00", "yes"),
    ('between = ["08:00", "18:00"]', "18:00", "no"),
    ('between = ["22:00", "06:00"]', "23:30", "yes"),
    ('between = ["22:00", "06:00"]', "06:00", "no"),
    ('between = ["22:00", "06:00"]', "", "no"),
    ("at_least = 8", "8", "yes"),
    ("at_least = 8", "7", "no"),
    ("at_least = 8", "a lot", "no"),
]


@pytest.mark.parametrize(("condition", "answer", "way"), TIMES)
def test_conditions_look_at_what_changes(condition: str, answer: str, way: str) -> None:
    """The time of day, and how many wait, are asked when the caller comes by."""
    name = "time" if "between" in condition else "waiting"
    text = (
        f'[a]\ntest = "{name}"\n{condition}\nthen = "yes"\notherwise = "no"\n[yes]\nqueue = "yes"\n[no]\nqueue = "no"'
    )
    flows = flows_of(a=text)
    position, output = start(flows, "a", "zh-CN", {})
    assert output == Find(name, {"service": ""})
    assert said(step(flows, position, LookedUp(answer, {}))[1]) == f"queue {way}"


def said(output: object) -> str:
    """Prompts, or the queue."""
    if isinstance(output, Leave):
        return f"queue {output.how.service}"  # type: ignore[union-attr]
    assert isinstance(output, Ask | Play)
    return " ".join(prompt.name for prompt in output.prompts)

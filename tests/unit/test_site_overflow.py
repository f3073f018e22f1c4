"""Recipes as an operator writes them: what is taken, and what is refused with its place before anything starts."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jietong.rules_of_site import rules_of
from jietong.site_file import SiteFileError, site_of
from routing.rules import Talent
from routing.steps import SUPERVISORS, Step, When

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "overflow.md"
HEAD = """[hotline]
number = "10010"
[[trunks]]
name = "carrier"
match = ["127.0.0.1"]
[[agents]]
number = "8001"
skills = { billing = 4 }
[[queues]]
name = "repairs"
[[queues]]
name = "billing"
requires = { billing = 3 }
"""
STEP = "[[queues.overflow]]\n"


def mistakes_of(text: str) -> list[str]:
    """The lines that an operator reads for this file; none when it is right."""
    try:
        site_of(text.encode(), "site.toml")
    except SiteFileError as error:
        return error.mistakes
    return []


def test_a_recipe_becomes_the_routers_steps() -> None:
    """What the operator wrote is what the router does, in the order of the file."""
    recipe = (
        f"{STEP}after_s = 12\nrelax = {{ billing = 1 }}\n{STEP}left_s = 5\ntiers = ['vip']\nadd_queue = 'repairs'\n"
        f"{STEP}after_s = 18\nring_seats = 2\n{STEP}after_s = 19\nsupervisors = true\n"
        "[[agents]]\nnumber = '8800'\nsupervisor = true\nqueues = ['repairs']\n"
    )
    rules = rules_of(site_of((HEAD + recipe).encode(), "site.toml"))
    assert rules.queues[1].overflow == (
        Step(When.AFTER, 12, relax=(("billing", 1),)),
        Step(When.LEFT, 5, ("vip",), add_queue="repairs"),
        Step(When.AFTER, 18, ring_seats=2),
        Step(When.AFTER, 19, add_queue=SUPERVISORS),
    )
    assert rules.talents["8800"] == Talent((), ("repairs", SUPERVISORS))


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (
            f"{STEP}relax = {{ billing = 1 }}",
            "14: queues[1].overflow[0]: has no condition: name one of after_s, left_s",
        ),
        (f"{STEP}after_s = 1", "14: queues[1].overflow[0]: has no operation: name one of relax, add_queue"),
        (f"{STEP}after_s = 1\nsupervisors = false", "overflow[0]: has no operation"),
        (
            f"{STEP}after_s = 1\nleft_s = 2\nring_seats = 2",
            "16: queues[1].overflow[0].left_s: is a second condition beside after_s: make a step of its own for it",
        ),
        (
            f"{STEP}after_s = 1\nring_seats = 2\nadd_queue = 'repairs'",
            "16: queues[1].overflow[0].ring_seats: is a second operation beside add_queue",
        ),
        (
            f"{STEP}after_s = 1\nring_seats = 1",
            "overflow[0].ring_seats: 1 is not allowed; allowed: a whole number from 2",
        ),
        (f"{STEP}after_s = -1\nring_seats = 2", "overflow[0].after_s: -1 is not allowed; allowed: a number from 0"),
        (f"{STEP}after_s = 1\nring_seat = 2", "overflow[0].ring_seat: unknown key; did you mean ring_seats?"),
        (
            f"{STEP}left_s = 15\nring_seats = 2",
            "15: queues[1].overflow[0].left_s: 15 s are more than the target of vip (10 s): lower it, or name other tiers",
        ),
        (f"{STEP}after_s = 1\ntiers = ['vpi']\nring_seats = 2", "tiers[0]: no tier 'vpi'; did you mean vip?"),
        (f"{STEP}after_s = 1\nadd_queue = 'repair'", "add_queue: no queue 'repair'; did you mean repairs?"),
        (f"{STEP}after_s = 1\nadd_queue = 'billing'", "add_queue: 'billing' is the step's own queue"),
        (
            f"{STEP}after_s = 1\nrelax = {{ biling = 1 }}",
            "relax.biling: callers of billing need only billing; did you mean billing?: nothing to lower",
        ),
        (
            f"{STEP}after_s = 1\nrelax = {{ billing = 0 }}",
            "relax.billing: 0 is not allowed; allowed: a whole number from 1",
        ),
        (
            f"{STEP}after_s = 1\nsupervisors = true",
            "supervisors: no agent is a supervisor: give one `supervisor = true`",
        ),
        (
            f"{STEP}after_s = 1\nring_seats = 2\n{STEP}after_s = 1\nring_seats = 2",
            "17: queues[1].overflow[1]: is there twice: a step is taken once a call",
        ),
        ("[[queues]]\nname = 'supervisors'", "queues[2].name: 'supervisors' is what a step calls supervisors"),
        ("[[agents]]\nnumber = '8002'\nqueues = ['supervisors']", "no queue 'supervisors'"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused_with_its_place(recipe: str, expected: str) -> None:
    """An operator reads which step is wrong, why, and what would be right."""
    found = mistakes_of(f"{HEAD}{recipe}\n")
    assert len(found) == 1 and expected in found[0], found


@pytest.mark.parametrize(
    ("first", "then", "is_never"),
    [
        ("after_s = 60\nvoicemail = true", "after_s = 70\nring_seats = 2", True),
        ("after_s = 60\nvoicemail = true", "after_s = 70\noutside = '02112345678'", True),
        ("after_s = 60\nvoicemail = true", "after_s = 60\nring_seats = 2", True),
        ("after_s = 60\nvoicemail = true", "after_s = 50\nring_seats = 2", False),
        ("after_s = 60\ntiers = ['vip']\nvoicemail = true", "after_s = 70\nring_seats = 2", False),
        ("after_s = 60\nvoicemail = true", "after_s = 70\ntiers = ['vip']\nring_seats = 2", True),
        ("left_s = 0\ntiers = ['vip']\nvoicemail = true", "after_s = 10\ntiers = ['vip']\nring_seats = 2", True),
        ("left_s = 0\ntiers = ['vip']\nvoicemail = true", "after_s = 9\ntiers = ['vip']\nring_seats = 2", False),
        ("predicted_s = 60\nvoicemail = true", "after_s = 70\nring_seats = 2", False),
        ("ahead = 60\nvoicemail = true", "after_s = 70\nring_seats = 2", False),
        ("after_s = 60\ncallback = true", "after_s = 70\nvoicemail = true", False),
        ("after_s = 60\noutside = '02112345678'", "after_s = 70\nvoicemail = true", False),
    ],
)
def test_a_step_of_callers_who_have_left_by_then_is_told(first: str, then: str, is_never: bool) -> None:
    """Two steps that end the wait of the same callers, or a step after that: the later one is never taken. A callback may be declined, a number outside may be busy."""
    found = [line for line in mistakes_of(f"{HEAD}{STEP}{first}\n{STEP}{then}\n") if "is never taken" in line]
    assert bool(found) == is_never
    assert all(
        "overflow[1]: is never taken: the voicemail step of queues[1].overflow[0] ends" in line for line in found
    )


def test_the_hotline_itself_is_no_number_outside() -> None:
    """Callers who are sent outside to the number they called would come back for ever."""
    found = mistakes_of(f"{HEAD}{STEP}after_s = 60\noutside = '10010'\n")
    assert any("overflow[0].outside: '10010' is the hotline itself" in line for line in found)


def test_a_left_s_within_the_targets_of_its_tiers_is_right() -> None:
    """15 s before the target is fine for a tier whose target is 20 s."""
    assert mistakes_of(f"{HEAD}{STEP}left_s = 15\ntiers = ['ordinary']\nring_seats = 2\n") == []


def test_two_queues_may_help_each_other() -> None:
    """A step lets agents of another queue help and moves nobody: A for B and B for A is no circle."""
    recipe = f"{STEP}after_s = 1\nadd_queue = 'repairs'\n[[queues]]\nname = 'moves'\n{STEP}after_s = 1\nadd_queue = 'billing'\n"
    assert (
        mistakes_of(HEAD + recipe + "[[queues]]\nname = 'sales'\n" + f"{STEP}after_s = 1\nadd_queue = 'moves'\n") == []
    )


def test_a_skill_that_only_a_language_needs_may_be_lowered() -> None:
    """English-speaking callers need `english`; the recipe of their queue may do without after a while."""
    more = f"{STEP}after_s = 1\nrelax = {{ english = 2 }}\n[languages.en]\nrequires = {{ english = 2 }}\n"
    assert mistakes_of(HEAD.replace("billing = 4", "billing = 4, english = 2") + more) == []


@pytest.mark.parametrize(
    ("agent", "recipe", "unserved"),
    [
        ('queues = ["hotline"]', "", ["'repairs'", "'billing'"]),
        ('queues = ["hotline", "repairs"]', f"{STEP}after_s = 1\nadd_queue = 'repairs'\n", []),
        ('queues = ["repairs", "billing"]', "", ["'hotline'"]),
        ("supervisor = true\n", "", ["'hotline'", "'repairs'", "'billing'"]),
        (
            'supervisor = true\nqueues = ["hotline", "repairs"]',
            f"{STEP}after_s = 1\nsupervisors = true\n",
            [],
        ),
    ],
)
def test_a_queue_that_nobody_serves_even_in_the_end_is_told(agent: str, recipe: str, unserved: list[str]) -> None:
    """Every step of the recipe taken, and still nobody may answer: such callers would wait for ever."""
    text = HEAD.replace('number = "8001"', f'number = "8001"\n{agent}') + recipe
    found = [line for line in mistakes_of(text) if "would wait for ever" in line]
    assert len(found) == len(unserved) and all(any(f"serves {q}" in line for line in found) for q in unserved), found


def test_the_guides_examples_are_right() -> None:
    """Whoever copies an example from the guide gets a site that starts."""
    blocks = re.findall(r"(?:^    .*\n)+", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    tables = ["".join(line[4:] for line in block.splitlines(keepends=True)) for block in blocks if "[[" in block]
    assert len(tables) >= 4
    head = HEAD.replace(
        'name = "repairs"\n[[queues]]\nname = "billing"\nrequires = { billing = 3 }\n', 'name = "repairs"\n'
    )
    recipe, *others = tables
    seats = [text for text in others if "[[seats]]" in text]
    steps = [text for text in others if text.startswith("[[queues")]
    people = [text for text in others if text.startswith("[[agents")]
    assert mistakes_of("".join([head, recipe, *steps, *people, *seats])) == []


_numbers = st.sampled_from(["0", "1", "5.5", "15", "7200", "-1", "true", '"8"', "nan"])
_keys = {
    "after_s": _numbers,
    "left_s": _numbers,
    "predicted_s": _numbers,
    "ahead": _numbers,
    "tiers": st.sampled_from(["[]", '["vip"]', '["vpi"]', '"vip"', "[1]"]),
    "relax": st.sampled_from(
        ["{}", "{ billing = 1 }", "{ billing = 9 }", "{ x = 1 }", '"billing"', "{ billing = true }"]
    ),
    "add_queue": st.sampled_from(['"repairs"', '"billing"', '"supervisors"', '""', "3", "[]"]),
    "supervisors": st.sampled_from(["true", "false", "1", '"yes"']),
    "ring_seats": st.sampled_from(["1", "2", "4", "5", "2.0", "true", '"2"']),
    "outside": st.sampled_from(['"02112345678"', '"10010"', "10010", '"x"']),
    "callback": st.sampled_from(["true", "false", "0"]),
    "voicemail": st.sampled_from(["true", "false", "[]"]),
}
_steps = st.lists(
    st.lists(st.sampled_from(sorted(_keys)), max_size=4, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries({key: _keys[key] for key in keys})
    ),
    max_size=4,
)


@settings(max_examples=300)
@given(recipe=_steps)
def test_any_recipe_gives_rules_or_mistakes(recipe: list[dict[str, str]]) -> None:
    """Whatever stands in a step: the router's rules, or a list of places; never a traceback."""
    steps = "".join(STEP + "".join(f"{key} = {value}\n" for key, value in step.items()) for step in recipe)
    mistakes = mistakes_of(HEAD + steps)
    assert all(line.startswith("site.toml:") for line in mistakes)
    if not mistakes:
        overflow = rules_of(site_of((HEAD + steps).encode(), "site.toml")).queues[1].overflow
        assert len(overflow) == len(recipe) and len({step.name for step in overflow}) == len(overflow)

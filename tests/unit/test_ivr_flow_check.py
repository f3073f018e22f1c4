"""What is wrong with flows is told before a caller meets it: every kind of mistake, at its place."""

import tomllib

import pytest

from ivr.doors import DOORS
from ivr.flow import Flow
from ivr.flow_check import Surroundings, check_flows
from ivr.flow_read import read_flow
from jietong.recordings import prompt_names
from tests.flows import LANGUAGES, shipped

SERVICES = frozenset({"person", "consultation", "business", "query", "cancel", "complaint"})
PROMPTS = frozenset({"welcome", "main-menu", "wrong-key", "no-key", "goodbye", "case-enter-number"})
AROUND = Surroundings({"zh-CN": PROMPTS | {"chinese-only"}, "en": PROMPTS}, SERVICES, frozenset({"02112345678"}))
SURVEY = '[ask]\nmenu = "welcome"\n5 = "end"'
MENU = 'menu = "main-menu"'


def mistakes_of(**files: str) -> list[str]:
    """`flow key: text` of everything that is wrong with these files; a survey is there."""
    reads = {name: read_flow(name, tomllib.loads(text)) for name, text in {"survey": SURVEY, **files}.items()}
    told = [(name, m) for name, read in reads.items() for m in read.mistakes]
    flows: dict[str, Flow] = {name: read.flow for name, read in reads.items()}
    told += check_flows(flows, AROUND) if not told else []
    return [f"{name} {'.'.join(map(str, mistake.path))}: {mistake.text}" for name, mistake in told]


# What the hotline's file holds, and the beginning of what is told.
WRONG = {
    "a node that nobody reaches": (f'[a]\n{MENU}\n1 = "end"\n[b]\nqueue = "query"', "hotline b: nothing leads here"),
    "a node that is not there": (f'[a]\n{MENU}\n1 = "bb"\n2 = "b"\n[b]\nqueue = "query"', "hotline a.1: there is no node 'bb'; did you mean b?"),
    "a flow that is not there": (f'[a]\n{MENU}\n1 = "flow:surwey"', "hotline a.1: there is no flow 'surwey'; did you mean survey?"),
    "no recording in one language": ('[a]\nsay = "chinese-only"\nnext = "person"', "hotline a: no recording of 'chinese-only' in en"),
    "no recording at all": ('[a]\nsay = "welcom"\nnext = "person"', "hotline a: no recording of 'welcom' in zh-CN and en; did you mean welcome?"),
    "no recording of the reason": (f'[flow]\nwrong = "oops"\n[a]\n{MENU}\n1 = "end"', "hotline flow.wrong: no recording of 'oops'"),
    "a circle": ('[a]\nsay = "welcome"\nnext = "b"\n[b]\nsay = "welcome"\nnext = "a"', "hotline a: leads back to itself without asking"),
    "a circle of look-ups": ('[a]\nlook_up = "rate"\ngive = { rating = "tier" }\notherwise = "a"', "hotline a: leads back to itself"),
    "too wide": (f"[a]\n{MENU}\n" + "\n".join(f'{n} = "end"' for n in range(10)), "hotline a: a menu of more than 9 choices"),
    "too deep": (
        "\n".join(f'[m{n}]\n{MENU}\n1 = "m{n + 1}"' for n in range(1, 4)) + f'\n[m4]\n{MENU}\n1 = "end"',
        "hotline m4: the 4th menu in a row",
    ),
    "no way to a person": (
        f'[flow]\ntoo_many = "end"\n[a]\n{MENU}\n0 = "end"\n1 = "b"\n[b]\nhang_up = "goodbye"',
        "hotline a: no key leads to a person from here",
    ),
    "a look-up that is none": ('[a]\nlook_up = "subscription"\notherwise = "person"', "hotline a.look_up: no look-up 'subscription'; did you mean subscriptions?"),
    "an outcome that is none": (
        '[a]\nlook_up = "subscriptions"\nwhen = { nothing = "end" }\notherwise = "person"',
        "hotline a.when.nothing: subscriptions never says 'nothing'",
    ),
    "a look-up without its question": ('[a]\nlook_up = "case_status"\notherwise = "person"', "hotline a: case_status needs to be given number"),
    "a value that nothing sets": ('[a]\ntest = "tiers"\nwhen = { vip = "end" }\notherwise = "person"', "hotline a.test: nothing sets 'tiers'; did you mean tier?"),
    "a service that is none": ('[a]\nqueue = "complaints"', "hotline a.queue: no service 'complaints'; did you mean complaint?"),
    "a number that is not listed": ('[a]\ntransfer = "13800000000"', "hotline a.transfer: not a listed number"),
    "a language that is none": ('[a]\nlanguage = "fr"\nnext = "person"', "hotline a.language: no language 'fr'"),
    "a return from nowhere": ('[a]\nsay = "welcome"\nnext = "return"', "hotline a.next: no other flow calls this one"),
    "two kinds in one node": ('[a]\nsay = "welcome"\nqueue = "query"', "hotline a: says say and queue: one of"),
    "no kind": ('[a]\nmeny = "main-menu"\n1 = "end"', "hotline a: says nothing that a node does: one of"),
    "a word of another node": ('[a]\nsay = "welcome"\nnext = "person"\nlongest_s = 3', "hotline a.longest_s: not a word of a say node"),
    "nowhere to go on": ('[a]\nsay = "welcome"', "hotline a: next is missing: say where to go on"),
    "a menu without keys": (f"[a]\n{MENU}", "hotline a: a menu without a key"),
    "no file name": ('[a]\nsay = "../etc/passwd"\nnext = "end"', "hotline a.say: not the name of a prompt"),
    "a kind of value that is none": ('[a]\nsay = [{ monney = "x" }]\nnext = "end"', "hotline a.say.0: neither a prompt nor a value"),
    "tries that are none": (f'[flow]\ntries = 0\n[a]\n{MENU}\n1 = "end"', "hotline flow.tries: not a whole number from 1 to 10"),
    "a setting that is none": (f'[flow]\ntry = 2\n[a]\n{MENU}\n1 = "end"', "hotline flow.try: not a setting of a flow"),
    "times that are none": (
        '[a]\ntest = "time"\nbetween = ["8:00", "25:00"]\nthen = "end"\notherwise = "person"',
        "hotline a.between: not two times of day",
    ),
    "a pattern that is none": (
        '[a]\ndigits = "case-enter-number"\ninto = "n"\npattern = "("\nnext = "end"',
        "hotline a.pattern: not a regular expression",
    ),
    "fewer than least": (
        '[a]\ndigits = "case-enter-number"\ninto = "n"\nleast = 5\nmost = 4\nnext = "end"',
        "hotline a.most: 4 is less than least = 5",
    ),
    "a name that every flow has": ('[person]\nqueue = "query"', "hotline person: every flow has 'person' already"),
    "nothing at all": ("", "hotline : the file has no node"),
    "no table": ('a = "b"', "hotline a: not a node: write it as a table, [a]"),
    "a start that is none": (f'[flow]\nstart = "b"\n[a]\n{MENU}\n1 = "end"', "hotline flow.start: there is no node 'b'"),
}  # fmt: skip


@pytest.mark.parametrize("title", WRONG)
def test_each_mistake_is_told_at_its_place(title: str) -> None:
    """Whoever writes a menu hears what is wrong, where, and what would be right."""
    text, told = WRONG[title]
    found = mistakes_of(hotline=text)
    assert any(line.startswith(told) for line in found), found


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody corrects a file one mistake at a time."""
    text = f'[a]\n{MENU}\n1 = "nowhere"\n2 = "flow:nowhere"\n[b]\nqueue = "nobody"\n[c]\nsay = "unheard"\nnext = "c"'
    found = "\n".join(mistakes_of(hotline=text))
    for part in ("a.1", "a.2", "b: nothing leads", "b.queue", "c: nothing leads", "c: no recording", "c: leads back"):
        assert part in found


def test_a_flow_that_nobody_calls_is_told() -> None:
    """A file that is forgotten in the folder is no flow of the hotline."""
    found = mistakes_of(hotline=f'[a]\n{MENU}\n1 = "end"', lonely='[a]\nqueue = "query"')
    assert found == ['lonely : no other flow leads here: write "flow:lonely" where a key should, or delete the file']


def test_the_hotline_needs_its_entry() -> None:
    """Without the file that calls begin with, that is said."""
    assert mistakes_of(other='[a]\nqueue = "query"')[0].startswith("hotline : there is no flow 'hotline'")


def test_the_shipped_flows_have_no_mistake() -> None:
    """A new site's menus are right, with every prompt in both languages."""
    assert check_flows(shipped().flows, Surroundings(prompt_names(None), SERVICES)) == []
    assert set(prompt_names(None)) == set(LANGUAGES)


def test_what_doors_say_is_what_flows_use() -> None:
    """Every look-up of the shipped flows is one that exists; none is left without a flow."""
    used = {node.door for flow in shipped().flows.values() for node in flow.nodes.values() if hasattr(node, "door")}
    assert used == set(DOORS)

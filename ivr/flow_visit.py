"""Going on through a flow until a caller is asked, hears something, or leaves.

Owns the moves between nodes and their bounds. Must not know what an input means: ivr/flow_step.py does.
Rules: domain.md H11; whatever is missing or goes round in circles leads to a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ivr.flow import (
    BACK,
    BUILT_IN,
    PERSON,
    TO_FLOW,
    Announce,
    CallBack,
    Choose,
    Digits,
    Flow,
    HangUp,
    Leaving,
    LookUp,
    Menu,
    Message,
    Node,
    Record,
    Return,
    Say,
    Speak,
    SubFlow,
    Test,
    ToQueue,
    Transfer,
)
from ivr.flow_speech import PromptsFor, count_of, prompts_of, prompts_of_each
from ivr.flow_words import Ask, Find, Frame, Leave, Output, Place, Play, Position, Tape

# Questions in a call: enough for every menu of the hotline twice, and a bound for whoever plays with the keys.
MAX_ASKED = 60
# Other outputs without a question between them; and nodes without any output at all.
MAX_SILENT, MAX_NODES = 20, 100
MAX_DEPTH, MAX_BEHIND = 8, 20
NEXT_LANGUAGE = "next"
ANNOUNCEMENTS = "announcements"
# What a test can look at besides values: a door answers, because it changes while the caller listens.
ASKED_VALUES = frozenset({"open", "waiting", "time", "weekday"})
SERVICE = "service"
LEAVING = (ToQueue, CallBack, Message, Transfer, HangUp)

Stepped = tuple[Position, Output]


@dataclass(frozen=True)
class Flows:
    """Every flow of a hotline by name, its languages in the order in which a key goes round, and how a value is spoken.

    prompts_for   (kind, value, language) -> prompt names; raises ValueError for a value that is none
    """

    flows: Mapping[str, Flow]
    languages: tuple[str, ...]
    prompts_for: PromptsFor


def here(flows: Flows, place: Place) -> tuple[Flow | None, Node | None]:
    """The flow and the node at a place; None where there is none."""
    if not place or len(place) > MAX_DEPTH:
        return None, None
    flow = flows.flows.get(place[-1].flow)
    if flow is None:
        return None, None
    name = place[-1].node or flow.start
    if name == PERSON:
        return flow, ToQueue(flow.person)
    return flow, flow.nodes.get(name) or BUILT_IN.get(name)


def to_person(flows: Flows, position: Position) -> Stepped:
    """To an agent of the present flow's service, at once: an announcement would keep an idle agent waiting."""
    flow, _ = here(flows, position.place)
    return leave(position, ToQueue(flow.person if flow is not None else PERSON))


def leave(position: Position, how: Leaving) -> Stepped:
    """The flow is over, and nothing more is said."""
    return position, Leave(how, position.language)


def go(flows: Flows, position: Position, target: str) -> Stepped:
    """On to `target`: a node of the present flow, another flow, or one of the places that every flow has."""
    return visit(flows, _moved(flows, position, target))


def visit(flows: Flows, position: Position) -> Stepped:
    """What the node at the position's place does; nodes that need nobody are passed."""
    for _ in range(MAX_NODES):
        _, node = here(flows, position.place)
        if node is None:
            break
        passed = _passed(flows, position, node)
        if passed is None:
            return _output(flows, position, node)
        position = passed
    return to_person(flows, position)


def tested(node: Test, value: str) -> str:
    """Where a test leads that found `value`; empty is no value."""
    if node.at_least is not None:
        is_number = value.isascii() and value.isdigit() and len(value) < 20
        return node.then if is_number and int(value) >= node.at_least else node.otherwise
    if node.between is not None:
        begin, end = node.between
        is_in = begin <= value < end if begin <= end else value >= begin or value < end
        return node.then if value and is_in else node.otherwise
    return node.outcomes.get(value, node.otherwise)


def _moved(flows: Flows, position: Position, target: str) -> Position:
    place, behind = position.place, position.behind
    beneath = place[:-1]
    if target.startswith(TO_FLOW):
        # A question comes again when the other flow returns; anything else is over with it.
        _, node = here(flows, place)
        calling = place if isinstance(node, Menu | Choose) else beneath
        return replace(position, place=(*calling, Frame(target.removeprefix(TO_FLOW), "")))
    if target == BACK:
        behind = behind[:-1] if behind and behind[-1] == place else behind
        return replace(position, place=behind[-1] if behind else (), behind=behind)
    return replace(position, place=(*beneath, Frame(place[-1].flow, target)) if place else ())


def _passed(flows: Flows, position: Position, node: Node) -> Position | None:
    """The position behind a node that needs nobody; None for any other node."""
    if isinstance(node, Say):
        said = prompts_of(node.speech, position.values, position.language, flows.prompts_for, cut=node.barge_in)
        if node.each is not None:
            said += prompts_of_each(node.each, position.values, position.language, flows.prompts_for, cut=node.barge_in)
        return _moved(flows, replace(position, speech=(*position.speech, *said)), node.next)
    if isinstance(node, Speak):
        return _moved(flows, replace(position, language=_language(flows, position, node)), node.next)
    if isinstance(node, Test) and node.value not in ASKED_VALUES:
        return _moved(flows, position, tested(node, _value(position, node.value)))
    if isinstance(node, SubFlow):
        after = Frame(position.place[-1].flow, node.next)
        return replace(position, place=(*position.place[:-1], after, Frame(node.flow, "")))
    if isinstance(node, Return):
        beneath = position.place[:-1]
        return (
            _moved(flows, replace(position, place=beneath), beneath[-1].node)
            if beneath
            else replace(position, place=())
        )
    if isinstance(node, Choose) and not count_of(position.values, node.each.of):
        return _moved(flows, position, node.empty)
    return None


def _output(flows: Flows, position: Position, node: Node) -> Stepped:
    if isinstance(node, Menu | Choose | Digits):
        return _ask(flows, position, node)
    own = (
        prompts_of(node.speech, position.values, position.language, flows.prompts_for)
        if isinstance(node, Record | HangUp)
        else ()
    )
    position = replace(position, silent=position.silent + 1)
    if position.silent > MAX_SILENT:
        return to_person(flows, position)
    if isinstance(node, Test | Announce):
        return position, Find(node.value, {SERVICE: node.of}) if isinstance(node, Test) else Find(
            ANNOUNCEMENTS, {SERVICE: node.service}
        )
    if isinstance(node, Record):
        return replace(position, speech=()), Tape((*position.speech, *own), node.longest_s)
    if position.speech or own:
        playing = replace(position, speech=(*position.speech, *own), plays=True)
        return playing, Play(playing.speech)
    if isinstance(node, LookUp):
        given = {name: _value(position, value) for name, value in node.give.items()}
        return position, Find(node.door, given)
    return leave(position, node) if isinstance(node, LEAVING) else to_person(flows, position)


def _ask(flows: Flows, position: Position, node: Menu | Choose | Digits) -> Stepped:
    flow, _ = here(flows, position.place)
    if flow is None or position.asked >= MAX_ASKED:
        return to_person(flows, position)
    is_digits = isinstance(node, Digits)
    cut = node.barge_in if isinstance(node, Menu) else True
    said = prompts_of(node.speech, position.values, position.language, flows.prompts_for, cut=cut)
    if isinstance(node, Choose):
        said += prompts_of_each(node.each, position.values, position.language, flows.prompts_for)
    asked = replace(
        position,
        asked=position.asked + 1,
        silent=0,
        speech=(),
        behind=position.behind if is_digits else _behind(position.behind, position.place),
    )
    return asked, Ask((*position.speech, *said), node.most if isinstance(node, Digits) else 1, flow.key_within_s)


def _behind(behind: tuple[Place, ...], place: Place) -> tuple[Place, ...]:
    """The menus that led to the one at `place`, which comes last; going round in a circle adds nothing."""
    if place in behind:
        return behind[: behind.index(place) + 1]
    return (*behind, place)[-MAX_BEHIND:]


def _language(flows: Flows, position: Position, node: Speak) -> str:
    if node.language in flows.languages:
        return node.language
    at = flows.languages.index(position.language)
    return flows.languages[(at + 1) % len(flows.languages)]


def _value(position: Position, name: str) -> str:
    return position.language if name == "language" else position.values.get(name, "")

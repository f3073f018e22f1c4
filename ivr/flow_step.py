"""The pure step through flows: (position, input) -> (position, output).

Owns what a key, a silence or an answer means. Must not know AGI, files or a clock; how to go on is ivr/flow_visit.py's.
Rules: domain.md H11 (a person at any time), H14; docs/flows.md. Keys where a menu says nothing else: 0 a person, * again, # back.
"""

from collections.abc import Mapping
from dataclasses import replace

from ivr.digit_checks import is_right
from ivr.flow import (
    AGAIN_KEY,
    BACK,
    BACK_KEY,
    PERSON_KEY,
    Announce,
    Choose,
    Digits,
    Flow,
    LookUp,
    Menu,
    Node,
    Record,
    Test,
)
from ivr.flow_speech import count_of, item_of
from ivr.flow_visit import LEAVING, MAX_SILENT, Flows, Stepped, go, here, leave, tested, to_person, visit
from ivr.flow_words import Frame, Gone, HungUp, Keys, Play, Played, Position, Prompt, Silence, Taped
from ivr.look_up import FAILED, LookedUp

ANNOUNCED = "prompts"  # the value of an announcement's answer: prompt names with spaces between them

Input = Keys | Silence | Played | LookedUp | Taped | HungUp


def start(flows: Flows, name: str, language: str, values: Mapping[str, str]) -> Stepped:
    """A caller enters flow `name`. An unknown language is answered in the first one; an unknown flow by a person."""
    known = language if language in flows.languages else flows.languages[0]
    return visit(flows, Position((Frame(name, ""),), known, dict(values)))


def step(flows: Flows, position: Position, what: Input) -> Stepped:
    """What follows from an input. Never raises, whatever comes in which order: an input that answers nothing is silence, or a failure."""
    if isinstance(what, HungUp):
        return position, Gone()
    flow, node = here(flows, position.place)
    if flow is None or node is None:
        return to_person(flows, position)
    if position.plays:
        return _after_speech(flows, position, node, what)
    if isinstance(node, Menu | Choose | Digits):
        return _after_question(flows, flow, node, position, what)
    return _after_answer(flows, node, position, what)


def _after_answer(flows: Flows, node: Node, position: Position, what: Input) -> Stepped:
    if isinstance(node, Record):
        file = what.file if isinstance(what, Taped) else ""
        return go(flows, _knowing(position, {node.into: file}), node.next if file else node.nothing)
    answer = what if isinstance(what, LookedUp) else LookedUp(FAILED, {})
    if isinstance(node, LookUp):
        return go(flows, _knowing(position, answer.values), node.outcomes.get(answer.outcome, node.otherwise))
    if isinstance(node, Test):
        return go(flows, position, tested(node, "" if answer.outcome == FAILED else answer.outcome))
    if isinstance(node, Announce):
        said = tuple(Prompt(position.language, name) for name in answer.values.get(ANNOUNCED, "").split())
        return go(flows, replace(position, speech=(*position.speech, *said)), node.next)
    return to_person(flows, position)


def _after_speech(flows: Flows, position: Position, node: Node, what: Input) -> Stepped:
    """Sentences that stood before anything but a question were heard, or cut short. Keys without a meaning only cut them short."""
    key = what.pressed[:1] if isinstance(what, Keys) else ""
    if key == AGAIN_KEY and position.silent < MAX_SILENT and not isinstance(node, LEAVING):
        return replace(position, silent=position.silent + 1), Play(position.speech)
    heard = replace(position, speech=(), plays=False)
    if key == PERSON_KEY:
        return to_person(flows, heard)
    if key == BACK_KEY and position.behind:
        return go(flows, heard, BACK)
    return leave(heard, node) if isinstance(node, LEAVING) else visit(flows, heard)


def _after_question(flows: Flows, flow: Flow, node: Menu | Choose | Digits, position: Position, what: Input) -> Stepped:
    pressed = what.pressed if isinstance(what, Keys) else ""
    if not pressed:
        return _failed(flows, flow, position, flow.silent)
    good = replace(position, failures=0)
    if isinstance(node, Menu) and pressed[0] in node.keys:
        return go(flows, good, node.keys[pressed[0]])
    if (
        isinstance(node, Choose)
        and pressed[0] in "123456789"
        and int(pressed[0]) <= count_of(position.values, node.each.of)
    ):
        return go(flows, _knowing(good, item_of(position.values, node.each.of, int(pressed[0]))), node.next)
    if isinstance(node, Digits):
        digits = pressed.removesuffix(BACK_KEY)
        if is_right(digits, node.least, node.most, node.check, node.pattern):
            return go(flows, _knowing(good, {node.into: digits}), node.next)
    return _after_other_keys(flows, flow, node, position, pressed)


def _after_other_keys(
    flows: Flows, flow: Flow, node: Menu | Choose | Digits, position: Position, pressed: str
) -> Stepped:
    """0, * and # mean the same everywhere; among digits they stand alone, but for *, which begins anew."""
    good = replace(position, failures=0)
    if pressed == PERSON_KEY:
        return to_person(flows, good)
    if pressed == BACK_KEY and _has_behind(position):
        return go(flows, good, BACK)
    if AGAIN_KEY in pressed:
        return visit(flows, good)
    return _failed(flows, flow, position, (node.wrong if isinstance(node, Digits) else "") or flow.wrong)


def _has_behind(position: Position) -> bool:
    """Whether a menu led here."""
    return any(place != position.place for place in position.behind[-2:])


def _failed(flows: Flows, flow: Flow, position: Position, why: str) -> Stepped:
    """The question again with the reason before it, or a person after too many tries."""
    failures = position.failures + 1
    if failures >= flow.tries:
        return go(flows, replace(position, failures=0), flow.too_many)
    return visit(flows, replace(position, failures=failures, speech=(Prompt(position.language, why),)))


def _knowing(position: Position, values: Mapping[str, str]) -> Position:
    return replace(position, values={**position.values, **values})

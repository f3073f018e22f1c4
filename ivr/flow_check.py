"""Everything that is wrong with the flows of a hotline as a whole.

Owns what counts as a mistake: places and prompts that do not exist, nodes that nobody reaches, menus too deep or too wide, circles,
callers kept from a person. Must not read files. Rules: issue 5 item 2; domain.md H11, H14.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ivr.doors import DOORS, KNOWN_VALUES
from ivr.flow import (
    PERSON_KEY,
    PROMPT,
    RETURN,
    TARGETS,
    TO_FLOW,
    Announce,
    CallBack,
    Choose,
    Digits,
    Flow,
    LookUp,
    Menu,
    Message,
    Node,
    Record,
    Return,
    Speak,
    Test,
    ToQueue,
    Transfer,
    speech_of,
    targets_of,
)
from ivr.flow_graph import A_PERSON, ASKING, At, edges_of, reached, start_of
from ivr.flow_values import Mistake, Path, nearest
from ivr.flow_visit import NEXT_LANGUAGE
from ivr.look_up import FAILED

ENTRIES = ("hotline", "survey")
NEEDS_A_PERSON = "hotline"  # whoever enters here must be able to reach one
MAX_DEPTH, MAX_WIDTH = 3, 9
OTHER_KEYS = "0*#"


@dataclass(frozen=True)
class Surroundings:
    """What flows may name: prompts by language, services, numbers outside (None: not known, not checked); flows whose files hold mistakes already."""

    prompts: Mapping[str, frozenset[str]]
    services: frozenset[str]
    outside: frozenset[str] | None = None
    damaged: frozenset[str] = frozenset()


Found = Iterator[tuple[str, Mistake]]


def check_flows(flows: Mapping[str, Flow], around: Surroundings) -> list[tuple[str, Mistake]]:
    """Flow and mistake, in the flows' and nodes' order; with a damaged file only what each node says, not where the whole leads."""
    found: list[tuple[str, Mistake]] = []
    for name, flow in flows.items():
        for node_name, node in flow.nodes.items():
            found += [(name, mistake) for mistake in _in_node(flows, flow, node_name, node, around)]
        found += [(name, mistake) for mistake in _in_settings(flows, flow, around)]
    if not around.damaged:
        found = [*_entries(flows), *found]
        found += [*_unreached(flows), *_circles(flows), *_depths(flows), *_kept_from_a_person(flows)]
    order = list(flows)
    return sorted(found, key=lambda pair: order.index(pair[0]) if pair[0] in order else -1)


def _entries(flows: Mapping[str, Flow]) -> Found:
    for name in ENTRIES:
        if name not in flows:
            yield name, Mistake((), f"there is no flow {name!r}: callers begin there")


# --- one node ---------------------------------------------------------------------------------------------------------


def _in_node(flows: Mapping[str, Flow], flow: Flow, name: str, node: Node, around: Surroundings) -> Iterator[Mistake]:
    for key, target in targets_of(node):
        yield from _target(flows, flow, _path(name, key), target, around)
    yield from _prompts(name, node, around)
    if isinstance(node, Menu):
        width = len([key for key in node.keys if key not in OTHER_KEYS])
        if width + (PERSON_KEY in node.keys and node.keys[PERSON_KEY] != "person") > MAX_WIDTH:
            yield Mistake((name,), f"a menu of more than {MAX_WIDTH} choices: nobody remembers the first one")
    if isinstance(node, LookUp):
        yield from _door(name, node)
    if isinstance(node, Test) and not around.damaged:
        yield from _condition(flows, name, node, around)
    if isinstance(node, Speak):
        languages = (*around.prompts, NEXT_LANGUAGE)
        if node.language not in languages:
            yield Mistake((name, "language"), f"no language {node.language!r}: {', '.join(languages)}")
    for kind, key in ((ToQueue, "queue"), (CallBack, "callback"), (Message, "message"), (Announce, "announce")):
        if isinstance(node, kind):
            yield from _service((name, key), getattr(node, "service", ""), around)
    if isinstance(node, Transfer) and around.outside is not None and node.number not in around.outside:
        yield Mistake((name, "transfer"), "not a listed number: add it to [outside] numbers of the site file")
    if isinstance(node, Return) and not around.damaged and not _is_called(flows, flow.name):
        yield Mistake(
            (name,), "no other flow calls this one, so there is nowhere to return to: lead to `end` or a person"
        )


def _target(flows: Mapping[str, Flow], flow: Flow, path: Path, target: str, around: Surroundings) -> Iterator[Mistake]:
    other = target.removeprefix(TO_FLOW)
    if around.damaged and (flow.name in around.damaged or other in around.damaged or target == RETURN):
        return  # what it leads to may only be hidden by another mistake
    if target.startswith(TO_FLOW):
        if other not in flows:
            yield Mistake(path, f"there is no flow {other!r}{nearest(other, list(flows))}")
    elif target == RETURN:
        if not _is_called(flows, flow.name):
            yield Mistake(
                path, "no other flow calls this one, so there is nowhere to return to: lead to `end` or a person"
            )
    elif target not in flow.nodes and target not in TARGETS:
        yield Mistake(path, f"there is no node {target!r}{nearest(target, [*flow.nodes, *TARGETS])}")


def _prompts(name: str, node: Node, around: Surroundings) -> Iterator[Mistake]:
    for words in speech_of(node):
        if words.kind == PROMPT:
            yield from _prompt((name,), words.text, around)


def _prompt(path: Path, prompt: str, around: Surroundings) -> Iterator[Mistake]:
    missing = [language for language, names in around.prompts.items() if prompt not in names]
    if missing:
        known = sorted(set().union(*around.prompts.values()))
        hint = nearest(prompt, known) if len(missing) == len(around.prompts) else ""
        yield Mistake(path, f"no recording of {prompt!r} in {' and '.join(missing)}{hint}")


def _door(name: str, node: LookUp) -> Iterator[Mistake]:
    says = DOORS.get(node.door)
    if says is None:
        yield Mistake(
            (name, "look_up"),
            f"no look-up {node.door!r}{nearest(node.door, list(DOORS))} (there are {', '.join(DOORS)})",
        )
        return
    words = (*says.outcomes, FAILED)
    for outcome in node.outcomes:
        if outcome not in words:
            yield Mistake(
                (name, "when", outcome),
                f"{node.door} never says {outcome!r}{nearest(outcome, words)} (it says {', '.join(words)})",
            )
    for value in says.needs:
        if value not in node.give:
            yield Mistake((name,), f'{node.door} needs to be given {value}: write give = {{ {value} = "..." }}')


def _condition(flows: Mapping[str, Flow], name: str, node: Test, around: Surroundings) -> Iterator[Mistake]:
    known = KNOWN_VALUES | _values(flows)
    if node.value not in known and node.value.split("_")[0] not in known:
        yield Mistake(
            (name, "test"),
            f"nothing sets {node.value!r}{nearest(node.value, sorted(known))} (known: {', '.join(sorted(known))})",
        )
    if node.of:
        yield from _service((name, "of"), node.of, around)


def _service(path: Path, service: str, around: Surroundings) -> Iterator[Mistake]:
    if service and service not in around.services:
        names = sorted(around.services)
        yield Mistake(path, f"no service {service!r}{nearest(service, names)} (allowed: {', '.join(names)})")


def _in_settings(flows: Mapping[str, Flow], flow: Flow, around: Surroundings) -> Iterator[Mistake]:
    yield from _service(("flow", "person"), flow.person, around)
    yield from _target(flows, flow, ("flow", "too_many"), flow.too_many, around)
    for key, prompt in (("wrong", flow.wrong), ("silent", flow.silent)):
        yield from _prompt(("flow", key), prompt, around)


def _values(flows: Mapping[str, Flow]) -> frozenset[str]:
    """Whatever nodes and doors set; a list by its name."""
    found: set[str] = set()
    for flow in flows.values():
        for node in flow.nodes.values():
            if isinstance(node, Digits | Record):
                found.add(node.into)
            if isinstance(node, LookUp) and node.door in DOORS:
                found.update(DOORS[node.door].values)
    return frozenset(found)


def _path(name: str, key: str) -> Path:
    where, _, word = key.partition(".")
    if where == "keys":
        return (name, word)
    return (name, "when", word) if where == "outcomes" else (name, key)


# --- the whole --------------------------------------------------------------------------------------------------------


def _edges(flows: Mapping[str, Flow]) -> Callable[[At], list[At]]:
    return lambda at: edges_of(flows, at) if at != A_PERSON else []


def _starts(flows: Mapping[str, Flow]) -> list[At]:
    return [at for name in ENTRIES if (at := start_of(flows, name)) is not None]


def _is_called(flows: Mapping[str, Flow], name: str) -> bool:
    return any(
        target == TO_FLOW + name
        for flow in flows.values()
        for node in flow.nodes.values()
        for _, target in targets_of(node)
    )


def _unreached(flows: Mapping[str, Flow]) -> Found:
    there = reached(_starts(flows), _edges(flows))
    used = {flow for flow, _ in there}
    for name, flow in flows.items():
        if name not in used and name not in ENTRIES:
            yield (
                name,
                Mistake((), f'no other flow leads here: write "flow:{name}" where a key should, or delete the file'),
            )
            continue
        for node in flow.nodes:
            if (name, node) not in there:
                yield name, Mistake((node,), "nothing leads here: no key, no condition, no node before")


def _circles(flows: Mapping[str, Flow]) -> Found:
    """A way back to the same node on which nobody is asked anything."""
    edges = _edges(flows)

    def silent(at: At) -> list[At]:
        return [place for place in edges(at) if place != A_PERSON and not _is_question(flows, place)]

    for name, flow in flows.items():
        for node_name in flow.nodes:
            at = (name, node_name)
            if not _is_question(flows, at) and at in reached(silent(at), silent):
                yield (
                    name,
                    Mistake(
                        (node_name,),
                        "leads back to itself without asking the caller anything: a caller would hear it for ever",
                    ),
                )


def _depths(flows: Mapping[str, Flow]) -> Found:
    """Menus behind more than MAX_DEPTH others, on the shortest way."""
    depth: dict[At, int] = {}
    front = {at: int(_is_menu(flows, at)) for at in _starts(flows)}
    while front:
        at = min(front, key=lambda place: front[place])
        depth[at] = front.pop(at)
        for place in _edges(flows)(at):
            if place != A_PERSON and place not in depth:
                further = depth[at] + _is_menu(flows, place)
                front[place] = min(front.get(place, further), further)
    for (name, node), menus in depth.items():
        if menus > MAX_DEPTH and _is_menu(flows, (name, node)):
            yield name, Mistake((node,), f"the {menus}th menu in a row: callers give up after {MAX_DEPTH}")


def _kept_from_a_person(flows: Mapping[str, Flow]) -> Found:
    start = start_of(flows, NEEDS_A_PERSON)
    for at in reached([start], _edges(flows)) if start is not None else ():
        if at == A_PERSON or not _is_question(flows, at):
            continue
        there = reached([at], _edges(flows))
        if A_PERSON not in there and not any(_leads_to_people(flows, place) for place in there):
            yield at[0], Mistake((at[1],), "no key leads to a person from here, nor from anywhere behind it")


def _leads_to_people(flows: Mapping[str, Flow], at: At) -> bool:
    return isinstance(flows[at[0]].nodes[at[1]], ToQueue | CallBack | Message | Transfer)


def _is_question(flows: Mapping[str, Flow], at: At) -> bool:
    return isinstance(flows[at[0]].nodes[at[1]], (*ASKING, Record))


def _is_menu(flows: Mapping[str, Flow], at: At) -> bool:
    return isinstance(flows[at[0]].nodes[at[1]], Menu | Choose)

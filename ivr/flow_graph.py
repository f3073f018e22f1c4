"""Flows as a graph: which nodes lead to which, across flows.

Owns the edges, also those that no file writes down: keys that mean the same everywhere, returns. Must not judge.
Rules: ivr/flow_visit.py walks the same edges. A node is named by its flow and itself.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from ivr.flow import (
    PERSON,
    PERSON_KEY,
    TARGETS,
    TO_FLOW,
    Choose,
    Digits,
    Flow,
    Menu,
    Node,
    targets_of,
)

At = tuple[str, str]
ASKING = (Menu, Choose, Digits)
A_PERSON: At = ("", PERSON)


def edges_of(flows: Mapping[str, Flow], at: At) -> list[At]:
    """Where a caller may come next, A_PERSON for an agent; places that do not exist are left out.

    A sub-flow counts as entered, and as passed.
    """
    flow, node = flows[at[0]], flows[at[0]].nodes[at[1]]
    found = [_place(flows, flow, node, target) for _, target in targets_of(node)]
    if isinstance(node, ASKING):
        if not (isinstance(node, Menu) and PERSON_KEY in node.keys):
            found.append(A_PERSON)
        found.append(_place(flows, flow, node, flow.too_many))
    return [place for place in found if place is not None]


def reached(starts: Iterable[At], edges: Callable[[At], list[At]]) -> dict[At, int]:
    """Every place that can be reached, with the fewest steps to it."""
    found = dict.fromkeys(starts, 0)
    waiting = deque(found)
    while waiting:
        at = waiting.popleft()
        for place in edges(at):
            if place not in found:
                found[place] = found[at] + 1
                waiting.append(place)
    return found


def start_of(flows: Mapping[str, Flow], name: str) -> At | None:
    """The first node of a flow; None when there is none."""
    flow = flows.get(name)
    return (name, flow.start) if flow is not None and flow.start in flow.nodes else None


def leaves(node: Node) -> bool:
    """Whether the caller leaves the menus here."""
    return not targets_of(node) and not isinstance(node, ASKING)


def _place(flows: Mapping[str, Flow], flow: Flow, node: Node, target: str) -> At | None:
    if target.startswith(TO_FLOW):
        return start_of(flows, target.removeprefix(TO_FLOW))
    if target == PERSON:
        return A_PERSON
    if target in TARGETS:
        return None
    return (flow.name, target) if target in flow.nodes else None

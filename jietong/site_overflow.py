"""Mistakes in overflow recipes: steps that contradict each other, name what is not there, or can never be taken.

Owns the checks of `[[queues.overflow]]` and of who serves a queue at its recipe's end. Must not read files; a value of the wrong type is left to site.py.
Rules: routing/steps.py. Two queues may add each other: a step opens a call to more agents, it does not move the call into the other queue's recipe.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from jietong.site import Hotline, OverflowStep, Site
from jietong.site_raw import Mistake, has, levels, nearest, rows, table_of, texts
from jietong.toml_lines import KeyPath
from routing.steps import SUPERVISORS

CONDITIONS = ("after_s", "left_s", "predicted_s", "ahead")
OPERATIONS = ("relax", "add_queue", "supervisors", "ring_seats", "outside", "callback", "voicemail")
ENDS = ("voicemail",)  # of a callback the caller may still say no, and a number outside may be busy
LEAVING = ("outside", "callback", "voicemail")


class _Row(NamedTuple):
    """One step as the file has it: its place, its queue and the tiers it is for."""

    place: KeyPath
    queue: str
    step: dict[str, Any]
    tiers: tuple[str, ...]


def mistakes_in_recipes(raw: dict[str, Any]) -> Iterator[Mistake]:
    """Yields every mistake in the recipes of `raw`, a parsed site file whose single values may be wrong as well."""
    for index, queue in rows(raw, "queues"):
        if queue.get("name") == SUPERVISORS:
            yield Mistake(
                ("queues", index, "name"), f"{SUPERVISORS!r} is what a step calls supervisors: choose another"
            )
        steps = list(_steps(raw, index, queue))
        for row in steps:
            yield from _shape(row)
            yield from _names(raw, row)
            yield from _circle(raw, row)
            yield from _ways_out(raw, row)
            yield from _targets(raw, row)
        yield from _order(raw, steps)
    yield from _unserved(raw)


def _steps(raw: dict[str, Any], index: int, queue: dict[str, Any]) -> Iterator[_Row]:
    known = list(_tiers(raw))
    for number, step in rows(queue, "overflow"):
        named = tuple(tier for _, tier in texts(step.get("tiers")) if tier in known)
        yield _Row(("queues", index, "overflow", number), str(queue.get("name")), step, named or tuple(known))


def _tiers(raw: dict[str, Any]) -> dict[str, float]:
    """Tier -> target in seconds."""
    given = raw.get("tiers")
    if not isinstance(given, dict):
        return {name: tier.answer_within_s for name, tier in Site.model_fields["tiers"].default.items()}
    targets = {name: tier.get("answer_within_s", 20) if isinstance(tier, dict) else 20 for name, tier in given.items()}
    return {name: float(s) if _is_number(s) else 20.0 for name, s in targets.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _said(step: dict[str, Any], keys: tuple[str, ...]) -> list[str]:
    return [key for key in keys if key in step and step[key] is not False and step[key] != {}]


def _shape(row: _Row) -> Iterator[Mistake]:
    for what, keys in (("condition", CONDITIONS), ("operation", OPERATIONS)):
        said = _said(row.step, keys)
        if not said and row.step.keys() <= OverflowStep.model_fields.keys():
            yield Mistake(row.place, f"has no {what}: name one of {', '.join(keys)}")
        for key in said[1:]:
            yield Mistake((*row.place, key), f"is a second {what} beside {said[0]}: make a step of its own for it")


def _names(raw: dict[str, Any], row: _Row) -> Iterator[Mistake]:
    known = list(_tiers(raw))
    for number, tier in texts(row.step.get("tiers")):
        if tier not in known:
            place: KeyPath = (*row.place, "tiers", number)
            yield Mistake(place, f"no tier {tier!r}{nearest(tier, known)} (allowed: {', '.join(known)})")
    queues = _queue_names(raw)
    added = row.step.get("add_queue")
    if added == row.queue:
        yield Mistake(
            (*row.place, "add_queue"), f"{added!r} is the step's own queue: its agents serve the call already"
        )
    elif isinstance(added, str) and added not in queues:
        allowed = ", ".join(queues)
        yield Mistake((*row.place, "add_queue"), f"no queue {added!r}{nearest(added, queues)} (allowed: {allowed})")
    needed = _needed(raw, row.queue)
    for skill, _ in levels(row.step.get("relax")):
        if skill not in needed:
            asks = f"only {', '.join(sorted(needed))}" if needed else "no skill"
            near = nearest(skill, sorted(needed))
            yield Mistake((*row.place, "relax", skill), f"callers of {row.queue} need {asks}{near}: nothing to lower")
    if row.step.get("supervisors") is True and not any(_is_supervisor(agent) for _, agent in rows(raw, "agents")):
        yield Mistake((*row.place, "supervisors"), "no agent is a supervisor: give one `supervisor = true`")


def _queue_names(raw: dict[str, Any]) -> list[str]:
    names = [_own_queue(raw), *(queue.get("name") for _, queue in rows(raw, "queues"))]
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def _own_queue(raw: dict[str, Any]) -> str:
    return str(table_of(raw, "hotline").get("queue", Hotline.model_fields["queue"].default))


def _needed(raw: dict[str, Any], queue: str) -> set[str]:
    """Skills that some call of the queue requires, by its queue, service, language or customer class."""
    asking = [row.get("requires") for _, row in rows(raw, "queues") if row.get("name") == queue]
    for name in ("languages", "classes"):
        asking += [row["requires"] for row in table_of(raw, name).values() if has(row, "requires")]
    for service in table_of(raw, "services").values():
        if has(service, "requires") and service.get("queue", _own_queue(raw)) == queue:
            asking.append(service["requires"])
    return {skill for required in asking for skill, _ in levels(required)}


def _is_supervisor(agent: dict[str, Any]) -> bool:
    return agent.get("supervisor") is True


def _circle(raw: dict[str, Any], row: _Row) -> Iterator[Mistake]:
    number = row.step.get("outside")
    if isinstance(number, str) and number == table_of(raw, "hotline").get("number"):
        yield Mistake(
            (*row.place, "outside"), f"{number!r} is the hotline itself: its callers would go round in circles"
        )


def _ways_out(raw: dict[str, Any], row: _Row) -> Iterator[Mistake]:
    number, listed = row.step.get("outside"), table_of(table_of(raw, "outside"), "numbers")
    if isinstance(number, str) and number not in listed.values() and number != table_of(raw, "hotline").get("number"):
        yield Mistake((*row.place, "outside"), f"{number!r} is not listed: add it to [outside] numbers")
    can_dial = any(isinstance(trunk.get("host"), str) for _, trunk in rows(raw, "trunks"))
    for key in _said(row.step, ("outside", "callback")):
        if not can_dial:
            yield Mistake((*row.place, key), "no trunk has a `host`: name the address that calls are sent to")
    if row.step.get("callback") is True and "callback" not in raw:
        yield Mistake((*row.place, "callback"), "there is no [callback] table: add one")


def _targets(raw: dict[str, Any], row: _Row) -> Iterator[Mistake]:
    left_s, targets = row.step.get("left_s"), _tiers(raw)
    if isinstance(left_s, int | float) and not isinstance(left_s, bool):
        for tier in row.tiers:
            if left_s > targets[tier]:
                text = f"{left_s:g} s are more than the target of {tier} ({targets[tier]:g} s): lower it, or name other tiers"
                yield Mistake((*row.place, "left_s"), text)
                return


def _order(raw: dict[str, Any], steps: list[_Row]) -> Iterator[Mistake]:
    """Steps that are there twice, and steps of callers who have left by then."""
    targets = _tiers(raw)
    for number, row in enumerate(steps):
        if any(other.step == row.step for other in steps[:number]):
            yield Mistake(row.place, "is there twice: a step is taken once a call")
            continue
        for other in steps:
            if other is not row and _is_over(other, row, targets):
                end = _said(other.step, ENDS)[0]
                yield Mistake(row.place, f"is never taken: the {end} step of {_where(other)} ends the wait before")
                break


def _where(row: _Row) -> str:
    return f"queues[{row.place[1]}].overflow[{row.place[3]}]"


def _is_over(first: _Row, then: _Row, targets: dict[str, float]) -> bool:
    """Whether `first` ends the wait of everyone whom `then` is for, before `then` is due."""
    if not _said(first.step, ENDS) or not set(then.tiers) <= set(first.tiers):
        return False
    for tier in then.tiers:
        ends_s, due_s = _due_s(first.step, targets[tier]), _due_s(then.step, targets[tier])
        is_before = (
            (ends_s, first.place[3]) < (due_s, then.place[3]) if ends_s is not None and due_s is not None else False
        )
        if not is_before:
            return False
    return True


def _due_s(step: dict[str, Any], target_s: float) -> float | None:
    """Seconds from queue entry; None for a step that depends on the line, or is no step."""
    if _is_number(step.get("after_s")):
        return float(step["after_s"])
    return target_s - float(step["left_s"]) if _is_number(step.get("left_s")) else None


def _unserved(raw: dict[str, Any]) -> Iterator[Mistake]:
    """Queues that no agent serves, even after every step of their recipe; not told where a name or a skill nobody has says so already."""
    people, names = list(_people(raw)), _queue_names(raw)
    if not people or any(queue not in names for agent in people for _, queue in texts(agent.get("queues"))):
        return
    configured = {queue.get("name"): (index, queue) for index, queue in rows(raw, "queues")}
    for name in names:
        index, queue = configured.get(name, (None, {}))
        steps = [step for _, step in rows(queue, "overflow")]
        queues = {name, *(s["add_queue"] for s in steps if isinstance(s.get("add_queue"), str))}
        queues |= {SUPERVISORS for s in steps if s.get("supervisors") is True}
        least = _least_required(queue, steps)
        is_left = any(_said(step, LEAVING) for step in steps)
        is_told = any(not any(dict(levels(a.get("skills"))).get(s, 0) >= n for a in people) for s, n in least.items())
        if not is_left and not is_told and not any(_serves(agent, queues, least) for agent in people):
            place: KeyPath = ("hotline", "queue") if index is None else ("queues", index, "name")
            text = f"no agent serves {name!r}, even at the end of its recipe: its callers would wait for ever"
            yield Mistake(place, text)


def _least_required(queue: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, int]:
    """What is still required when every step of the recipe has been taken."""
    required = dict(levels(queue.get("requires")))
    for step in steps:
        by = dict(levels(step.get("relax")))
        required = {skill: least - by.get(skill, 0) for skill, least in required.items()}
    return {skill: least for skill, least in required.items() if least > 0}


def _people(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    named = [agent for _, agent in rows(raw, "agents")]
    yield from named
    numbers = {str(agent.get("number")) for agent in named}
    yield from (
        {} for _, seat in rows(raw, "seats") if seat.get("auto_login") is True and seat.get("number") not in numbers
    )


def _serves(agent: dict[str, Any], queues: set[str], required: dict[str, int]) -> bool:
    own = {queue for _, queue in texts(agent.get("queues"))} | ({SUPERVISORS} if _is_supervisor(agent) else set())
    skills = dict(levels(agent.get("skills")))
    is_of_queue = not own or not own.isdisjoint(queues)
    return is_of_queue and all(skills.get(skill, 0) >= least for skill, least in required.items())

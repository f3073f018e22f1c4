"""Events and facts as plain values and as JSON bytes, and back without loss.

Owns the form that the journal and the inbox carry; must not know where they are kept.
Rules: every object is its fields plus `type`, the class's name; enums are their words, tuples are lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, cast, get_args

import msgspec

from routing.events import Event
from routing.facts import Fact

EVENT_TYPES: dict[str, type[Event]] = {cls.__name__: cls for cls in get_args(Event)}
FACT_TYPES: dict[str, type[Fact]] = {cls.__name__: cls for cls in get_args(Fact)}

_NAMES: dict[type, tuple[str, ...]] = {
    cls: tuple(f.name for f in fields(cls)) for cls in (*EVENT_TYPES.values(), *FACT_TYPES.values())
}
# The name twice: attrgetter gives a tuple only for two names and more, and Tick has one field.
_VALUES = {cls: attrgetter(*names, names[0]) for cls, names in _NAMES.items()}


class CodecError(ValueError):
    """What was read is no event or fact of this version: the text names the type and the field, never the value."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal without its place: what happened, what was decided about it, and how long that took."""

    event: Event | None
    facts: tuple[Fact, ...]
    decision_us: float


def to_plain(obj: Event | Fact) -> dict[str, Any]:
    """`obj` as strings, numbers, lists and dicts, with its class's name under `type`."""
    return cast("dict[str, Any]", msgspec.to_builtins(_tagged(obj)))


def event_of(plain: object) -> Event:
    """The event that `to_plain` gave; raises CodecError for an unknown type, a missing field or a value of the wrong
    kind.
    """
    return cast("Event", _object_of(plain, EVENT_TYPES, "event"))


def fact_of(plain: object) -> Fact:
    """The fact that `to_plain` gave; raises CodecError as `event_of` does."""
    return cast("Fact", _object_of(plain, FACT_TYPES, "fact"))


def event_bytes(event: Event) -> bytes:
    """One event as JSON, as the inbox carries it."""
    return _json(_tagged(event))


def event_from(raw: bytes) -> Event:
    """The event in `raw`; raises CodecError when it is no JSON or no event."""
    return event_of(_read_json(raw))


def entry_bytes(event: Event | None, facts: Sequence[Fact], decision_us: float) -> bytes:
    """One journal entry as JSON. Costs a few microseconds; text that is no Unicode gets replacement characters."""
    return _json(
        {
            "event": None if event is None else _tagged(event),
            "facts": [_tagged(fact) for fact in facts],
            "decision_us": round(decision_us, 1),
        }
    )


def entry_from(raw: bytes) -> Entry:
    """The entry that `entry_bytes` wrote; raises CodecError naming what is wrong with it."""
    plain = _read_json(raw)
    if not isinstance(plain, dict) or not {"event", "facts", "decision_us"} <= plain.keys():
        raise CodecError("journal entry: needs event, facts and decision_us")
    event, facts, decision_us = plain["event"], plain["facts"], plain["decision_us"]
    if not isinstance(facts, list) or not isinstance(decision_us, int | float):
        raise CodecError("journal entry: facts must be a list and decision_us a number")
    return Entry(
        event=None if event is None else event_of(event),
        facts=tuple(fact_of(fact) for fact in facts),
        decision_us=float(decision_us),
    )


def _tagged(obj: Any) -> dict[str, Any]:
    cls = type(obj)
    names = _NAMES.get(cls)
    if names is None:
        raise CodecError(f"{cls.__name__} is neither an event nor a fact")
    tagged: dict[str, Any] = {"type": cls.__name__}
    tagged.update(zip(names, _VALUES[cls](obj), strict=False))
    return tagged


def _object_of(plain: object, types: dict[str, type[Any]], kind: str) -> Any:
    name = plain.get("type") if isinstance(plain, dict) else None
    cls = types.get(name) if isinstance(name, str) else None
    if cls is None:
        raise CodecError(f"unknown {kind} type {str(name)[:40]!r}: known are {', '.join(sorted(types))}")
    try:
        return msgspec.convert(plain, cls)
    except msgspec.ValidationError as error:
        raise CodecError(f"{kind} {name}: {error}") from None


def _json(plain: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(plain)
    except UnicodeEncodeError:  # a lone surrogate, from a caller id that was no UTF-8
        return msgspec.json.encode(_without_surrogates(msgspec.to_builtins(plain)))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    return value


def _read_json(raw: bytes) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CodecError(f"not JSON: {error}") from None

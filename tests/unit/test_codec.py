"""Events and facts survive the journal unchanged, and what is no event is refused by name."""

import contextlib
import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.adapters import codec
from routing.events import CallArrived, CallEnded, OfferFailed, OfferFailure, Tick
from routing.facts import Pass, PassedOver
from routing.opening import Stretches

FINITE = st.floats(allow_nan=False, allow_infinity=False)
STRETCHES = st.lists(st.tuples(FINITE, FINITE)).map(tuple)
PLAIN_TYPES: dict[Any, st.SearchStrategy[Any]] = {
    float: FINITE,
    int: st.integers(-(2**63), 2**63 - 1),
    float | None: st.none() | FINITE,
    Stretches: STRETCHES,
    tuple[tuple[str, Stretches], ...]: st.lists(st.tuples(st.text(), STRETCHES)).map(tuple),
}


def any_of(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Any object of `cls` with finite times and 64-bit numbers."""
    return st.builds(cls, **{f.name: PLAIN_TYPES.get(f.type, st.from_type(f.type)) for f in fields(cls)})


for nested in (PassedOver, Pass):
    st.register_type_strategy(nested, any_of(nested))
EVENTS = [any_of(cls) for cls in codec.EVENT_TYPES.values()]
FACTS = [any_of(cls) for cls in codec.FACT_TYPES.values()]


@pytest.mark.parametrize("name", codec.EVENT_TYPES)
def test_every_event_comes_back_as_it_went(name: str) -> None:
    """Whatever happened outside is read back exactly as it was reported."""

    @settings(max_examples=60)
    @given(any_of(codec.EVENT_TYPES[name]))
    def comes_back(event: Any) -> None:
        assert codec.event_of(codec.to_plain(event)) == event
        assert codec.event_from(codec.event_bytes(event)) == event

    comes_back()


@pytest.mark.parametrize("name", codec.FACT_TYPES)
def test_every_fact_comes_back_as_it_went(name: str) -> None:
    """Whatever the router put on record is read back exactly as it was written."""

    @settings(max_examples=60)
    @given(any_of(codec.FACT_TYPES[name]))
    def comes_back(fact: Any) -> None:
        assert codec.fact_of(codec.to_plain(fact)) == fact

    comes_back()


@settings(max_examples=60)
@given(st.none() | st.one_of(EVENTS), st.lists(st.one_of(FACTS), max_size=5), st.floats(0, 1e6))
def test_a_whole_entry_comes_back(event: Any, facts: list[Any], decision_us: float) -> None:
    """A journal entry keeps its event, its facts in order, and its cost to a tenth of a microsecond."""
    entry = codec.entry_from(codec.entry_bytes(event, facts, decision_us))
    assert entry.event == event
    assert entry.facts == tuple(facts)
    assert math.isclose(entry.decision_us, decision_us, abs_tol=0.051)


GOOD = {"type": "CallEnded", "at": 1.0, "call": "1.1", "cause": 16}


@pytest.mark.parametrize(
    ("plain", "names"),
    [
        ({**GOOD, "type": "CallExploded"}, ["CallExploded", "CallEnded"]),
        ({"at": 1.0}, ["unknown event type", "None"]),
        ({**GOOD, "type": ["CallEnded"]}, ["unknown event type"]),
        ("CallEnded", ["unknown event type"]),
        ({"type": "CallEnded", "at": 1.0, "call": "1.1"}, ["CallEnded", "cause"]),
        ({**GOOD, "cause": "sixteen"}, ["CallEnded", "cause"]),
        ({**GOOD, "at": None}, ["CallEnded", "at"]),
        (
            {"type": "OfferFailed", "at": 1.0, "call": "1.1", "seat": "1001", "reason": "bored"},
            ["OfferFailed", "reason"],
        ),
    ],
)
def test_a_wrong_event_is_refused_by_name(plain: Any, names: list[str]) -> None:
    """Whoever sends something that is no event reads which type and field it is about."""
    with pytest.raises(codec.CodecError) as refused:
        codec.event_of(plain)
    assert all(name in str(refused.value) for name in names)


def test_an_event_is_no_fact() -> None:
    """Events are not taken for facts, nor facts for events."""
    with pytest.raises(codec.CodecError, match="unknown fact type"):
        codec.fact_of(GOOD)
    with pytest.raises(codec.CodecError, match="neither"):
        codec.to_plain(PassedOver("1001", "talking"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe", b"{", b"[]", b"null", b'{"event":null}', b'{"event":null,"facts":1,"decision_us":2}']
)
def test_rubbish_in_the_journal_is_one_clear_error(raw: bytes) -> None:
    """A damaged entry is refused with one kind of error, whatever is wrong with it."""
    with pytest.raises(codec.CodecError):
        codec.entry_from(raw)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    """Arbitrary bytes give an entry or a CodecError, nothing else."""
    with contextlib.suppress(codec.CodecError):
        codec.entry_from(raw)


def test_a_caller_id_that_is_no_unicode_is_still_journalled() -> None:
    """A call with a hostile caller id is on record, with replacement characters."""
    raw = codec.entry_bytes(CallArrived(1.0, "1.1", "PJSIP/carrier-1", "139\udcff\udc00"), [], 1.0)
    event = codec.entry_from(raw).event
    assert isinstance(event, CallArrived)
    assert event.caller == "139??"


def test_words_are_what_is_written() -> None:
    """Enums travel as their words, so that other tools can read the journal."""
    plain = codec.to_plain(OfferFailed(1.0, "1.1", "1001", OfferFailure.NO_ANSWER))
    assert plain == {"type": "OfferFailed", "at": 1.0, "call": "1.1", "seat": "1001", "reason": "no_answer"}
    assert codec.to_plain(Tick(2.0)) == {"type": "Tick", "at": 2.0}
    assert codec.event_of({**GOOD, "added_later": 1}) == CallEnded(1.0, "1.1", 16)

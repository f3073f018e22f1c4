"""What a standby heard, beside what the leader has put on record."""

import pytest

from routing.adapters.bystander import missed
from routing.events import CallEnded, Event, LegEnded, OfferAnswered, SeatChanged, SeatState

ANSWER = OfferAnswered(10.0, "1.1", "1001", "1.2")
LEG = LegEnded(11.0, "1.1", "1001", "1.2")
END = CallEnded(11.1, "1.1", 16)
USED, FREE = (SeatChanged(10.0, "1001", state) for state in (SeatState.IN_USE, SeatState.FREE))


def at(event: Event, heard_at: float) -> Event:
    """The same, heard at another time."""
    return type(event)(heard_at, *(getattr(event, name) for name in event.__match_args__[1:]))


@pytest.mark.parametrize(
    ("heard", "told", "until", "expected"),
    [
        ([ANSWER, LEG, END], [ANSWER], 10.0, [LEG, END]),
        ([at(ANSWER, 10.02), LEG], [ANSWER], 10.0, [LEG]),
        ([at(ANSWER, 9.98), LEG], [ANSWER], 10.0, [LEG]),
        ([at(ANSWER, 7.9), LEG], [], 10.0, [LEG]),
        ([at(ANSWER, 8.5), LEG], [ANSWER], 10.0, [LEG]),
        ([at(ANSWER, 9.9), LEG], [], 10.0, [at(ANSWER, 9.9), LEG]),
        ([USED, at(FREE, 10.1), at(USED, 10.2)], [USED], 10.0, [at(FREE, 10.1), at(USED, 10.2)]),
        ([at(USED, 9.8), at(USED, 10.1)], [at(USED, 9.8), USED], 10.0, []),
        ([at(USED, 5.0), at(USED, 10.1)], [at(USED, 5.0)], 10.0, [at(USED, 10.1)]),
        ([], [ANSWER], 10.0, []),
    ],
    ids=[
        "later",
        "a little later",
        "a little earlier",
        "long before",
        "by a busy leader much later",
        "left out by the journal",
        "again",
        "twice",
        "the same as some seconds ago",
        "nothing",
    ],
)
def test_only_what_the_leader_did_not_put_on_record(
    heard: list[Event], told: list[Event], until: float, expected: list[Event]
) -> None:
    """Whatever both have heard counts once, though not at the same instant; what came after the leader's last word is heard now."""
    assert missed(heard, told, until) == expected

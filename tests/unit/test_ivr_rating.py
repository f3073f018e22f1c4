"""What callers pressed after the talk, summed up agent by agent."""

import pytest

from ivr.rating import AgentRatings, by_agent, rating_in


def test_an_agents_ratings_are_summed_up() -> None:
    """Two callers of four answered pressed 5 and 2: the mean is 3.5, half of them answered the question."""
    (found,) = by_agent([("1001", 5, 1), ("1001", 2, 1)], {"1001": 4})
    assert found == AgentRatings("1001", (0, 1, 0, 0, 1), 4)
    assert (found.rated, found.mean, found.response_rate) == (2, 3.5, 0.5)


def test_agents_without_ratings_or_calls_are_there_too() -> None:
    """Nobody rated 1002, and the calls of 1003 are not on record: neither gives a figure that is none."""
    found = by_agent([("1003", 1, 2), ("", 3, 1)], {"1002": 7})
    assert [(row.agent, row.mean, row.response_rate) for row in found] == [
        ("", 3.0, None),
        ("1002", None, 0.0),
        ("1003", 1.0, None),
    ]


@pytest.mark.parametrize("text", ["", "0", "6", "12", "#", "³", "-1", "1 "])
def test_what_is_no_rating_is_refused(text: str) -> None:
    """A caller who presses anything else has rated nobody."""
    with pytest.raises(ValueError, match="from 1 to 5"):
        rating_in(text)

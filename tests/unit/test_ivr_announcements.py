"""What a supervisor has switched on: who hears it, and until when."""

import pytest

from ivr.announcements import EVERYBODY, Announcement, announced, is_on, switched_off, switched_on
from jietong.span_words import span_s


def on(prompt: str, queue: str = EVERYBODY, since: float = 0.0, until: float | None = None) -> Announcement:
    """Switched on by wang."""
    return Announcement(prompt, queue, since, until, "wang")


STORM, FAULT, BUSY = on("storm"), on("fault", "net", until=50.0), on("busy", "hotline")


@pytest.mark.parametrize(
    ("queue", "at", "prompts"),
    [
        (EVERYBODY, 10.0, ("storm",)),
        ("net", 10.0, ("fault",)),
        ("net", 49.9, ("fault",)),
        ("net", 50.0, ()),
        ("hotline", 50.0, ("busy",)),
        ("other", 10.0, ()),
    ],
)
def test_who_hears_what(queue: str, at: float, prompts: tuple[str, ...]) -> None:
    """Callers of a queue hear what is on for it, until it expires; everybody's is asked for apart."""
    assert announced((STORM, FAULT, BUSY), queue, at) == prompts


def test_a_new_one_takes_the_place_of_the_old() -> None:
    """One at a time for everybody and for each queue; expired ones are forgotten."""
    assert switched_on((STORM, FAULT), on("calm", since=40.0)) == (FAULT, on("calm", since=40.0))
    assert switched_on((STORM, FAULT), on("calm", since=60.0)) == (on("calm", since=60.0),)
    assert switched_on((), STORM) == (STORM,)


def test_switching_off_leaves_the_others() -> None:
    """Whoever ends the emergency for everybody does not end a queue's."""
    assert switched_off((STORM, FAULT, BUSY), EVERYBODY, 10.0) == (FAULT, BUSY)
    assert switched_off((STORM, FAULT, BUSY), "hotline", 60.0) == (STORM,)
    assert switched_off((), "net", 0.0) == ()
    assert is_on(STORM, 1e12)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("2h", 7200), ("1d", 86_400), (" 1H30m ", 5400), ("45s", 45), ("1d2h", 93_600)]
)
def test_a_length_of_time_is_read(text: str, seconds: int) -> None:
    """As a supervisor types it in a hurry."""
    assert span_s(text) == seconds


@pytest.mark.parametrize("text", ["", "0m", "2", "h", "-2h", "2 h 30", "99999d", "２h", "1m1h"])
def test_no_length_of_time_is_refused(text: str) -> None:
    """Whoever types nonsense is told, and nothing is switched."""
    with pytest.raises(ValueError, match="is no length of time such as"):
        span_s(text)

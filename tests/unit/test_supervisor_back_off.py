"""How long the supervisor waits before it starts a dead process again."""

import pytest

from jietong.child import describe_end
from jietong.supervisor import BackOff


def test_pauses_double_up_to_ten_seconds() -> None:
    """A process that dies at once again and again is tried after 0.5, 1, 2, 4, 8, 10, 10 s."""
    back_off, pause, pauses = BackOff(), None, []
    for _ in range(7):
        pause = back_off.after(pause, ran_s=1.0)
        pauses.append(pause)
    assert pauses == [0.5, 1, 2, 4, 8, 10, 10]


def test_a_process_that_ran_well_comes_back_at_once() -> None:
    """A process that ran for half a minute gets a fresh start of its pauses."""
    assert BackOff().after(10.0, ran_s=30.0) == 0.5


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "SIGKILL"), (-99, "signal 99")]
)
def test_an_end_is_told_in_words(code: int, words: str) -> None:
    """The operator reads SIGKILL, not -9."""
    assert describe_end(code) == words

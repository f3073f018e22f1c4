"""A waiting line beside a plain sorted list."""

from hypothesis import given
from hypothesis import strategies as st

from routing.line import Line

_members = st.sampled_from("abcdefgh")
_moves = st.lists(
    st.one_of(st.tuples(st.just("join"), _members, st.integers(0, 5)), st.tuples(st.just("leave"), _members)),
    max_size=60,
)


@given(moves=_moves, asked_from=st.integers(0, 60))
def test_a_line_is_in_order(moves: list[tuple[str, str] | tuple[str, str, int]], asked_from: int) -> None:
    """Whoever comes and goes, the first, the newest and how many stand before somebody are right, whenever it was first asked."""
    line, plain = Line(), dict[str, tuple[float, int]]()
    for number, move in enumerate(moves):
        if len(move) == 3:
            line.join(move[1], move[2], number)
            plain[move[1]] = (move[2], number)
        else:
            assert line.leave(move[1]) == (plain.pop(move[1], None) is not None)
        order = sorted(plain.values())
        head = line.head()
        assert (head[:2] if head else None) == (order[0] if order else None)
        assert list(line) == sorted(plain, key=plain.__getitem__)
        if number >= asked_from:
            assert line.newest() == (order[-1][0] if order else None)
            assert line.count_before((3.0, 0), lambda place: place) == sum(place < (3.0, 0) for place in order)
